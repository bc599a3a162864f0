"""A protocol laid over a calendar: what is due for one procedure, when, and which texts that means.

Pure: the procedure's instant, the zones, the clinic's open days and `now` are arguments, and equal arguments
give equal answers. No person is known here and no text is sent; quiet hours, consent and expiry are judged
again when a text goes out. Called by enrolment, re-planning and simulation.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time

from schedules.anchors import Anchors, Moments
from schedules.civil_time import Offset, add_offset, day_number, resolve_local
from schedules.conditions import known_facts
from schedules.course import TEXT_KINDS, Course, MilestoneDates
from schedules.open_days import OpenDays
from schedules.protocol import CareProtocol
from schedules.questions import Question
from schedules.steps import Step, StepKind
from schedules.texts import (
    PlannedText,
    ask_or_inform,
    plan_reminders,
    reminders_of,
    wall_day,
    wall_minutes,
    worth_sending,
)
from schedules.vocabulary import CLEARANCE, FLIES_HOME, Text
from schedules.windows import Anchor, By, End

__all__ = [
    "Course",
    "MilestoneDates",
    "Occurrence",
    "OpenDays",
    "PlannedText",
    "Timeline",
    "Waiting",
    "add_offset",
    "build_timeline",
    "day_number",
    "lay_out",
    "plan_reminders",
    "resolve_local",
]

_WAITS = {
    By.DATE: {"en": "waits for the date of: {title}", "tr": "şunun tarihini bekliyor: {title}"},
    By.DONE: {"en": "waits until this is done: {title}", "tr": "şunun yapılmasını bekliyor: {title}"},
}
_FLIGHT = {"en": "the flight home", "tr": "eve dönüş uçuşu"}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of a step with its instants in aware UTC, its questions and its texts.

    A restriction holds from `due_at` (the procedure) until `ends_at`, or until what `ends_with` names
    happens: a milestone, some time after one (`visit+P7D`), or `clearance`, which also stands for an end that
    the clinic has not decided. `day` is the D-number of `due_at` in the clinic's zone. `moved` says in every
    language why the due date is not the protocol's, and is empty where it is. `instruments` are the keys of
    those whose questions are among its own.
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
    moved: Text = field(default_factory=dict)
    instruments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An occurrence without a date: `waits_for` is what it hangs on, `words` say so in every language."""

    step_key: str
    index: int
    kind: StepKind
    title: Text
    why: Text
    waits_for: str
    words: Text


@dataclass(frozen=True, slots=True)
class Timeline:
    """What has a date, by due date and then as written, and what waits for one, as written."""

    occurrences: tuple[Occurrence, ...]
    waiting: tuple[Waiting, ...]


def build_timeline(
    protocol: CareProtocol,
    *,
    anchor: datetime,
    clinic_zone: str,
    patient_zone: str,
    facts: Mapping[str, str | Sequence[str]],
    now: datetime,
    preferred_time: time | None = None,
    open_days: OpenDays | None = None,
    milestones: Mapping[str, MilestoneDates] | None = None,
    flies_home_on: date | None = None,
    steps: Collection[str] | None = None,
) -> tuple[Occurrence, ...]:
    """Return every occurrence that has a date, in the order of dates, for arguments as in `Course`."""
    course = Course(
        anchor=anchor,
        clinic_zone=clinic_zone,
        patient_zone=patient_zone,
        facts=known_facts(facts),
        now=now,
        preferred_time=preferred_time,
        open_days=open_days,
        milestones=milestones or {},
        flies_home_on=flies_home_on,
    )
    return lay_out(protocol, course, steps=steps).occurrences


