""""May I …?": what a protocol, its dates and the clearances given answer to a patient who asks.

Strict by design: what the protocol does not say, what nobody has cleared, and what is not dated is never allowed,
it is for the doctor to answer. Pure; the sentences a patient reads are in `notifications`, the rows in the house.
Called by the house for the API and for answers by text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from schedules.protocol import CareProtocol, StepKind
from schedules.timeline import Occurrence
from schedules.vocabulary import Text


class Answer(StrEnum):
    """The three answers; the order is from the most to the least strict."""

    ASK_FIRST = "ask_first"
    NOT_BEFORE = "not_before"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one step of a patient's plan stands: when it begins to count, and when it lets go.

    `opens_at` is the end of a restriction or the beginning of a milestone, None where it is not known; then
    `waits_for` may name the milestone it hangs on.
    """

    step_key: str
    begins_at: datetime
    opens_at: datetime | None
    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """What one step answers: since when it allows it, from when on, or None where a person must say.

    `waits_for` names the milestone that has to take place first, where it is one.
    """

    step_key: str
    title: Text
    why: Text
    answer: Answer
    at: datetime | None
    waits_for: Text | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer to one question, as strict as the strictest of its reasons.

    `at` is since when it is allowed, or before when it is not; beside "ask first" it is the earliest day that is
    worth asking about, or None. `on` is its day in the zone the advice was asked for. `name` is empty for a topic
    the protocol does not know.
    """

    topic: str
    name: Text
    answer: Answer
    at: datetime | None
    on: date | None
    reasons: tuple[Reason, ...]

    @property
    def reason(self) -> Reason | None:
        """The reason that decided, None where the protocol has none."""
        deciding = [one for one in self.reasons if one.answer is self.answer]
        return max(deciding, key=_instant, default=None)


def may_i(
    topic: str,
    protocol: CareProtocol,
    occurrences: Iterable[Occurrence | Standing],
    clearances: Mapping[str, datetime],
    *,
    now: datetime,
    zone: str,
) -> Advice:
    """Answer whether the patient may do what a topic names; total, an unknown topic is for the doctor.

    `occurrences` are the steps as planned or as they stand. `clearances` are the restrictions lifted and the
    milestones done, step -> when. With nothing else changed, a later `now` never takes back what was allowed.
    """
    known = next((one for one in protocol.topics if one.key == topic), None)
    if known is None:
        return Advice(topic, {}, Answer.ASK_FIRST, None, None, ())
    standings: dict[str, list[Standing]] = {}
    for occurrence in occurrences:
        standing = occurrence if isinstance(occurrence, Standing) else standing_of(occurrence)
        standings.setdefault(standing.step_key, []).append(standing)
    reasons = tuple(
        _reason(protocol, key, standing, clearances, now)
        for key in known.steps
        for standing in standings.get(key, [None])
    )
    return _decided(topic, known.name, reasons, zone)


def standing_of(occurrence: Occurrence) -> Standing:
    """Return how an occurrence of a timeline stands before anything has been cleared."""
    restricts = occurrence.kind is StepKind.RESTRICTION
    return Standing(
        step_key=occurrence.step_key,
        begins_at=occurrence.due_at if restricts else min(occurrence.earliest_at or occurrence.due_at, occurrence.due_at),
        opens_at=occurrence.ends_at if restricts else occurrence.earliest_at or occurrence.due_at,
        waits_for=occurrence.ends_with,
    )


def strictest(advices: Sequence[Advice], *, zone: str) -> Advice:
    """Return one advice for a patient with several plans: what all of them allow. Needs at least one."""
    name = next((advice.name for advice in advices if advice.name), {})
    reasons = tuple(reason for advice in advices for reason in advice.reasons)
    if any(advice.answer is Answer.ASK_FIRST and advice.reason is None for advice in advices):
        decided = _decided(advices[0].topic, name, reasons, zone)
        return Advice(decided.topic, name, Answer.ASK_FIRST, _latest(reasons, Answer.NOT_BEFORE), decided.on, reasons)
    return _decided(advices[0].topic, name, reasons, zone)
