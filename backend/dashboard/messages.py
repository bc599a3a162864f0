"""Texts: those that wait for a person, a nurse's own words, and how long a text is."""

import uuid

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff, writes
from backend.dashboard.language import gettext
from backend.dashboard.shell import STAFF, act, found, house, present, reader, render
from backend.db import db
from backend.errors import Conflict
from backend.models import InboundMessage, Patient
from backend.queries.worklist import worklist
from backend.services.inbound import close_inbound
from backend.services.writing import write_message
from notifications.segments import segments

pages = Blueprint("messages", __name__)


@pages.get("/texts")
@staff(*STAFF)
def texts() -> str:
    """Show the texts that wait for a person, the oldest first."""
    lines = worklist(db.session(), now=present(), language=reader().language, clinic_zone=house().zone)
    return render("texts.html", rows=[line for line in lines if line.kind == "text"])


@pages.post("/texts/<uuid:text_id>/reply")
@staff(*STAFF)
@writes
def reply(text_id: uuid.UUID) -> ResponseReturnValue:
    """Answer a waiting text in one's own words, and mark it as dealt with."""
    inbound = found(InboundMessage, text_id)

    def do() -> None:
        if inbound.patient_id is None:
            raise Conflict("from a number no patient has")
        patient = found(Patient, inbound.patient_id)
        close_inbound(db.session(), current_actor(), inbound, now=present())
        write_message(db.session(), current_actor(), patient, request.form.get("body", ""), now=present())

    return act(do, said=gettext("Your reply is on its way."), back="/texts")


@pages.post("/texts/<uuid:text_id>/done")
@staff(*STAFF)
@writes
def done(text_id: uuid.UUID) -> ResponseReturnValue:
    """Mark a waiting text as dealt with, without a reply."""
    inbound = found(InboundMessage, text_id)
    note = request.form.get("note", "")
    return act(
        lambda: close_inbound(db.session(), current_actor(), inbound, now=present(), note=note),
        said=gettext("Done."),
        back="/texts",
    )


@pages.post("/patients/<uuid:patient_id>/messages")
@staff(*STAFF)
@writes
def write(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Send a nurse's own words to a patient."""
    patient = found(Patient, patient_id)
    body = request.form.get("body", "")
    return act(
        lambda: write_message(db.session(), current_actor(), patient, body, now=present()),
        said=gettext("Your text is on its way."),
    )


@pages.post("/segments")
@staff(*STAFF)
def measure() -> str:
    """Return how long a text is, in characters and in segments, while it is being typed."""
    body = request.form.get("body", "").strip()
    return render_template("size.html", size=segments(body)) if body else ""
