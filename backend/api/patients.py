"""Patients: registering, finding, changing; their procedures and their conversation."""

import uuid
from typing import Any

from flask.typing import ResponseReturnValue

from backend.api.idempotency import idempotent
from backend.api.resources import (
    EVERY_STAFF,
    Resource,
    check_version,
    columns_of,
    found,
    page_of,
    present,
    reading_language,
    tagged,
)
from backend.api.schemas import PageQuery, page_schema
from backend.api.schemas import messages as message_schemas
from backend.api.schemas import patients as schemas
from backend.auth import current_actor, staff, writes
from backend.db import db
from backend.models import Patient
from backend.queries.check_ins import check_in_item
from backend.queries.conversations import conversation, sent_message
from backend.queries.patients import list_patients, newest_consent
from backend.queries.timelines import in_language, milestone_item, restriction_item
from backend.services.enrolment import Enrolment, ProcedureOrder, enrol
from backend.services.patients import ConsentGiven, PatientDetails, register_patient, update_patient
from backend.services.writing import write_message

patients = Resource("patients", "Patients, their procedures, and what is written to and fro.")


@patients.route("/patients", methods=["GET"])
@staff(*EVERY_STAFF)
@patients.arguments(schemas.PatientQuery, location="query")
@patients.response(200, page_schema(schemas.ListedPatient))
def find_patients(given: dict[str, Any]) -> Any:
    """List patients by family name."""
    page = list_patients(db.session(), **given)
    return page_of(page) | {"items": [patient_body(row) for row in page.items]}


@patients.route("/patients", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@patients.arguments(schemas.NewPatient)
@patients.response(201, schemas.Patient)
def register(given: dict[str, Any]) -> Any:
    """Register a patient."""
    consent = given.pop("sms_consent", None)
    details = PatientDetails(**given, consent=ConsentGiven(**consent) if consent else None)
    return _shown(register_patient(db.session(), current_actor(), details, now=present()))


@patients.route("/patients/<uuid:patient_id>", methods=["GET"])
@staff(*EVERY_STAFF)
@patients.response(200, schemas.Patient)
def show(patient_id: uuid.UUID) -> Any:
    """Show a patient."""
    return _shown(found(Patient, patient_id))


@patients.route("/patients/<uuid:patient_id>", methods=["PATCH"])
@staff(*EVERY_STAFF)
@writes
@patients.arguments(schemas.PatientChanges)
@patients.response(200, schemas.Patient)
def change(given: dict[str, Any], patient_id: uuid.UUID) -> Any:
    """Change a patient's particulars."""
    patient = found(Patient, patient_id)
    check_version(patient.version)
    update_patient(db.session(), current_actor(), patient, given, now=present())
    return _shown(patient)


@patients.route("/patients/<uuid:patient_id>/procedures", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@patients.arguments(schemas.NewProcedure)
@patients.response(201, schemas.Enrolment)
def add_procedure(given: dict[str, Any], patient_id: uuid.UUID) -> Any:
    """Record a procedure, and plan everything that follows from it."""
    order = ProcedureOrder(**given | {"levels": tuple(given["levels"])})
    enrolment = enrol(db.session(), current_actor(), found(Patient, patient_id), order, now=present())
    return _set_in_motion(enrolment, reading_language({}))


@patients.route("/patients/<uuid:patient_id>/conversation", methods=["GET"])
@staff(*EVERY_STAFF)
@patients.arguments(PageQuery, location="query")
@patients.response(200, page_schema(message_schemas.Message))
def read_conversation(given: dict[str, Any], patient_id: uuid.UUID) -> Any:
    """Read what was said with a patient, oldest first; `next_cursor` leads to what came before."""
    found(Patient, patient_id)
    return page_of(conversation(db.session(), patient_id, **given))


@patients.route("/patients/<uuid:patient_id>/messages", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@patients.arguments(message_schemas.NewMessage)
@patients.response(201, message_schemas.Message)
def write(given: dict[str, Any], patient_id: uuid.UUID) -> Any:
    """Write to a patient, in one's own words."""
    patient = found(Patient, patient_id)
    message = write_message(db.session(), current_actor(), patient, given["body"], now=present())
    return sent_message(db.session(), message.id)


def patient_body(columns: dict[str, Any]) -> dict[str, Any]:
    """Return a patient's columns in the shape of the API."""
    return columns | {"consent": {"state": columns["consent_state"], "since": columns["consent_since"]}}


def _shown(patient: Patient) -> ResponseReturnValue:
    db.session.flush()
    body = patient_body(columns_of(patient)) | {"sms_consent": newest_consent(db.session(), patient.id)}
    return tagged(body, patient.version)


def _set_in_motion(enrolment: Enrolment, language: str) -> dict[str, Any]:
    now = present()
    return {
        "procedure": enrolment.procedure,
        "care_plan": enrolment.care_plan,
        "milestones": [
            milestone_item(columns_of(row), now=now, language=language) for row in enrolment.milestones
        ],
        "restrictions": [
            restriction_item(columns_of(row), now=now, language=language, done={})
            for row in enrolment.restrictions
        ],
        "check_ins": [check_in_item(columns_of(row), (), language) for row in enrolment.check_ins],
        "warnings": [
            {"key": one.key, "answer": one.answer, "words": in_language(one.words, language)}
            for one in enrolment.warnings
        ],
    }
