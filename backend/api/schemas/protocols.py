"""Protocols, and what one of them would do."""

from marshmallow import Schema, fields

from backend.api.fields import LANGUAGES, Day, Instant, Text, choice
from schedules.protocol import Lateness

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


class Step(Schema):
    """One step, its dates as ISO 8601 durations from the procedure."""

    key = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    earliest = fields.String(required=True, allow_none=True)
    due = fields.String(required=True, allow_none=True)
    overdue = fields.String(required=True, allow_none=True)
    expires = fields.String(required=True, allow_none=True)
    ends = fields.String(required=True, allow_none=True)
    every = fields.String(required=True, allow_none=True)
    times = fields.Integer(required=True)
    bookable = fields.Boolean(required=True)
    lateness = choice(*_LATENESS, required=True, allow_none=True)
    why = fields.String(required=True)
    source = fields.String(required=True)
    proposed = fields.Boolean(required=True)


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


class FullProtocol(Protocol):
    """A protocol with all it consists of."""

    steps = fields.List(fields.Nested(Step), required=True)
    rules = fields.List(fields.Nested(Rule), required=True)


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


class SimulationOrder(Schema):
    """An imaginary procedure. `timezone` is the patient's and the clinic's."""

    performed_at = Instant(required=True)
    timezone = Text(required=True, most=64, metadata={"example": "Europe/Istanbul"})
    language = choice(*LANGUAGES, load_default=None)
    technique = choice("ozone", "radiofrequency", "laser", load_default="radiofrequency")
    anaesthesia = choice("local", "sedation", load_default="local")


class SimulatedItem(Schema):
    """A step as it would stand on the timeline."""

    id = fields.UUID(required=True)

    key = fields.String(required=True)
    kind = fields.String(required=True)
    occurrence = fields.Integer(required=True)
    day = fields.Integer(required=True)
    title = fields.String(required=True)
    why = fields.String(required=True)
    earliest_at = Instant(required=True, allow_none=True)
    due_at = Instant(required=True)
    overdue_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)
    ends_at = Instant(required=True, allow_none=True)
    ends_with = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    booked_at = Instant(required=True, allow_none=True)


class SimulatedMessage(Schema):
    """A text as it would go out; `local_time` with the patient's offset.

    `lateness` is what becomes of it if it cannot go then; `moved` says why its hour is not the protocol's.
    """

    due_at = Instant(required=True)
    local_time = fields.AwareDateTime(format="iso", required=True)
    key = fields.String(required=True)
    text_key = fields.String(required=True)
    lateness = choice(*_LATENESS, required=True)
    moved = fields.String(required=True)
    body = fields.String(required=True)
    segments = fields.Integer(required=True)
    channel = fields.String(required=True)


class Simulation(Schema):
    """Everything the protocol would do, by date."""

    items = fields.List(fields.Nested(SimulatedItem), required=True)
    messages = fields.List(fields.Nested(SimulatedMessage), required=True)
