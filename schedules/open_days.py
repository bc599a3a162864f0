"""On which days a clinic is open, and where a date goes that falls on another.

Pure: public holidays come in as a function (`public_holidays` has the real ones), closed days as values.
Called by `anchors` for milestones that need the clinic open.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import takewhile

from babel.dates import format_date

from schedules.vocabulary import LANGUAGES, Text
from schedules.windows import OpenDay

_FARTHEST = 45
"""Days a date may move at most; a clinic that is closed for longer is asked by its patients, not by us."""
_DAY_PATTERNS = {"en": "EEE d MMM", "tr": "d MMMM EEEE"}
_MOVED = {"en": "moved to {day}: {reason}", "tr": "{day} gününe alındı: {reason}"}
_WEEKDAY = {"en": "the clinic is closed on {weekday}s", "tr": "klinik {weekday} günleri kapalı"}
_OWN = {"en": "the clinic is closed that day", "tr": "klinik o gün kapalı"}
_HOLIDAY = {"en": "{name}, a public holiday", "tr": "{name}, resmî tatil"}


def _no_holidays(_day: date) -> Text | None:
    return None


@dataclass(frozen=True, slots=True)
class OpenDays:
    """A clinic's days: `closed_weekdays` in ISO numbers (1 is Monday), `closed_days` its own, and holidays.

    `holiday` names a day's public holiday in every language, or returns None. ValueError where no weekday is
    open, and for a number that is no weekday.
    """

    closed_weekdays: Collection[int] = ()
    closed_days: Collection[date] = ()
    holiday: Callable[[date], Text | None] = field(default=_no_holidays)

    def __post_init__(self) -> None:
        if not set(self.closed_weekdays) < set(range(1, 8)):
            raise ValueError(
                f"closed weekdays are some of the numbers 1 to 7, found {sorted(self.closed_weekdays)}"
            )

    def is_closed(self, day: date) -> bool:
        """Say whether the clinic is closed on a day."""
        by_itself = day.isoweekday() in self.closed_weekdays or day in self.closed_days
        return by_itself or self.holiday(day) is not None

    def why_closed(self, day: date) -> Text | None:
        """Return in words why the clinic is closed on a day, None where it is open."""
        name = self.holiday(day)
        if name is not None:
            return {language: _HOLIDAY[language].format(name=name[language]) for language in LANGUAGES}
        if day.isoweekday() in self.closed_weekdays:
            return {
                language: _WEEKDAY[language].format(weekday=_in_words(day, "EEEE", language))
                for language in LANGUAGES
            }
        return _OWN if day in self.closed_days else None

    def nearest(self, day: date, rule: OpenDay, *, not_before: date | None = None) -> date:
        """Return the open day a date goes to: itself, the next, or the one before if that is not too early.

        A date stays where it is when no open day is within reach.
        """
        if rule is OpenDay.ANY or not self.is_closed(day):
            return day
        before = self._first_open(day, -1) if rule is OpenDay.PREVIOUS else None
        if before is not None and (not_before is None or before >= not_before):
            return before
        return self._first_open(day, 1) or day

    def _first_open(self, day: date, step: int) -> date | None:
        ahead = (day + timedelta(days=step * distance) for distance in range(1, _FARTHEST + 1))
        closed = len(list(takewhile(self.is_closed, ahead)))
        return day + timedelta(days=step * (closed + 1)) if closed < _FARTHEST else None


@lru_cache(maxsize=4096)  # writing a day costs a fiftieth of a whole timeline
def _in_words(day: date, pattern: str, language: str) -> str:
    words = format_date(day, pattern, locale=language)
    alone = pattern == "EEEE"
    return words.lower() if alone and language == "tr" else words  # Turkish writes it small outside a date


def why_moved(planned: date, moved_to: date, reason: Text) -> Text:
    """Return the sentence that tells why a date is not the protocol's, such as "moved to Mon 4 Jan: …"."""
    if planned == moved_to:
        return {}
    return {
        language: _MOVED[language].format(
            day=_in_words(moved_to, _DAY_PATTERNS[language], language), reason=reason[language]
        )
        for language in LANGUAGES
    }