def lay_out(protocol: CareProtocol, course: Course, *, steps: Collection[str] | None = None) -> Timeline:
    """Lay a protocol, or only these `steps` of it, over the calendar of one procedure.

    The region is the protocol's, and whether the patient flies home follows from `flies_home_on`; the facts
    may say otherwise. Left out: steps whose conditions the facts do not meet, steps before a procedure that
    is not planned ahead, texts that have expired at `now`, and check-ins and education with them. Past
    milestones and restrictions stay. A later `now` never adds anything.
    """
    flies = "yes" if course.flies_home_on else "no"
    known = {"region": (protocol.region,), "flies_home": (flies,), **course.facts}
    course = replace(course, anchor=course.anchor.astimezone(UTC), facts=known)
    anchors = Anchors({step.key: step for step in protocol.steps}, course)
    occurrences: list[Occurrence] = []
    waiting: list[Waiting] = []
    for step in protocol.steps:
        if steps is not None and step.key not in steps:
            continue
        if not step.conditions.met_by(known) or _comes_too_late(step, course):
            continue
        for index in range(step.times):
            moments = anchors.moments(step, index)
            if moments is None:
                waiting.append(_waiting(step, index, protocol))
            elif not _is_over(step, moments, course.now):
                occurrences.append(_occurrence(step, index, moments, course, anchors))
    occurrences.sort(key=lambda occurrence: occurrence.due_at)
    return Timeline(tuple(occurrences), tuple(waiting))


def _comes_too_late(step: Step, course: Course) -> bool:
    before = step.window is not None and step.window.before_procedure
    return before and course.anchor <= course.now


def _is_over(step: Step, moments: Moments, now: datetime) -> bool:
    return step.kind in TEXT_KINDS and moments.expires_at is not None and moments.expires_at <= now


def _occurrence(step: Step, index: int, moments: Moments, course: Course, anchors: Anchors) -> Occurrence:
    ends_at, ends_with = _end(step, course, anchors)
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
        day=day_number(course.anchor, moments.due_at, course.clinic_zone),
        bookable=step.bookable,
        soft=step.soft,
        questions=step.questions,
        texts=_texts(step, moments, course),
        moved=moments.moved,
        instruments=tuple(instrument.key for instrument in step.instruments),
    )


def _waiting(step: Step, index: int, protocol: CareProtocol) -> Waiting:
    anchor = step.window.anchor if step.window else Anchor()
    title = _FLIGHT if anchor.key == FLIES_HOME else protocol.step(anchor.key).title
    words = {language: said.format(title=title[language]) for language, said in _WAITS[anchor.by].items()}
    return Waiting(step.key, index, step.kind, step.title, step.why, anchor.key, words)


def _end(step: Step, course: Course, anchors: Anchors) -> tuple[datetime | None, str | None]:
    if step.kind is not StepKind.RESTRICTION:
        return None, None
    if isinstance(step.ends, Offset):
        return add_offset(course.anchor, step.ends, course.clinic_zone, step.local_time), None
    if isinstance(step.ends, End):
        ends_at = anchors.end(step.ends, step)
        return ends_at, None if ends_at else str(step.ends)
    return None, step.ends or CLEARANCE


def _texts(step: Step, moments: Moments, course: Course) -> tuple[PlannedText, ...]:
    if step.kind in TEXT_KINDS and moments.expires_at:
        planned = ask_or_inform(
            step,
            moments.due_at,
            moments.expires_at,
            procedure_facts=course.facts,
            facts=_text_facts(step, moments, course),
            patient_zone=course.patient_zone,
            now=course.now,
            preferred_time=course.preferred_time,
        )
    else:
        reminders = reminders_of(
            step,
            moments.due_at,
            clinic_zone=course.clinic_zone,
            patient_zone=course.patient_zone,
            preferred_time=course.preferred_time,
            booked=False,
        )
        planned = [text for text in reminders if text.due_at >= course.anchor]
    return worth_sending(planned, course.now)


def _text_facts(step: Step, moments: Moments, course: Course) -> Mapping[str, str]:
    if not step.facts:
        return {}
    known = {
        "procedure_on": wall_day(course.anchor, course.clinic_zone),
        "procedure_at": wall_minutes(course.anchor, course.clinic_zone),
        "due_on": wall_day(moments.due_at, course.clinic_zone),
    }
    return {fact: known[fact] for fact in step.facts}
