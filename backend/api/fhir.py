"""Protocols and care plans in the shape of HL7 FHIR R4, to be read by other systems."""

import json
import uuid
from typing import Any

from flask import Response

from backend.api.resources import EVERY_STAFF, Resource, found, present, reading_language
from backend.api.schemas import LanguageQuery
from backend.api.schemas import fhir as schemas
from backend.auth import current_caller, staff
from backend.db import db
from backend.errors import NotFound
from backend.models import CarePlan
from backend.queries.timelines import in_language, timeline
from backend.services.fhir import MIMETYPE, care_plan_resource, plan_definition
from backend.services.protocols import clinic_protocols, protocol_of

fhir = Resource("fhir", "Protocols and care plans as FHIR R4 resources.")


@fhir.route("/protocols/<string:protocol_id>/fhir", methods=["GET"])
@staff(*EVERY_STAFF)
@fhir.response(200, schemas.FhirResource, content_type=MIMETYPE)
def show_protocol(protocol_id: str) -> Any:
    """Show a protocol, as this clinic signed it or as it ships, as a PlanDefinition."""
    for protocol, _ in clinic_protocols(db.session(), current_caller().clinic_id):
        if protocol.id == protocol_id:
            return _answer(plan_definition(protocol))
    raise NotFound("There is no protocol of this id.")


@fhir.route("/care-plans/<uuid:plan_id>/fhir", methods=["GET"])
@staff(*EVERY_STAFF)
@fhir.arguments(LanguageQuery, location="query")
@fhir.response(200, schemas.FhirResource, content_type=MIMETYPE)
def show_care_plan(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """Show a care plan, as it stands now, as a CarePlan."""
    plan, language, now = found(CarePlan, plan_id), reading_language(given), present()
    items = timeline(db.session(), plan_id, now=now, language=language)
    title = in_language(protocol_of(plan).titles, language)
    return _answer(care_plan_resource(plan, items, title=title, now=now))


def _answer(resource: dict[str, Any]) -> Response:
    return Response(json.dumps(resource, ensure_ascii=False), mimetype=MIMETYPE)
