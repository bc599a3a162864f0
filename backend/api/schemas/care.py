"""Procedures, care plans and their steps, check-ins and answers."""

from marshmallow import Schema, fields, validate

from backend.api.fields import LANGUAGES, Day, Instant, Text, Whole, choice
from backend.api.schemas import PageQuery


class Procedure(Schema):
    """What was done, or is planned."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    performed_at = Instant(required=True)
    status = fields.String(required=True)
    region = fields.String(required=True)
    levels = fields.List(fields.String(), required=True)
    technique = fields.String(required=True)
    anaesthesia = fields.String(required=True)
    baseline_pain = fields.Integer(required=True, allow_none=True)
    clinician = fields.String(required=True)
    job = fields.String(required=True, allow_none=True)
    flies_home_on = Day(required=True, allow_none=True)
    selection = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    version = fields.Integer(required=True)


class CarePlan(Schema):
    """A protocol applied to a procedure."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    procedure_id = fields.UUID(required=True)
    protocol = fields.String(required=True)
    protocol_version = fields.Integer(required=True)
    status = choice("active", "on_hold", "completed", "revoked", required=True)
    status_since = Instant(required=True)
    performed_at = Instant(required=True, attribute="anchor_at")


class TimelineItem(Schema):
    """One step of a plan at this moment; instants that do not apply to its kind are null."""

    id = fields.UUID(required=True)
    key = fields.String(required=True)
    kind = choice("milestone", "restriction", "check_in", "education", required=True)
    occurrence = fields.Integer(required=True)
    title = fields.String(required=True)
    why = fields.String(required=True)
    status = fields.String(required=True)
    earliest_at = Instant(required=True, allow_none=True)
    due_at = Instant(required=True, allow_none=True)
    overdue_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)
    ends_at = Instant(required=True, allow_none=True)
    booked_at = Instant(required=True, allow_none=True)


class Milestone(TimelineItem):
    """Something that is to happen; `moved` says why its date is not the protocol's."""

    bookable = fields.Boolean(required=True)
    moved = fields.String(required=True)
    completed_at = Instant(required=True, allow_none=True)
    note = fields.String(required=True)
    version = fields.Integer(required=True)


class Restriction(TimelineItem):
    """What is not to happen yet; `ends_with` is a milestone (`visit`, `visit+P7D`) or `clearance`."""

    ends_with = fields.String(required=True, allow_none=True)


class AnyItem(TimelineItem):
    """A step of any kind, with what only its kind has."""

    bookable = fields.Boolean()
    moved = fields.String()
    completed_at = Instant(allow_none=True)
    note = fields.String()
    version = fields.Integer()
    ends_with = fields.String(allow_none=True)


class Timeline(Schema):
    """Every step of a plan, by date."""

    items = fields.List(fields.Nested(AnyItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True, dump_default=None)


class MilestoneChanges(Schema):
    """Tick, book, move or call off; a booking alone means `status: booked`."""

    status = choice("planned", "booked", "done", "cancelled")
    booked_at = Instant()
    due_at = Instant()
    note = Text(most=2000)


class Reason(Schema):
    """Why, in a person's words; may be left out."""

    reason = Text(load_default="", most=1000)


class Question(Schema):
    """A question of a check-in."""

    key = fields.String(required=True)
    text = fields.String(required=True)
    minimum = fields.Integer(required=True)
    maximum = fields.Integer(required=True)
    required = fields.Boolean(required=True)


class Answer(Schema):
    """An answer that was given; a later one to the same question amends it."""

    question = fields.String(required=True)
    value = fields.Integer(required=True)
    source = choice("sms", "app", "nurse", required=True)
    observed_at = Instant(required=True)


class CheckIn(Schema):
    """A question put to the patient on a day."""

    id = fields.UUID(required=True)
    key = fields.String(required=True)
    occurrence = fields.Integer(required=True)
    title = fields.String(required=True)
    day = fields.Integer(required=True)
    status = choice("planned", "awaiting", "answered", "missed", "cancelled", required=True)
    due_at = Instant(required=True)
    expires_at = Instant(required=True)
    asked_at = Instant(required=True, allow_none=True)
    answered_at = Instant(required=True, allow_none=True)
    questions = fields.List(fields.Nested(Question), required=True)
    answers = fields.List(fields.Nested(Answer), required=True)
    care_plan_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)


class CheckInQuery(PageQuery):
    """Which check-ins."""

    status = choice("planned", "awaiting", "answered", "missed", "cancelled", load_default=None)
    language = choice(*LANGUAGES, load_default=None)


class GivenAnswer(Schema):
    """One answer; `signs` belong to a yes (1) to `red_flag`."""

    question = Text(required=True, most=40)
    value = Whole(-1000, 1000, required=True)
    signs = fields.List(Text(most=40), load_default=list, validate=validate.Length(max=30))


class Answers(Schema):
    """The answers to one check-in."""

    answers = fields.List(fields.Nested(GivenAnswer), required=True, validate=validate.Length(min=1, max=20))
