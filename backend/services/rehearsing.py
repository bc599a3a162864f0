"""What an imaginary patient's answers, and silences, would lead to: alerts, nudges, calls.

Pure: a simulation and a script in, events out; no row is read or written. The rules are judged by `triage` as
they are for real patients, and as there a number answers the question asked last. Called by the command
line, the API and the page of a simulation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from backend import triage
from backend.services.reply_scripts import ReplyScript, ScriptedReply
from backend.services.simulation import SimulatedText, Simulation
from schedules.civil_time import Offset
from schedules.protocol import CareProtocol, StepKind, Text, Tier
from schedules.timeline import Occurrence, add_offset, day_number

ANSWERS_AFTER: Final = timedelta(hours=1)
"""How long after the hour of a question the imaginary patient answers (proposed): before the nudge."""
_ASKED: Final = "pain"  # what a number that comes by text answers
_NUDGE: Final = "nudge"
_Key = tuple[str, int]


class EventKind(StrEnum):
    """What can happen because of what a patient answers or does not."""

    ANSWER = "answer"  # a number came, and answered a question
    SIGN = "sign"  # a text named a warning sign
    TO_A_PERSON = "to_a_person"  # a number came while no question was open
    NOTHING_ASKED = "nothing_asked"  # silence on a day without an open question
    NUDGE = "nudge"  # no answer yet: the patient is asked once more
    MISSED = "missed"  # the question closed without an answer
    ALERT = "alert"  # triage puts an answer in front of a nurse
    CALL = "call"  # silence has lasted: somebody has to call


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens, on a D-number; `step_key` names its question, where it has one.

    Alerts and calls have a tier, a rule and a reason in every language; `repeated` ones add to an alert that
    stands already.
    """

    kind: EventKind
    at: datetime
    day: int
    step_key: str = ""
    title: Text = field(default_factory=dict)
    value: int | None = None
    sign: str | None = None
    tier: Tier | None = None
    rule: str = ""
    reason: Text = field(default_factory=dict)
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What happens, by date, and the texts that still go: a question answered in time is not nudged."""

    events: tuple[Event, ...]
    texts: tuple[SimulatedText, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """One line of the script with the instant it comes at and the question that is open then."""

    at: datetime
    reply: ScriptedReply
    question: Occurrence | None


def rehearse(
    protocol: CareProtocol,
    simulation: Simulation,
    script: ReplyScript,
    *,
    performed_at: datetime,
    zone: str,
    baseline: int | None = None,
) -> Rehearsal:
    """Return what the script leads to.

    Alerts are never resolved, nothing is booked, and no milestone is watched: only answers and silences
    count. A number before the procedure becomes the baseline.
    """
    questions = [one for one in simulation.occurrences if one.kind is StepKind.CHECK_IN and one.texts]
    lines = _lines(script, questions, performed_at, zone)
    answered: dict[_Key, datetime] = {}
    for line in lines:
        if line.question is not None and line.reply.value is not None:
            answered.setdefault(_key(line.question), line.at)
    silent = {
        _key(line.question): line.question
        for line in lines
        if line.question is not None and line.reply.silent and _key(line.question) not in answered
    }
    nudges = [text for text in simulation.texts if text.key == _NUDGE]
    unsent = [text for text in nudges if answered.get(_text_key(text), text.due_at) < text.due_at]
    play = _Play(protocol, performed_at, zone, baseline)
    turns = [(line.at, partial(play.hear, line)) for line in lines if not _waits(line)]
    turns += [(one.expires_at or one.due_at, partial(play.miss, one)) for one in silent.values()]
    turns += [
        (text.due_at, partial(play.nudge, text, questions))
        for text in nudges
        if text not in unsent and (_text_key(text) in answered or _text_key(text) in silent)
    ]
    for _, take in sorted(turns, key=lambda turn: turn[0]):
        take()
    return Rehearsal(tuple(play.events), tuple(text for text in simulation.texts if text not in unsent))


def _waits(line: _Said) -> bool:
    """Silence while a question is open says nothing yet: it counts when the question closes."""
    return line.reply.silent and line.question is not None


def _key(occurrence: Occurrence) -> _Key:
    return occurrence.step_key, occurrence.index


def _text_key(text: SimulatedText) -> _Key:
    return text.step_key, text.occurrence


def _lines(
    script: ReplyScript, questions: Sequence[Occurrence], performed_at: datetime, zone: str
) -> list[_Said]:
    lines = [_placed(reply, questions, performed_at, zone) for reply in script.replies]
    if script.rest is not None:
        named = {_key(line.question) for line in lines if line.question is not None}
        lines += [
            _Said(one.due_at + ANSWERS_AFTER, replace(script.rest, day=one.day), one)
            for one in questions
            if _key(one) not in named
        ]
    return sorted(lines, key=lambda line: line.at)


def _placed(
    reply: ScriptedReply, questions: Sequence[Occurrence], performed_at: datetime, zone: str
) -> _Said:
    """Return a line at the hour of the day's question; without one, at that of the question before it."""
    before = [one for one in questions if one.day <= reply.day]
    asked = max(before, key=lambda one: one.due_at, default=None)
    if asked is None:
        return _Said(add_offset(performed_at, _days(reply.day), zone, None) + ANSWERS_AFTER, reply, None)
    at = add_offset(asked.due_at, _days(reply.day - asked.day), zone, None) + ANSWERS_AFTER
    is_open = asked.expires_at is not None and at < asked.expires_at
    return _Said(at, reply, asked if is_open else None)


