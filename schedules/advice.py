"""What a protocol, its dates and the clearances given answer to a patient who asks "may I …?".

Strict by design: what the protocol does not say, what nobody has cleared and what has no date is never
allowed; it is for the doctor to answer. Pure: the sentences a patient reads are in `notifications`, the rows
in the house, which calls this for the app and for answers by text alike.
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
    """The three answers, the strictest first."""

    ASK_FIRST = "ask_first"
    NOT_BEFORE = "not_before"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one step of a plan stands: from when it counts, and when it lets go. Aware instants.

    A restriction begins with the procedure and opens at its end; a milestone has no beginning and opens when
    it may take place at the earliest. `opens_at` is None while that is not known; then `waits_for` may name
    the milestone it hangs on.
    """

    step_key: str
    begins_at: datetime | None
    opens_at: datetime | None
    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """What one step answers: `at` is since when it allows it, or before when it does not.

    `at` is None where a person has to say; `waits_for` is then the title of the milestone that comes first,
    where it is one.
    """

    step_key: str
    title: Text
    why: Text
    answer: Answer
    at: datetime | None = None
    waits_for: Text | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer to one question, as strict as the strictest of its reasons.

    `at` is since when it is allowed, or before when it is not; beside "ask first" the instant before which
    asking is of no use, where one is known. `on` is its day in the zone the answer is for. `name` is empty
    for a topic the protocol does not know, and `reason` None where it has nothing to say.
    """

    topic: str
    name: Text
    answer: Answer
    at: datetime | None
    on: date | None
    reasons: tuple[Reason, ...]

    @property
    def reason(self) -> Reason | None:
        """The reason that decided; of several the one that lasts longest."""
        deciding = [one for one in self.reasons if one.answer is self.answer]
        return next((one for one in deciding if one.at == self.at), next(iter(deciding), None))


def may_i(
    topic: str,
    protocol: CareProtocol,
    occurrences: Iterable[Occurrence | Standing],
    clearances: Mapping[str, datetime],
    *,
    now: datetime,
    zone: str,
) -> Advice:
    """Answer whether the patient may do what a topic names; an unknown topic is for the doctor.

    `occurrences` are the steps as planned, or as they stand; of one that recurs the first counts.
    `clearances` are the restrictions lifted and the milestones done, step -> when. With nothing else changed
    a later `now` never takes back what was allowed.
    """
    known = next((one for one in protocol.topics if one.key == topic), None)
    standings = [
        one if isinstance(one, Standing) else standing_of(one)
        for one in occurrences
        if isinstance(one, Standing) or one.index == 0
    ]
    reasons: list[Reason] = []
    for key in known.steps if known else ():
        of_step = [standing for standing in standings if standing.step_key == key]
        reasons += [_reason(protocol, standing, clearances, now) for standing in of_step]
        if not of_step:  # left out for this patient, or without a date yet: then nobody has answered
            step = protocol.step(key)
            reasons.append(Reason(key, step.title, step.why, Answer.ASK_FIRST))
    answers = [reason.answer for reason in reasons]
    return _decided(topic, known.name if known else {}, answers, tuple(reasons), zone)


def unanswered(topic: str) -> Advice:
    """Return the answer where there is no plan, or none that can be read: ask the doctor first."""
    return Advice(topic, {}, Answer.ASK_FIRST, None, None, ())


def strictest(advices: Sequence[Advice], *, zone: str) -> Advice:
    """Return one answer to one question for a patient with several plans: what all of them allow.

    ValueError without a plan.
    """
    if not advices:
        raise ValueError("there is no advice to choose from")
    name = next((advice.name for advice in advices if advice.name), {})
    reasons = tuple(reason for advice in advices for reason in advice.reasons)
    return _decided(advices[0].topic, name, [advice.answer for advice in advices], reasons, zone)


def standing_of(occurrence: Occurrence) -> Standing:
    """Return how an occurrence of a timeline stands while nothing has been cleared."""
    if occurrence.kind is StepKind.RESTRICTION:
        return Standing(occurrence.step_key, occurrence.due_at, occurrence.ends_at, occurrence.ends_with)
    return Standing(occurrence.step_key, None, occurrence.earliest_at or occurrence.due_at)


def _reason(
    protocol: CareProtocol, standing: Standing, clearances: Mapping[str, datetime], now: datetime
) -> Reason:
    step = protocol.step(standing.step_key)
    cleared = [
        clearances[key] for key in (standing.step_key, standing.waits_for) if key and key in clearances
    ]
    opens = [at for at in (*cleared, standing.opens_at) if at is not None]
    if (standing.begins_at is not None and standing.begins_at > now) or not opens:
        return Reason(step.key, step.title, step.why, Answer.ASK_FIRST, waits_for=_title(protocol, standing))
    answer = Answer.ALLOWED if min(opens) <= now else Answer.NOT_BEFORE
    return Reason(step.key, step.title, step.why, answer, min(opens))


def _title(protocol: CareProtocol, standing: Standing) -> Text | None:
    """The title of the milestone a restriction waits for, also where it is some time after it."""
    key = (standing.waits_for or "").partition("+")[0]
    return next((step.title for step in protocol.steps if step.key == key), None)


def _decided(
    topic: str, name: Text, answers: Sequence[Answer], reasons: tuple[Reason, ...], zone: str
) -> Advice:
    answer = min(answers, key=list(Answer).index, default=Answer.ASK_FIRST)
    dated = Answer.NOT_BEFORE if answer is Answer.ASK_FIRST else answer
    at = max((one.at for one in reasons if one.answer is dated and one.at), default=None)
    on = at.astimezone(ZoneInfo(zone)).date() if at else None
    return Advice(topic, name, answer, at, on, reasons)
