"""Protocols, and what one of them would do."""

from marshmallow import Schema, fields

from backend.api.fields import LANGUAGES, Day, Instant, Text, choice
from schedules.protocol import Lateness, OpenDay
from schedules.vocabulary import ANAESTHESIA, ANSWERS, CONDITION_FACTS, JOBS, TECHNIQUES

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


class SimulationOrder(Schema):
    """An imaginary procedure on this clinic's open days; `timezone` is the patient's and the clinic's."""

    performed_at = Instant(required=True)
    timezone = Text(required=True, most=64, metadata={"example": "Europe/Istanbul"})
    language = choice(*LANGUAGES, load_default=None)
    technique = choice(*TECHNIQUES, load_default="radiofrequency")
    anaesthesia = choice(*ANAESTHESIA, load_default="local")
    levels = fields.List(choice(*CONDITION_FACTS["levels"]), load_default=list)
    job = choice(*JOBS, load_default=None, allow_none=True)
    flies_home_on = Day(load_default=None, allow_none=True)


class SimulatedItem(Schema):
    """A step as it would stand on the timeline; `moved` says why its date is not the protocol's."""

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
    moved = fields.String(required=True)
    status = fields.String(required=True)
    booked_at = Instant(required=True, allow_none=True)


class WaitingItem(Schema):
    """A step that has no date until something else has one or is done; `words` say what."""

    key = fields.String(required=True)
    kind = fields.String(required=True)
    occurrence = fields.Integer(required=True)
    title = fields.String(required=True)
    why = fields.String(required=True)
    waits_for = fields.String(required=True)
    words = fields.String(required=True)


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
    """Everything the protocol would do, by date, and what would wait for a date."""

    items = fields.List(fields.Nested(SimulatedItem), required=True)
    waiting = fields.List(fields.Nested(WaitingItem), required=True)
    messages = fields.List(fields.Nested(SimulatedMessage), required=True)
