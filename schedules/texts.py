"""The texts of a step: a question and its nudge, a piece of education, the reminders of a milestone.

Decides which template is due when, in the patient's zone, and until when it is worth sending. The sentences
are in `notifications`; so are sending, quiet hours and what is done about a late text. Called by `timeline`
and by whoever books a milestone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from schedules.civil_time import add_offset, resolve_local
from schedules.conditions import Facts
from schedules.steps import Lateness, Purpose, Step, StepKind
from schedules.vocabulary import TEXTING_HOURS, in_texting_hours

_AFTER_REMINDER_LIVES = timedelta(days=3)  # (proposed) then it would only puzzle


@dataclass(frozen=True, slots=True)
class PlannedText:
    """One text of an occurrence: its template, when it is due, and until when it is worth sending.

    `key` is unique within the occurrence. `facts` are those the schedule knows: dates as ISO days (`…_on`)
    and wall times of the clinic as naive ISO minutes (`…_at`). `moved` says in words why its hour is not the
    protocol's, and is empty where it is.
    """

    key: str
    purpose: Purpose
    template: str
    due_at: datetime
    expires_at: datetime
    facts: Mapping[str, str | int]
    lateness: Lateness
    moved: str = ""


def plan_reminders(
    step: Step,
    occurrence_index: int,
    *,
    at: datetime,
    clinic_zone: str,
    patient_zone: str,
    now: datetime,
    preferred_time: time | None = None,
    booked: bool = True,
) -> tuple[PlannedText, ...]:
    """Return a milestone's reminders around the instant it is booked at, those that expired left out.

    A reminder expires when the next is due, the last one at the appointment: a booking at short notice brings
    one text, never several. With `booked` false the instant is a due date that was moved. Keys are those of
    the timeline, so that a text planned before can be moved. ValueError for an occurrence there is not.
    """
    for name, instant in (("at", at), ("now", now)):
        if instant.utcoffset() is None:
            raise ValueError(f"{name} must carry a zone, found {instant.isoformat()}")
    if not 0 <= occurrence_index < step.times:
        raise ValueError(f"{step.key} has {step.times} occurrences, so none with index {occurrence_index}")
    reminders = reminders_of(
        step,
        at,
        clinic_zone=clinic_zone,
        patient_zone=patient_zone,
        preferred_time=preferred_time,
        booked=booked,
    )
    return worth_sending(reminders, now)


def ask_or_inform(
    step: Step,
    due_at: datetime,
    expires_at: datetime,
    *,
    procedure_facts: Facts,
    facts: Mapping[str, str | int],
    patient_zone: str,
    now: datetime,
    preferred_time: time | None = None,
) -> list[PlannedText]:
    """Return the text of a check-in or of education, and the check-in's nudge if its hour is still to come.

    At or past that hour the question itself is only going out now: a nudge beside it would be a burst.
    """
    asks = step.kind is StepKind.CHECK_IN
    key, purpose = ("ask", Purpose.ASK) if asks else ("inform", Purpose.INFORM)
    template = step.template_for(procedure_facts) or ""
    text = partial(PlannedText, expires_at=expires_at, facts=facts, lateness=step.lateness)
    planned = [text(key, purpose, template, due_at, moved=_moved_to(preferred_time, step.local_time))]
    if step.nudge_template and step.nudge_after:
        wished = add_offset(due_at, step.nudge_after, patient_zone, None)
        nudge_at, moved = _into_texting_hours(wished, patient_zone)
        if nudge_at > now:
            planned.append(text("nudge", Purpose.NUDGE, step.nudge_template, nudge_at, moved=moved))
    return planned


def reminders_of(
    step: Step,
    hangs_on: datetime,
    *,
    clinic_zone: str,
    patient_zone: str,
    preferred_time: time | None,
    booked: bool,
) -> list[PlannedText]:
    """Return a milestone's reminders around the due or booked instant they hang on, expired or not."""
    facts = (
        {"booked_at": wall_minutes(hangs_on, clinic_zone)}
        if booked
        else {"due_on": wall_day(hangs_on, clinic_zone)}
    )
    due = [
        (add_offset(hangs_on, reminder.offset, patient_zone, preferred_time or reminder.local_time), reminder)
        for reminder in step.reminders
    ]
    due.sort(key=lambda pair: pair[0])
    text = partial(PlannedText, facts=facts, lateness=step.lateness)
    planned = []
    for position, (due_at, reminder) in enumerate(due):
        last = hangs_on.astimezone(UTC) if reminder.before else due_at + _AFTER_REMINDER_LIVES
        next_at = due[position + 1][0] if position + 1 < len(due) else last
        template = reminder.booked_template if booked else reminder.template
        moved = _moved_to(preferred_time, reminder.local_time)
        expires_at = min(last, next_at)
        planned.append(
            text(reminder.key, Purpose.REMIND, template, due_at, expires_at=expires_at, moved=moved)
        )
    return planned


def worth_sending(texts: Iterable[PlannedText], now: datetime) -> tuple[PlannedText, ...]:
    """Return the texts that have not expired at `now`; one due at its own expiry or later never counts."""
    return tuple(text for text in texts if text.expires_at > now and text.due_at < text.expires_at)


def _into_texting_hours(at: datetime, zone: str) -> tuple[datetime, str]:
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if in_texting_hours(local.time()):
        return at, ""
    morning = datetime.combine(local.date(), TEXTING_HOURS[0])
    opening = resolve_local(morning if local < morning else morning + timedelta(days=1), zone)
    return opening, f"moved to {TEXTING_HOURS[0]:%H:%M}: quiet hours {zone}"


def _moved_to(preferred: time | None, planned: time | None) -> str:
    if preferred is None or preferred == planned:
        return ""
    return f"moved to {preferred:%H:%M}: the hour the patient prefers"


def wall_day(at: datetime, zone: str) -> str:
    """Return the ISO day of an instant in a zone."""
    return at.astimezone(ZoneInfo(zone)).date().isoformat()


def wall_minutes(at: datetime, zone: str) -> str:
    """Return the wall time of an instant in a zone, naive ISO to the minute."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="minutes")
