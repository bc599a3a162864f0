"""Protocols: the clinic's own list, checking a file, and trying one out on an imaginary procedure."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.api.idempotency import idempotent
from backend.api.protocol_parts import protocol_parts
from backend.api.resources import EVERY_STAFF, Resource, reading_language
from backend.api.schemas import LanguageQuery, page_schema, simulations
from backend.api.schemas import protocols as schemas
from backend.api.trial_parts import comparison_parts, trial_parts
from backend.auth import current_actor, current_caller, staff, writes
from backend.db import db
from backend.errors import Invalid, NotFound
from backend.models import ClinicProtocol
from backend.queries.timelines import in_language
from backend.runtime import current_runtime
from backend.services.clinics import clinic_of
from backend.services.protocol_texts import check_texts
from backend.services.protocol_versions import version_named
from backend.services.protocols import clinic_protocols, own_figures
from backend.services.reply_scripts import read_script
from backend.services.trials import ImaginaryPatient, price_for, try_both, try_out
from schedules.catalogue import parse_protocol
from schedules.protocol import CareProtocol, ProtocolError

protocols = Resource("protocols", "Protocols: what is due after a procedure, and when.")


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
@protocols.arguments(simulations.SimulationOrder)
@protocols.response(200, simulations.Simulation)
def simulate(given: dict[str, Any], protocol_id: str) -> Any:
    """Show every step and every text of an imaginary patient, from a month before the procedure.

    With `replies`, also what its answers and silences would lead to; with `compare`, what differs from
    another version of the protocol, or from the clinic's own figures.
    """
    protocol, _ = _known(protocol_id)
    language = reading_language(given)
    session, clinic = db.session(), clinic_of(db.session(), current_actor())
    patient = ImaginaryPatient(
        performed_at=given["performed_at"],
        zone=_zone(given["timezone"]),
        language=language,
        facts={name: given[name] for name in ("technique", "anaesthesia", "levels", "job") if given[name]},
        flies_home_on=given["flies_home_on"],
        baseline_pain=given["baseline_pain"],
        script=read_script(given["replies"]),
    )
    price = price_for(clinic, current_runtime().settings.segment_prices)
    if not given["compare"]:
        return trial_parts(try_out(clinic, protocol, patient), price, language)
    other = version_named(session, clinic.id, protocol_id, given["compare"])
    both = try_both(clinic, other, protocol, patient)
    return trial_parts(both.after, price, language) | {"comparison": comparison_parts(both, price, language)}


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
