"""A protocol laid over a calendar: what is due for one procedure, when, and which texts that means.

Pure: the procedure's instant, the zones and `now` are arguments, and equal arguments give equal answers. No
person is known here and no text is sent; quiet hours, consent and expiry are judged again when a text goes
out. Called by enrolment, by the simulation on the command line and in the API.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from schedules.civil_time import Offset, add_offset, day_number, resolve_local
from schedules.protocol import (
    CLEARANCE,
    CareProtocol,
    Question,
    Step,
    StepKind,
    Text,
    in_texting_hours,
)
from schedules.texts import (
    PlannedText,
    ask_or_inform,
    plan_reminders,
    reminders_of,
    wall_day,
    wall_minutes,
    worth_sending,
)

__all__ = [
    "Occurrence",
    "PlannedText",
    "add_offset",
    "build_timeline",
    "day_number",
    "plan_reminders",
    "resolve_local",
]

_TEXT_KINDS = (StepKind.CHECK_IN, StepKind.EDUCATION)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of a step with its instants in aware UTC, its questions and its texts.

    A restriction holds from `due_at` (the procedure) until `ends_at`, or until what `ends_with` names
    happens: a milestone, or `clearance`, which also stands for an end that the clinic has not decided. `day`
    is the D-number of `due_at` in the clinic's zone.
    """

    step_key: str
    index: int
    kind: StepKind
    title: Text
    why: Text
    due_at: datetime
    earliest_at: datetime | None
    overdue_at: datetime | None
    expires_at: datetime | None
    ends_at: datetime | None
    ends_with: str | None
    day: int
    bookable: bool
    soft: bool
    questions: tuple[Question, ...]
    texts: tuple[PlannedText, ...]


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Everything of the procedure that decides a date."""

    anchor: datetime
    clinic_zone: str
    patient_zone: str
    facts: Mapping[str, str]
    now: datetime
    preferred_time: time | None


@dataclass(frozen=True, slots=True)
class _Moments:
    due_at: datetime
    earliest_at: datetime | None = None
    overdue_at: datetime | None = None
    expires_at: datetime | None = None


def build_timeline(
    protocol: CareProtocol,
    *,
    anchor: datetime,
    clinic_zone: str,
    patient_zone: str,
    facts: Mapping[str, str],
    now: datetime,
    preferred_time: time | None = None,
) -> tuple[Occurrence, ...]:
    """Return every occurrence of the protocol after a procedure at `anchor`, by due date, then as written.

    Left out: steps whose conditions the `facts` (technique, anaesthesia) do not meet, steps before a
    procedure that is not planned ahead, texts that have expired at `now`, and check-ins and education with
    them. Past milestones and restrictions stay. A later `now` never adds anything. `preferred_time` is the
    patient's wall time for texts, within TEXTING_HOURS; ValueError otherwise, and for a naive instant.
    """
    _check_aware(anchor=anchor, now=now)
    _check_preferred(preferred_time)
    known = {"region": protocol.region, **facts}
    calendar = _Calendar(anchor, clinic_zone, patient_zone, known, now, preferred_time)
    occurrences = [
        _occurrence(step, index, moments, calendar)
        for step in protocol.steps
        if step.applies(known) and not _comes_too_late(step, calendar)
        for index in range(step.times)
        for moments in [_moments(step, index, calendar)]
        if not _is_over(step, moments, now)
    ]
    return tuple(sorted(occurrences, key=lambda occurrence: occurrence.due_at))


def _moments(step: Step, index: int, calendar: _Calendar) -> _Moments:
    if step.window is None:
        return _Moments(due_at=calendar.anchor.astimezone(UTC))
    window = step.window
    due_at = _reach(window.due, step, index, calendar)
    earliest_at = _reach(window.earliest, step, index, calendar) if window.earliest else None
    overdue_at = _reach(window.overdue, step, index, calendar) if window.overdue else None
    expires_at = _reach(window.expires, step, index, calendar) if window.expires else None
    if window.tolerance:
        zone = _zone_of(step, calendar)
        earliest_at = add_offset(due_at, -window.tolerance, zone, None)
        overdue_at = add_offset(due_at, window.tolerance, zone, None)
    if window.before_procedure and expires_at:
        expires_at = min(expires_at, calendar.anchor.astimezone(UTC))
    # Elapsed hours and calendar days can cross where a zone leaves hours out; the order is a promise.
    earliest_at = min(earliest_at, due_at) if earliest_at else None
    overdue_at = max(overdue_at, due_at) if overdue_at else None
    expires_at = max(expires_at, overdue_at or due_at) if expires_at else None
    return _Moments(due_at, earliest_at, overdue_at, expires_at)


def _reach(offset: Offset, step: Step, index: int, calendar: _Calendar) -> datetime:
    distance = offset.plus(step.recurs.every, index) if step.recurs else offset
    return add_offset(calendar.anchor, distance, _zone_of(step, calendar), _wall_time(step, calendar))


def _zone_of(step: Step, calendar: _Calendar) -> str:
    return calendar.patient_zone if step.kind in _TEXT_KINDS else calendar.clinic_zone


def _wall_time(step: Step, calendar: _Calendar) -> time | None:
    if step.kind in _TEXT_KINDS and calendar.preferred_time is not None:
        return calendar.preferred_time
    return step.local_time


def _comes_too_late(step: Step, calendar: _Calendar) -> bool:
    before = step.window is not None and step.window.before_procedure
    return before and calendar.anchor <= calendar.now


def _is_over(step: Step, moments: _Moments, now: datetime) -> bool:
    return step.kind in _TEXT_KINDS and moments.expires_at is not None and moments.expires_at <= now


def _occurrence(step: Step, index: int, moments: _Moments, calendar: _Calendar) -> Occurrence:
    ends_at, ends_with = _end(step, calendar)
    return Occurrence(
        step_key=step.key,
        index=index,
        kind=step.kind,
        title=step.title,
        why=step.why,
        due_at=moments.due_at,
        earliest_at=moments.earliest_at,
        overdue_at=moments.overdue_at,
        expires_at=moments.expires_at,
        ends_at=ends_at,
        ends_with=ends_with,
        day=day_number(calendar.anchor, moments.due_at, calendar.clinic_zone),
        bookable=step.bookable,
        soft=step.soft,
        questions=step.questions,
        texts=_texts(step, moments, calendar),
    )


def _end(step: Step, calendar: _Calendar) -> tuple[datetime | None, str | None]:
    if step.kind is not StepKind.RESTRICTION:
        return None, None
    if isinstance(step.ends, Offset):
        return add_offset(calendar.anchor, step.ends, calendar.clinic_zone, step.local_time), None
    return None, step.ends or CLEARANCE


def _texts(step: Step, moments: _Moments, calendar: _Calendar) -> tuple[PlannedText, ...]:
    if step.kind in _TEXT_KINDS and moments.expires_at:
        planned = ask_or_inform(
            step,
            moments.due_at,
            moments.expires_at,
            procedure_facts=calendar.facts,
            facts=_text_facts(step, moments, calendar),
            patient_zone=calendar.patient_zone,
            now=calendar.now,
            preferred_time=calendar.preferred_time,
        )
    else:
        reminders = reminders_of(
            step,
            moments.due_at,
            clinic_zone=calendar.clinic_zone,
            patient_zone=calendar.patient_zone,
            preferred_time=calendar.preferred_time,
            booked=False,
        )
        planned = [text for text in reminders if text.due_at >= calendar.anchor]
    return worth_sending(planned, calendar.now)


def _text_facts(step: Step, moments: _Moments, calendar: _Calendar) -> Mapping[str, str]:
    known = {
        "procedure_on": wall_day(calendar.anchor, calendar.clinic_zone),
        "procedure_at": wall_minutes(calendar.anchor, calendar.clinic_zone),
        "due_on": wall_day(moments.due_at, calendar.clinic_zone),
    }
    return {fact: known[fact] for fact in step.facts}


def _check_aware(**instants: datetime) -> None:
    for name, instant in instants.items():
        if instant.utcoffset() is None:
            raise ValueError(f"{name} must carry a zone, found {instant.isoformat()}")


def _check_preferred(preferred_time: time | None) -> None:
    if preferred_time is not None and not in_texting_hours(preferred_time):
        raise ValueError(f"the preferred time must be from 09:00 and before 20:00, found {preferred_time}")
