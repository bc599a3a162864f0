"""The patient's own app: the person, the timeline, the questions and the answers."""

import uuid
from typing import Any

from flask.typing import ResponseReturnValue

from backend.api.check_ins import record_answers
from backend.api.idempotency import idempotent
from backend.api.patients import patient_body
from backend.api.resources import (
    Resource,
    check_version,
    columns_of,
    found,
    own_patient_id,
    page_of,
    present,
    reading_language,
    tagged,
)
from backend.api.schemas import LanguageQuery, PageQuery, page_schema
from backend.api.schemas import care as care_schemas
from backend.api.schemas import sign_in as schemas
from backend.api.schemas.messages import OwnMessage
from backend.auth import current_actor, current_patient_ids, patient_app, writes
from backend.db import db
from backend.errors import NotFound
from backend.models import CheckIn, Clinic, Patient
from backend.queries.check_ins import list_check_ins
from backend.queries.conversations import conversation
from backend.queries.timelines import current_plan_id, timeline
from backend.services.patients import update_patient

me = Resource("me", "The patient's own app.")


@me.route("/me", methods=["GET"])
@patient_app
@me.response(200, schemas.Me)
def show() -> ResponseReturnValue:
    """Show who is signed in, and whom to call."""
    return _shown(found(Patient, own_patient_id()))


@me.route("/me", methods=["PATCH"])
@patient_app
@writes
@me.arguments(schemas.MyChanges)
@me.response(200, schemas.Me)
def change(given: dict[str, Any]) -> ResponseReturnValue:
    """Say where one is, which language one reads, and at which hour texts may come; they follow."""
    patient = found(Patient, own_patient_id())
    check_version(patient.version)
    update_patient(db.session(), current_actor(), patient, given, now=present())
    db.session.flush()
    return _shown(patient)


@me.route("/me/timeline", methods=["GET"])
@patient_app
@me.arguments(LanguageQuery, location="query")
@me.response(200, care_schemas.Timeline)
def show_timeline(given: dict[str, Any]) -> Any:
    """Show every step of one's newest plan by date; empty without a plan."""
    session = db.session()
    plan_id = current_plan_id(session, own_patient_id())
    items = (
        timeline(session, plan_id, now=present(), language=reading_language(given))
        if plan_id is not None
        else []
    )
    return {"items": [{**item, "note": ""} if "note" in item else item for item in items]}


@me.route("/me/check-ins", methods=["GET"])
@patient_app
@me.arguments(care_schemas.CheckInQuery, location="query")
@me.response(200, page_schema(care_schemas.CheckIn))
def show_check_ins(given: dict[str, Any]) -> Any:
    """List one's check-ins by date; `status=awaiting` are those to answer."""
    given["language"] = reading_language(given)
    return page_of(list_check_ins(db.session(), patient_ids=current_patient_ids(), **given))


@me.route("/me/check-ins/<uuid:check_in_id>/answer", methods=["POST"])
@patient_app
@writes
@idempotent
@me.arguments(care_schemas.Answers)
@me.response(200, care_schemas.CheckIn)
def answer(given: dict[str, Any], check_in_id: uuid.UUID) -> Any:
    """Answer a check-in; nobody reads it at once, so in an emergency: call."""
    check_in = found(CheckIn, check_in_id)
    if check_in.patient_id not in current_patient_ids():
        raise NotFound("There is nothing with this id.")
    return record_answers(check_in, given["answers"], source="app")


@me.route("/me/messages", methods=["GET"])
@patient_app
@me.arguments(PageQuery, location="query")
@me.response(200, page_schema(OwnMessage))
def show_messages(given: dict[str, Any]) -> Any:
    """Read what was written to and fro, oldest first; `next_cursor` leads to what came before."""
    return page_of(conversation(db.session(), own_patient_id(), logs=False, **given))


def _shown(patient: Patient) -> ResponseReturnValue:
    body = patient_body(columns_of(patient)) | {"clinic": found(Clinic, patient.clinic_id)}
    return tagged(body, patient.version)
