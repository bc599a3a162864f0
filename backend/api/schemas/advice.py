"""What the patient's app asks with "may I …?", and the answer."""

from marshmallow import Schema, fields

from backend.api.fields import Day, Instant, Text, choice
from backend.api.schemas import LanguageQuery

_ANSWERS = ("allowed", "not_before", "ask_first")


class AdviceQuery(LanguageQuery):
    """What the patient wants to do: drive, fly, lift, sport …; `/me/advice/topics` lists them."""

    topic = Text(required=True, least=1, most=60)


class WhomToAsk(Schema):
    """The clinic that answers what the plan does not."""

    name = fields.String(required=True)
    phone = fields.String(required=True)
    emergency_number = fields.String(required=True)


class AdviceReason(Schema):
    """What one step of the plan answers; `waits_for` is what has to take place first."""

    key = fields.String(required=True, attribute="step_key")
    title = fields.String(required=True)
    why = fields.String(required=True)
    answer = choice(*_ANSWERS, required=True)
    from_at = Instant(required=True, allow_none=True)
    waits_for = fields.String(required=True, allow_none=True)


class Advice(Schema):
    """An answer: since when it is allowed, before when it is not, or to ask the doctor first.

    Beside `ask_first`, `from_at` is the instant before which asking is of no use, or null. `why` is the
    reason of the step that decided, `words` the whole answer in one sentence.
    """

    topic = fields.String(required=True)
    name = fields.String(required=True)
    answer = choice(*_ANSWERS, required=True)
    from_at = Instant(required=True, allow_none=True)
    from_on = Day(required=True, allow_none=True)
    title = fields.String(required=True)
    why = fields.String(required=True)
    ask = fields.Nested(WhomToAsk, required=True)
    words = fields.String(required=True)
    reasons = fields.List(fields.Nested(AdviceReason), required=True)


class Topic(Schema):
    """Something one can ask about."""

    topic = fields.String(required=True)
    name = fields.String(required=True)
