"""Alerts on the worklist and the patient page: take one, see what led to it, say how it ended."""

import uuid

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff, writes
from backend.dashboard.language import gettext
from backend.dashboard.shell import STAFF, act, found, present, reader
from backend.dashboard.talk import last_words
from backend.db import db
from backend.models import Alert
from backend.services.alerts import acknowledge, resolve

pages = Blueprint("alerts", __name__)


@pages.get("/alerts/<uuid:alert_id>/events")
@staff(*STAFF)
def events(alert_id: uuid.UUID) -> str:
    """Return the last three texts of the alert's patient, to be unfolded in the list."""
    alert = found(Alert, alert_id)
    messages = last_words(db.session(), alert.patient_id, count=3)
    return render_template("events.html", reader=reader(), messages=messages)


@pages.post("/alerts/<uuid:alert_id>/take")
@staff(*STAFF)
@writes
def take(alert_id: uuid.UUID) -> ResponseReturnValue:
    """Put the caller's name on an alert."""
    alert = found(Alert, alert_id)
    return act(
        lambda: acknowledge(db.session(), current_actor(), alert, now=present()),
        said=gettext("Taken. It is yours until you resolve it."),
    )


@pages.post("/alerts/<uuid:alert_id>/resolve")
@staff(*STAFF)
@writes
def close(alert_id: uuid.UUID) -> ResponseReturnValue:
    """Close an alert with what came of it."""
    alert = found(Alert, alert_id)
    return act(
        lambda: resolve(
            db.session(),
            current_actor(),
            alert,
            outcome=request.form.get("outcome", ""),
            note=request.form.get("note", ""),
            now=present(),
        ),
        said=gettext("Resolved. Thank you."),
    )
