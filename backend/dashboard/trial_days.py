"""A trial of a protocol by day and by month: what stands on which day of a timeline and of a calendar.

Pure arrangement of what `services.trials` found; words for codes come from `trial_words`. Called by the page
of a simulation.
"""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from backend.dashboard.language import gettext
from backend.dashboard.sentences import in_reader_words
from backend.dashboard.side_by_side import price_words
from backend.dashboard.trial_words import event_words
from backend.queries.timelines import in_language
from backend.services.rehearsing import Event
from backend.services.simulation import SimulatedText
from backend.services.trials import Trial
from notifications.prices import SegmentPrice
from schedules.protocol import StepKind
from schedules.timeline import Occurrence

_ORDER: Final = ("procedure", "milestone", "free", "text", "event")
_MONDAYS: Final = Calendar(firstweekday=0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on a day: `kind` is procedure, milestone, free (a restriction ends), text or event.

    `body` are a text's words in the patient's `language`; `note` says why it is not where the protocol has
    it. Segments and price belong to texts, `tier` to what reaches a nurse.
    """

    at: datetime
    kind: str
    title: str
    note: str = ""
    body: str = ""
    language: str = ""
    segments: int = 0
    encoding: str = ""
    price: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day with something on it; `number` counts from the procedure."""

    on: date
    number: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month with something in it, as weeks from Monday; None where a day belongs to another month."""

    first: date
    weeks: tuple[tuple[tuple[date, tuple[Entry, ...]] | None, ...], ...]


def days_of(
    trial: Trial, performed_at: datetime, zone: str, price: SegmentPrice | None, language: str
) -> tuple[Day, ...]:
    """Return every day with something on it, in the zone of the trial, sentences in the reader's language."""
    there = ZoneInfo(zone)
    titles = {one.step_key: in_language(one.title, language) for one in trial.simulation.occurrences}
    entries = [
        Entry(performed_at.astimezone(there), "procedure", gettext("The procedure")),
        *(_milestone(one, there, language) for one in trial.simulation.occurrences if _happens(one)),
        *(_free(one, there, language) for one in trial.simulation.occurrences if one.ends_at),
        *(_text(one, titles.get(one.step_key, one.step_key), price) for one in trial.simulation.texts),
        *(_event(one, there, language) for one in trial.events),
    ]
    by_day: defaultdict[date, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (entry.at, _ORDER.index(entry.kind))):
        by_day[entry.at.date()].append(entry)
    day_zero = performed_at.astimezone(there).date()
    return tuple(Day(on, (on - day_zero).days, tuple(by_day[on])) for on in sorted(by_day))


def months_of(days: Sequence[Day]) -> tuple[Month, ...]:
    """Return the months of these days, each as a calendar's weeks."""
    entries: Mapping[date, tuple[Entry, ...]] = {day.on: day.entries for day in days}
    firsts = sorted({day.on.replace(day=1) for day in days})
    return tuple(
        Month(
            first,
            tuple(
                tuple((on, entries.get(on, ())) if on.month == first.month else None for on in week)
                for week in _MONDAYS.monthdatescalendar(first.year, first.month)
            ),
        )
        for first in firsts
    )


def open_ended(occurrences: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    """Return the restrictions that no day ends: they wait for an event or for a clinician's clearance."""
    return tuple(one for one in occurrences if one.kind is StepKind.RESTRICTION and one.ends_at is None)


def _happens(occurrence: Occurrence) -> bool:
    return occurrence.kind is StepKind.MILESTONE


def _milestone(occurrence: Occurrence, there: ZoneInfo, language: str) -> Entry:
    return Entry(
        occurrence.due_at.astimezone(there),
        "milestone",
        in_language(occurrence.title, language),
        in_language(occurrence.moved, language),
    )


def _free(occurrence: Occurrence, there: ZoneInfo, language: str) -> Entry:
    ends_at = occurrence.ends_at or occurrence.due_at
    title = gettext("Ends: %(what)s", what=in_language(occurrence.title, language))
    return Entry(ends_at.astimezone(there), "free", title)


def _text(text: SimulatedText, title: str, price: SegmentPrice | None) -> Entry:
    size = text.sms.segments
    return Entry(
        text.local_time,
        "text",
        _titled(text.key, title),
        in_reader_words(text.moved),
        text.sms.body,
        text.sms.language,
        size.count,
        size.encoding,
        price_words(price, size.count),
    )


def _titled(key: str, title: str) -> str:
    """Return a step's title, with what sets this text of it apart."""
    if key == "nudge":
        return gettext("%(title)s (asked once more)", title=title)
    return gettext("%(title)s (reminder)", title=title) if key.startswith("remind_") else title


def _event(event: Event, there: ZoneInfo, language: str) -> Entry:
    return Entry(
        event.at.astimezone(there),
        "event",
        event_words(event, language),
        tier=event.tier.value if event.tier else "",
    )
