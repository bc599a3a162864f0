"""Protocols, and what one of them would do."""

from marshmallow import Schema, fields

from backend.api.fields import Day, Text, choice
from schedules.protocol import Lateness, OpenDay
from schedules.vocabulary import ANSWERS

_LATENESS = [lateness.value for lateness in Lateness]


class Protocol(Schema):
    """A protocol as this clinic has it: signed off (active), or not yet (draft)."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    status = choice("draft", "active", required=True)
    region = fields.String(required=True)
    title = fields.String(required=True)
    undecided = fields.List(fields.String(), required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_on = Day(required=True, allow_none=True)
    overrides = fields.Dict(keys=fields.String(), required=True)


class OwnFigure(Schema):
    """A figure the clinic set itself, who approved it, and what the file says (empty: nothing)."""

    key = fields.String(required=True)
    base = fields.String(required=True)
    value = fields.String(required=True)
    by = fields.String(required=True)
    on = Day(required=True)
    reason = fields.String(required=True)


class Criterion(Schema):
    """One line of the checklist before a procedure; it warns and never blocks."""

    key = fields.String(required=True)
    text = fields.String(required=True)
    expects = choice(*ANSWERS[:2], required=True)
    warning = fields.String(required=True)
    source = fields.String(required=True)
    proposed = fields.Boolean(required=True)


class Instrument(Schema):
    """Questions that are scored together."""

    key = fields.String(required=True)
    title = fields.String(required=True)
    questions = fields.List(fields.String(), required=True)
    score = fields.String(required=True)
    loinc = fields.String(required=True, allow_none=True)
    source = fields.String(required=True)


class Step(Schema):
    """One step, its dates as ISO 8601 durations from its anchor.

    `after` is `procedure`, `flies_home` or a milestone's key, and `by` says whether its date counts or its
    completion; both are null for a restriction. `until` ends a recurrence, relative to the same anchor.
    """

    key = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    earliest = fields.String(required=True, allow_none=True)
    due = fields.String(required=True, allow_none=True)
    overdue = fields.String(required=True, allow_none=True)
    expires = fields.String(required=True, allow_none=True)
    ends = fields.String(required=True, allow_none=True)
    every = fields.String(required=True, allow_none=True)
    until = fields.String(required=True, allow_none=True)
    times = fields.Integer(required=True)
    after = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True)
    open_days = choice(*[rule.value for rule in OpenDay], required=True)
    instruments = fields.List(fields.String(), required=True)
    bookable = fields.Boolean(required=True)
    lateness = choice(*_LATENESS, required=True, allow_none=True)
    why = fields.String(required=True)
    source = fields.String(required=True)
    proposed = fields.Boolean(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_on = Day(required=True, allow_none=True)


class Rule(Schema):
    """One rule of what must reach a nurse."""

    key = fields.String(required=True)
    kind = fields.String(required=True)
    tier = fields.String(required=True)
    reason = fields.String(required=True)
    from_day = fields.Integer(required=True, allow_none=True)
    to_day = fields.Integer(required=True, allow_none=True)
    source = fields.String(required=True)
    proposed = fields.Boolean(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_on = Day(required=True, allow_none=True)


class FullProtocol(Protocol):
    """A protocol with all it consists of."""

    figures = fields.List(fields.Nested(OwnFigure), required=True)
    steps = fields.List(fields.Nested(Step), required=True)
    rules = fields.List(fields.Nested(Rule), required=True)
    selection = fields.List(fields.Nested(Criterion), required=True)
    instruments = fields.List(fields.Nested(Instrument), required=True)


class ProtocolText(Schema):
    """A protocol file to check, as text (TOML)."""

    text = Text(required=True, most=500_000)
    file = Text(load_default="protocol.toml", least=1, most=100)


class Complaint(Schema):
    """What is wrong: the key in the file, and what would be right."""

    file = fields.String(required=True)
    key = fields.String(required=True)
    reason = fields.String(required=True)


class Validation(Schema):
    """Whether a protocol file can be used."""

    valid = fields.Boolean(required=True)
    errors = fields.List(fields.Nested(Complaint), required=True)
    id = fields.String(allow_none=True)
    version = fields.Integer(allow_none=True)
    undecided = fields.List(fields.String())
