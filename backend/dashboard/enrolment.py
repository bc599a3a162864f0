"""Enrolment: patient, consent and procedure in one form, all or nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar
from zoneinfo import available_timezones

from babel import Locale
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff, writes
from backend.dashboard.formats import language_name
from backend.dashboard.forms import Form
from backend.dashboard.language import gettext
from backend.dashboard.sentences import explain, field_errors, hint
from backend.dashboard.shell import STAFF, house, present, reader, render
from backend.dashboard.words import ANAESTHESIAS, ANSWERS, JOBS, TECHNIQUES, word
from backend.db import db
from backend.errors import Conflict, Invalid
from backend.models import Patient
from backend.queries.timelines import in_language
from backend.services.enrolment import ANAESTHESIA, LEVELS, ProcedureOrder, enrol
from backend.services.enrolment import JOBS as JOB_CODES
from backend.services.enrolment import TECHNIQUES as TECHNIQUE_CODES
from backend.services.patients import ConsentGiven, PatientDetails, register_patient
from backend.services.protocols import clinic_protocols
from notifications.compose import languages
from schedules.protocol import CareProtocol

Done = TypeVar("Done")

pages = Blueprint("enrolment", __name__)


@pages.get("/patients/new")
@staff(*STAFF)
def show() -> str:
    """Show the empty form."""
    return _page(_form(), _signed())


@pages.post("/patients/new")
@staff(*STAFF)
@writes
def submit() -> ResponseReturnValue:
    """Register the patient and enrol the procedure; show the form again with what is wrong."""
    form, protocols = _form(), _signed()
    order = _order(form, protocols)
    patient = _attempt(form, lambda: _register(form))
    if patient is not None and order is not None and not form.errors:
        session, actor = db.session(), current_actor()
        enrolment = _attempt(form, lambda: enrol(session, actor, patient, order, now=present()))
        if enrolment is not None:
            for warning in enrolment.warnings:
                if warning.answer != "not_known":
                    flash(in_language(warning.words, reader().language), "heed")
            flash(gettext("Enrolled. The plan is made, and the texts go out by themselves."), "good")
            return redirect(url_for("dashboard.patients.show", patient_id=patient.id), 303)
    db.session.rollback()
    return _page(form, protocols), 422


def _attempt(form: Form, do: Callable[[], Done]) -> Done | None:
    """Return what a service made, or None with its complaints noted beside the fields."""
    try:
        return do()
    except Invalid as error:
        for name, sentences in field_errors(error).items():
            form.errors.setdefault(name, sentences)
    except Conflict as error:
        form.errors["form"] = [explain(error)]
    return None


_EMPTY = (
    "given_name",
    "family_name",
    "phone",
    "birth_date",
    "external_id",
    "performed_at",
    "clinician",
    "protocol",
    "levels",
    "baseline_pain",
    "job",
    "flies_home_on",
    "consent",
)
_CRITERION = "selection_{key}"
"""The name of the field that answers a line of the checklist."""


def _form() -> Form:
    chosen = {
        "language": reader().language,
        "timezone": house().zone,
        "technique": TECHNIQUE_CODES[1],
        "anaesthesia": ANAESTHESIA[0],
    }
    return Form(request.form, dict.fromkeys(_EMPTY, "") | chosen)


def _signed() -> Mapping[str, CareProtocol]:
    """Return the protocols the clinic may enrol with."""
    offered = clinic_protocols(db.session(), house().id)
    signed = [protocol for protocol, signature in offered if signature is not None]
    return {
        protocol.id: protocol for protocol in sorted(signed, key=lambda one: list(LEVELS).index(one.region))
    }


def _register(form: Form) -> Patient:
    """Register the patient even where the rest is not right yet, so that all mistakes show at once."""
    now = present()
    born_on = form.day("birth_date")
    details = PatientDetails(
        given_name=form.text("given_name"),
        family_name=form.text("family_name"),
        phone=form.text("phone"),
        language=form.text("language"),
        timezone=form.text("timezone"),
        birth_date=born_on,
        external_id=form.text("external_id") or None,
        consent=ConsentGiven(given_at=now, source="clinic") if form.value("consent") == "yes" else None,
    )
    return register_patient(db.session(), current_actor(), details, now=now)


def _order(form: Form, protocols: Mapping[str, CareProtocol]) -> ProcedureOrder | None:
    performed_at: datetime | None = form.moment("performed_at", house().zone, required=True)
    baseline = form.number("baseline_pain")
    flies_home_on = form.day("flies_home_on")
    protocol = protocols.get(form.value("protocol"))
    if protocol is None:
        form.errors["protocol"] = [hint("protocol")]
    discs = LEVELS[protocol.region] if protocol else ()
    levels = tuple(level for level in form.values("levels") if level in discs)
    if protocol is not None and not levels:
        form.errors["levels"] = [hint("levels")]
    if performed_at is None or protocol is None:
        return None
    return ProcedureOrder(
        performed_at=performed_at,
        protocol=protocol.id,
        region=protocol.region,
        levels=levels,
        technique=form.text("technique"),
        anaesthesia=form.text("anaesthesia"),
        baseline_pain=baseline,
        clinician=form.text("clinician"),
        job=form.text("job") or None,
        flies_home_on=flies_home_on,
        selection={
            criterion.key: answer
            for criterion in protocol.selection
            if (answer := form.value(_CRITERION.format(key=criterion.key)))
        },
    )


def _criteria(protocols: Mapping[str, CareProtocol], language: str) -> list[tuple[str, str]]:
    """Return each line of the checklists once: its field, and its words."""
    criteria = {one.key: one.text for protocol in protocols.values() for one in protocol.selection}
    return [(_CRITERION.format(key=key), in_language(text, language)) for key, text in criteria.items()]


def _page(form: Form, protocols: Mapping[str, CareProtocol]) -> str:
    language = reader().language
    return render(
        "enrolment.html",
        here="/patients/new",
        form=form,
        protocols=[
            {"id": protocol.id, "region": protocol.region, "title": protocol.titles[language]}
            for protocol in protocols.values()
        ],
        levels=LEVELS,
        techniques=[(code, word(TECHNIQUES, code)) for code in TECHNIQUE_CODES],
        jobs=[("", gettext("not known")), *((code, word(JOBS, code)) for code in JOB_CODES)],
        criteria=_criteria(protocols, language),
        answers=[(code, word(ANSWERS, code)) for code in ANSWERS],
        anaesthesias=[(code, word(ANAESTHESIAS, code)) for code in ANAESTHESIA],
        languages=[(code, language_name(code, language)) for code in languages()],
        zones=sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
        country=Locale(language).territories.get(house().country, house().country),
    )
