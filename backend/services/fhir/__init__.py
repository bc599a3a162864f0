"""Protocols and care plans in the shape of HL7 FHIR R4, for other systems; and our own protocols back again.

A PlanDefinition says in FHIR's own places what they have room for, and the rest in extensions under `BASE`.
Called by the API and the command line.
"""

from backend.services.fhir.care_plan import care_plan_resource
from backend.services.fhir.definition import plan_definition
from backend.services.fhir.reading import read_plan_definition

__all__ = ["MIMETYPE", "care_plan_resource", "plan_definition", "read_plan_definition"]

MIMETYPE = "application/fhir+json"
