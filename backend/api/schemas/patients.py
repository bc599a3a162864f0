"""Patients, their consent, their procedures."""

from marshmallow import Schema, fields, validate

from backend.api.fields import Day, Hour, Instant, Text, Whole, choice
from backend.api.schemas import PageQuery
from backend.api.schemas.care import CarePlan, CheckIn, Milestone, Procedure, Restriction


class SmsConsent(Schema):
    """That the patient agreed to texts."""

    given_at = Instant(required=True)
    source = choice("clinic", "phone", "app", "import", required=True)
    wording = Text(most=1000, load_default="")


class NewPatient(Schema):
    """A patient to register. `phone` in E.164, or as it is written in the clinic's country."""

    given_name = Text(required=True, least=1)
    family_name = Text(required=True, least=1)
    phone = Text(required=True, least=3, most=40)
    language = Text(required=True, most=10, metadata={"example": "tr"})
    timezone = Text(required=True, most=64, metadata={"example": "Europe/Istanbul"})
    external_id = Text(allow_none=True, least=1, most=100)
    birth_date = Day(allow_none=True)
    preferred_time = Hour(allow_none=True)
    sms_consent = fields.Nested(SmsConsent, allow_none=True)


class PatientChanges(Schema):
    """What is to be different; whatever is left out stays."""

    given_name = Text(least=1)
    family_name = Text(least=1)
    phone = Text(least=3, most=40)
    language = Text(most=10)
    timezone = Text(most=64)
    external_id = Text(allow_none=True, least=1, most=100)
    birth_date = Day(allow_none=True)
    preferred_time = Hour(allow_none=True)


class Consent(Schema):
    """The newest line of the consent ledger."""

    state = choice("opted_in", "opted_out", "none", required=True)
    since = Instant(required=True, allow_none=True)


class Patient(Schema):
    """A patient of the clinic."""

    id = fields.UUID(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    phone = fields.String(required=True)
    phone_unreachable_since = Instant(allow_none=True)
    language = fields.String(required=True)
    timezone = fields.String(required=True)
    preferred_time = Hour(allow_none=True)
    external_id = fields.String(allow_none=True)
    birth_date = Day(allow_none=True)
    status = fields.String(required=True)
    consent = fields.Nested(Consent, required=True)
    sms_consent = fields.Nested(SmsConsent, allow_none=True)
    version = fields.Integer(required=True)
    created_at = Instant()
    updated_at = Instant()


class NewestPlan(Schema):
    """The plan a patient is on, in a list."""

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    protocol = fields.String(required=True)
    region = fields.String(required=True)
    levels = fields.List(fields.String(), required=True)
    technique = fields.String(required=True)
    performed_at = Instant(attribute="anchor_at")


class ListedPatient(Patient):
    """A patient in a list, with the newest plan and the most urgent open alert."""

    care_plan = fields.Nested(NewestPlan, allow_none=True)
    alert_tier = fields.String(allow_none=True)


class PatientQuery(PageQuery):
    """Which patients: the beginning of a name, the last digits of a number, the clinic's own id."""

    query = Text(load_default="", most=100)
    status = choice("active", "discharged", load_default=None)


class NewProcedure(Schema):
    """A procedure that was performed or is planned, and the protocol that follows it."""

    performed_at = Instant(required=True)
    protocol = Text(required=True, most=64, metadata={"example": "nucleoplasty_lumbar"})
    region = Text(required=True, most=20, metadata={"example": "lumbar"})
    levels = fields.List(Text(most=10), required=True, validate=validate.Length(min=1, max=6))
    technique = Text(required=True, most=20, metadata={"example": "radiofrequency"})
    anaesthesia = Text(load_default="local", most=20)
    baseline_pain = Whole(0, 10, load_default=None, allow_none=True)
    clinician = Text(load_default="", most=200)
    job = Text(load_default=None, allow_none=True, most=20, metadata={"example": "desk"})
    flies_home_on = Day(load_default=None, allow_none=True)
    selection = fields.Dict(
        keys=Text(most=60),
        values=Text(most=20),
        load_default=dict,
        metadata={"example": {"contained_herniation": "yes"}, "description": "criterion: yes, no, not_known"},
    )


class SelectionWarning(Schema):
    """A criterion of the checklist that is not met, or of which nothing is known. It stops nothing."""

    key = fields.String(required=True)
    answer = fields.String(required=True)
    words = fields.String(required=True)


class Enrolment(Schema):
    """What a procedure set in motion."""

    procedure = fields.Nested(Procedure, required=True)
    care_plan = fields.Nested(CarePlan, required=True)
    milestones = fields.List(fields.Nested(Milestone), required=True)
    restrictions = fields.List(fields.Nested(Restriction), required=True)
    check_ins = fields.List(fields.Nested(CheckIn), required=True)
    warnings = fields.List(fields.Nested(SelectionWarning), required=True)
