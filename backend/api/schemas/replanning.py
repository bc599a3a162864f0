"""What a change would do to a plan, what it did, and the record of it."""

from marshmallow import Schema, fields

from backend.api.fields import Instant, Text, Whole, choice
from backend.api.schemas.care import CarePlan, Procedure


class ProcedureChanges(Schema):
    """Another date, state or protocol; what is left out stays. A date alone says planned or performed."""

    performed_at = Instant()
    status = choice("planned", "performed", "cancelled")
    protocol = Text(most=64, metadata={"example": "nucleoplasty_lumbar"})
    protocol_version = Whole(1, 1_000_000)
    reason = Text(load_default="", most=1000)


class Dates(Schema):
    """The instants of one part of a plan; those that do not apply to its kind are null."""

    earliest_at = Instant(required=True, allow_none=True)
    due_at = Instant(required=True)
    overdue_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)
    ends_at = Instant(required=True, allow_none=True)


class PartOfPlan(Schema):
    """One step or text of a plan, and what becomes of it."""

    key = fields.String(required=True)
    occurrence = fields.Integer(required=True)
    text = fields.String(required=True, allow_none=True, metadata={"description": "null: the step itself"})
    kind = fields.String(required=True)
    title = fields.String(required=True)
    reason = fields.String(required=True)
    before = fields.Nested(Dates, required=True, allow_none=True)
    after = fields.Nested(Dates, required=True, allow_none=True)


class Replan(Schema):
    """What a change does to every part of a plan."""

    keep = fields.List(fields.Nested(PartOfPlan), required=True)
    move = fields.List(fields.Nested(PartOfPlan), required=True)
    add = fields.List(fields.Nested(PartOfPlan), required=True)
    drop = fields.List(fields.Nested(PartOfPlan), required=True)


class Counts(Schema):
    """How many parts a change kept, moved, added and dropped."""

    keep = fields.Integer(required=True)
    move = fields.Integer(required=True)
    add = fields.Integer(required=True)
    drop = fields.Integer(required=True)


class Revision(Schema):
    """One change of a plan: who, why, and how much moved; `undoable` is the one to take back next."""

    id = fields.UUID(required=True)
    care_plan_id = fields.UUID(required=True)
    at = Instant(required=True)
    actor = fields.String(required=True)
    cause = fields.String(required=True)
    reason = fields.String(required=True)
    counts = fields.Nested(Counts, required=True)
    undoes = fields.UUID(required=True, allow_none=True)
    undone_at = Instant(required=True, allow_none=True)
    undoable = fields.Boolean(required=True)


class Revisions(Schema):
    """A plan's changes, newest first."""

    items = fields.List(fields.Nested(Revision), required=True)
    next_cursor = fields.String(required=True, allow_none=True, dump_default=None)


class ChangedProcedure(Procedure):
    """The procedure as it is now, its plan, and what the change did."""

    care_plan = fields.Nested(CarePlan, required=True)
    replan = fields.Nested(Replan, required=True)
    revision_id = fields.UUID(required=True, allow_none=True)


class Undone(Schema):
    """What taking a change back did."""

    care_plan = fields.Nested(CarePlan, required=True)
    replan = fields.Nested(Replan, required=True)
