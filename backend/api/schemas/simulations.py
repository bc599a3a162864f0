"""A protocol tried out: the imaginary patient, and everything that would happen."""

from marshmallow import Schema, fields

from backend.api.fields import LANGUAGES, Day, Instant, Text, Whole, choice
from backend.services.comparing import Change
from backend.services.rehearsing import EventKind
from schedules.protocol import Lateness
from schedules.vocabulary import ANAESTHESIA, CONDITION_FACTS, JOBS, TECHNIQUES

_LATENESS = [lateness.value for lateness in Lateness]


class SimulationOrder(Schema):
    """An imaginary procedure on this clinic's open days; `timezone` is the patient's and the clinic's.

    `replies` is what comes on a day (D3, D-2) or at every other question (rest): 0 to 10, none, or a sign
    such as fever. `compare` is `file` or `clinic` for the newest version as its file or this clinic has it,
    or the number of a version.
    """

    performed_at = Instant(required=True)
    timezone = Text(required=True, most=64, metadata={"example": "Europe/Istanbul"})
    language = choice(*LANGUAGES, load_default=None)
    technique = choice(*TECHNIQUES, load_default="radiofrequency")
    anaesthesia = choice(*ANAESTHESIA, load_default="local")
    levels = fields.List(choice(*CONDITION_FACTS["levels"]), load_default=list)
    job = choice(*JOBS, load_default=None, allow_none=True)
    flies_home_on = Day(load_default=None, allow_none=True)
    baseline_pain = Whole(0, 10, load_default=None, allow_none=True)
    replies = Text(load_default="", most=1000, metadata={"example": "D3=8, D9=none, rest=2"})
    compare = Text(load_default="", most=20, metadata={"example": "file"})


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
    `price` is about what it costs, in the totals' currency.
    """

    due_at = Instant(required=True)
    local_time = fields.AwareDateTime(format="iso", required=True)
    key = fields.String(required=True)
    occurrence = fields.Integer(required=True)
    text_key = fields.String(required=True)
    language = choice(*LANGUAGES, required=True)
    lateness = choice(*_LATENESS, required=True)
    moved = fields.String(required=True)
    body = fields.String(required=True)
    segments = fields.Integer(required=True)
    price = fields.Decimal(as_string=True, required=True, allow_none=True)
    channel = fields.String(required=True)


class Totals(Schema):
    """How many texts and segments, and about what they cost: never a bill.

    `price_source` says where the price of a segment comes from; `price_proposed` ones nobody has confirmed.
    All four are null where no price is known for the clinic's country; see SEGMENT_PRICES.
    """

    texts = fields.Integer(required=True)
    segments = fields.Integer(required=True)
    price = fields.Decimal(as_string=True, required=True, allow_none=True)
    currency = fields.String(required=True, allow_none=True)
    price_source = fields.String(required=True, allow_none=True)
    price_proposed = fields.Boolean(required=True, allow_none=True)


class SimulatedEvent(Schema):
    """What an answer or a silence leads to, on D-number `day`; alerts and calls have tier and reason."""

    kind = choice(*[kind.value for kind in EventKind], required=True)
    at = Instant(required=True)
    day = fields.Integer(required=True)
    key = fields.String(required=True)
    value = fields.Integer(required=True, allow_none=True)
    sign = fields.String(required=True, allow_none=True)
    tier = fields.String(required=True, allow_none=True)
    rule = fields.String(required=True)
    reason = fields.String(required=True)
    repeated = fields.Boolean(required=True)


class ComparedMessage(Schema):
    """A text on both sides; `before` and `after` are when it is due, null on the side that lacks it."""

    change = choice(*[change.value for change in Change], required=True)
    key = fields.String(required=True)
    occurrence = fields.Integer(required=True)
    text_key = fields.String(required=True)
    before = Instant(required=True, allow_none=True)
    after = Instant(required=True, allow_none=True)
    reworded = fields.Boolean(required=True)


class ComparedItem(Schema):
    """A step on both sides, where it differs; `ends_…` belong to restrictions."""

    change = choice(*[change.value for change in Change], required=True)
    key = fields.String(required=True)
    occurrence = fields.Integer(required=True)
    title = fields.String(required=True)
    before = Instant(required=True, allow_none=True)
    after = Instant(required=True, allow_none=True)
    ends_before = Instant(required=True, allow_none=True)
    ends_after = Instant(required=True, allow_none=True)


class ComparedRule(Schema):
    """A rule on both sides, where it differs: what it judges by, as in a file; null where there is none."""

    change = choice(*[change.value for change in Change], required=True)
    key = fields.String(required=True)
    before = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    after = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)


class Side(Schema):
    """One side of a comparison: which version, and its totals."""

    version = fields.Integer(required=True)
    status = choice("draft", "active", required=True)
    timing_hash = fields.String(required=True)
    wording_hash = fields.String(required=True)
    totals = fields.Nested(Totals, required=True)


class Comparison(Schema):
    """What differs between two versions for the same patient: only what is not the same."""

    before = fields.Nested(Side, required=True)
    after = fields.Nested(Side, required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    messages = fields.List(fields.Nested(ComparedMessage), required=True)
    items = fields.List(fields.Nested(ComparedItem), required=True)
    rules = fields.List(fields.Nested(ComparedRule), required=True)


class Simulation(Schema):
    """Everything the protocol would do, by date, and what would wait for a date."""

    items = fields.List(fields.Nested(SimulatedItem), required=True)
    waiting = fields.List(fields.Nested(WaitingItem), required=True)
    messages = fields.List(fields.Nested(SimulatedMessage), required=True)
    events = fields.List(fields.Nested(SimulatedEvent), required=True)
    totals = fields.Nested(Totals, required=True)
    comparison = fields.Nested(Comparison, allow_none=True)