def _days(number: int) -> Offset:
    return Offset(days=abs(number), sign=-1 if number < 0 else 1)


class _Play:
    """What has been said and missed so far, the alerts that stand, and the events they made."""

    def __init__(
        self, protocol: CareProtocol, performed_at: datetime, zone: str, baseline: int | None
    ) -> None:
        self._protocol = protocol
        self._performed_at = performed_at
        self._zone = zone
        self._baseline = baseline
        self._answers: list[triage.Answer] = []
        self._missed: list[int] = []
        self._causes: set[str] = set()
        self.events: list[Event] = []

    def hear(self, line: _Said) -> None:
        """Take in what comes from the patient, and judge it."""
        reply, day = line.reply, self._day(line.at)
        if reply.sign is not None:
            self.events.append(Event(EventKind.SIGN, line.at, day, sign=reply.sign))
            self._judge(line.at, day, [], [reply.sign])
        elif reply.value is None or line.question is None:
            kind = EventKind.NOTHING_ASKED if reply.silent else EventKind.TO_A_PERSON
            self.events.append(Event(kind, line.at, day, value=reply.value))
        else:
            self.events.append(self._about(EventKind.ANSWER, line.at, line.question, value=reply.value))
            if line.at < self._performed_at:
                self._baseline = reply.value
            self._answers.append(triage.Answer(_ASKED, reply.value, day, line.at))
            self._judge(line.at, day, self._answers, [])

    def nudge(self, text: SimulatedText, questions: Iterable[Occurrence]) -> None:
        """Ask once more."""
        question = next(one for one in questions if _key(one) == _text_key(text))
        self.events.append(self._about(EventKind.NUDGE, text.due_at, question))

    def miss(self, question: Occurrence) -> None:
        """Close a question that nobody answered, and judge the silence so far; each cause calls once."""
        at = question.expires_at or question.due_at
        self.events.append(self._about(EventKind.MISSED, at, question))
        self._missed.append(question.day)
        course = triage.Course(missed_days=tuple(sorted(self._missed)))
        day = self._day(at)
        found = triage.assess_course(
            self._protocol.rules, course, region=self._protocol.region, day=day
        ).findings
        new = [finding for finding in found if finding.cause not in self._causes]
        self._raise(EventKind.CALL, at, day, new)

    def _judge(self, at: datetime, day: int, answers: Sequence[triage.Answer], signs: Sequence[str]) -> None:
        assessment = triage.assess(
            self._protocol.rules,
            region=self._protocol.region,
            day=day,
            answers=answers,
            baseline=self._baseline,
            signs=signs,
        )
        self._raise(EventKind.ALERT, at, day, assessment.findings)

    def _raise(self, kind: EventKind, at: datetime, day: int, findings: Iterable[triage.Finding]) -> None:
        for finding in findings:
            self.events.append(
                Event(
                    kind,
                    at,
                    day,
                    tier=finding.tier,
                    rule=finding.rule,
                    reason=finding.reason,
                    repeated=finding.cause in self._causes,
                )
            )
            self._causes.add(finding.cause)

    def _about(self, kind: EventKind, at: datetime, question: Occurrence, value: int | None = None) -> Event:
        return Event(kind, at, self._day(at), question.step_key, question.title, value)

    def _day(self, at: datetime) -> int:
        return day_number(self._performed_at, at, self._zone)
