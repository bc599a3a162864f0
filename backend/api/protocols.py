"""Protocols: the clinic's own list, checking a file, and trying one out on an imaginary procedure."""

import uuid
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.api.idempotency import idempotent
from backend.api.protocol_parts import protocol_parts
from backend.api.resources import EVERY_STAFF, Resource, reading_language
from backend.api.schemas import LanguageQuery, page_schema
from backend.api.schemas import protocols as schemas
from backend.auth import current_actor, current_caller, staff, writes
from backend.db import db
from backend.errors import Invalid, NotFound
from backend.models import Clinic, ClinicProtocol
from backend.queries.timelines import in_language
from backend.services.clinics import clinic_of
from backend.services.procedure_course import open_days_of
from backend.services.protocol_texts import check_texts
from backend.services.protocols import clinic_protocols, own_figures
from backend.services.simulation import SimulatedText, simulate
from schedules.catalogue import parse_protocol
from schedules.protocol import CareProtocol, ProtocolError
from schedules.timeline import Occurrence, Waiting

protocols = Resource("protocols", "Protocols: what is due after a procedure, and when.")
_IMAGINARY = uuid.UUID("b3f6b3a8-6c0e-4d0c-9d51-3b1f1c2f7a10")
"""Where the ids of simulated steps come from: the same step always has the same."""


@protocols.route("/protocols", methods=["GET"])
@staff(*EVERY_STAFF)
@protocols.arguments(LanguageQuery, location="query")
@protocols.response(200, page_schema(schemas.Protocol))
def find_protocols(given: dict[str, Any]) -> Any:
    """List the protocols, each as this clinic signed it or as it ships."""
    language = reading_language(given)
    known = clinic_protocols(db.session(), current_caller().clinic_id)
    return {"items": [_summary(*one, language) for one in known], "next_cursor": None}


@protocols.route("/protocols/<string:protocol_id>", methods=["GET"])
@staff(*EVERY_STAFF)
@protocols.arguments(LanguageQuery, location="query")
@protocols.response(200, schemas.FullProtocol)
def show(given: dict[str, Any], protocol_id: str) -> Any:
    """Show a protocol with its steps and rules, and where each date comes from."""
    language = reading_language(given)
    protocol, signature = _known(protocol_id)
    return _summary(protocol, signature, language) | {
        "figures": own_figures(protocol, signature) if signature else [],
        **protocol_parts(protocol, language),
    }


@protocols.route("/protocols/validate", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@protocols.arguments(schemas.ProtocolText)
@protocols.response(200, schemas.Validation)
def validate(given: dict[str, Any]) -> Any:
    """Check a protocol file; nothing is stored. `errors` says key and what would be right."""
    try:
        protocol = parse_protocol(given["text"], given["file"])
        check_texts(protocol)
    except ProtocolError as error:
        return {"valid": False, "errors": [error]}
    return {
        "valid": True,
        "errors": [],
        "id": protocol.id,
        "version": protocol.version,
        "undecided": protocol.undecided(),
    }


@protocols.route("/protocols/<string:protocol_id>/simulate", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@protocols.arguments(schemas.SimulationOrder)
@protocols.response(200, schemas.Simulation)
def try_out(given: dict[str, Any], protocol_id: str) -> Any:
    """Show every step and every text of an imaginary patient, from a month before the procedure."""
    protocol, _ = _known(protocol_id)
    language = reading_language(given)
    clinic = clinic_of(db.session(), current_actor())
    facts = {name: given[name] for name in ("technique", "anaesthesia", "levels", "job") if given[name]}
    simulation = simulate(
        protocol,
        performed_at=given["performed_at"],
        zone=_zone(given["timezone"]),
        language=language,
        facts=facts,
        standing_facts=_standing_facts(clinic, language),
        open_days=open_days_of(clinic),
        flies_home_on=given["flies_home_on"],
    )
    return {
        "items": [_item(occurrence, language) for occurrence in simulation.occurrences],
        "waiting": [_waiting(waiting, language) for waiting in simulation.waiting],
        "messages": [_text(text) for text in simulation.texts],
    }


def _known(protocol_id: str) -> tuple[CareProtocol, ClinicProtocol | None]:
    for protocol, signature in clinic_protocols(db.session(), current_caller().clinic_id):
        if protocol.id == protocol_id:
            return protocol, signature
    raise NotFound("There is no protocol of this id.")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid({"timezone": ["give an IANA name like Europe/Istanbul."]}) from None
    return name


def _standing_facts(clinic: Clinic, language: str) -> Mapping[str, str]:
    return {
        "clinic": clinic.name,
        "clinic_phone": clinic.phone,
        "emergency_number": clinic.emergency_number,
        "given_name": "Ayşe" if language == "tr" else "Anna",
    }


def _summary(protocol: CareProtocol, signature: ClinicProtocol | None, language: str) -> dict[str, Any]:
    return {
        "id": protocol.id,
        "version": protocol.version,
        "status": protocol.status,
        "region": protocol.region,
        "title": in_language(protocol.titles, language),
        "undecided": protocol.undecided(),
        "approved_by": protocol.approved_by,
        "approved_on": protocol.approved_on,
        "overrides": signature.overrides if signature else {},
    }


def _waiting(waiting: Waiting, language: str) -> dict[str, Any]:
    return {
        "key": waiting.step_key,
        "kind": waiting.kind.value,
        "occurrence": waiting.index,
        "title": in_language(waiting.title, language),
        "why": in_language(waiting.why, language),
        "waits_for": waiting.waits_for,
        "words": in_language(waiting.words, language),
    }


def _item(occurrence: Occurrence, language: str) -> dict[str, Any]:
    return {
        "id": uuid.uuid5(_IMAGINARY, f"{occurrence.step_key}/{occurrence.index}"),
        "key": occurrence.step_key,
        "kind": occurrence.kind.value,
        "occurrence": occurrence.index,
        "day": occurrence.day,
        "title": in_language(occurrence.title, language),
        "why": in_language(occurrence.why, language),
        "earliest_at": occurrence.earliest_at,
        "due_at": occurrence.due_at,
        "overdue_at": occurrence.overdue_at,
        "expires_at": occurrence.expires_at,
        "ends_at": occurrence.ends_at,
        "ends_with": occurrence.ends_with,
        "moved": in_language(occurrence.moved, language),
        "status": "active" if occurrence.kind.value == "restriction" else "planned",
        "booked_at": None,
    }


def _text(text: SimulatedText) -> dict[str, Any]:
    return {
        "due_at": text.due_at,
        "local_time": text.local_time,
        "key": text.step_key,
        "text_key": text.key,
        "lateness": text.lateness.value,
        "moved": text.moved,
        "body": text.sms.body,
        "segments": text.sms.segments.count,
        "channel": "sms",
    }
