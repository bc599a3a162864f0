"""A FHIR resource, of which our description says no more than its kind: the rest is HL7's."""

from marshmallow import INCLUDE, Schema, fields


class FhirResource(Schema):
    """A resource of HL7 FHIR R4; see https://hl7.org/fhir/R4/."""

    class Meta:
        unknown = INCLUDE

    resourceType = fields.String(required=True)  # noqa: N815 - FHIR's own name
    id = fields.String(required=True)
