"""Dates, spans and numbers as people say them, in the reader's language.

Pure functions of an instant, a zone and a locale, and the filters through which the
templates reach them. What language a reader has is `language.py`'s matter.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_timedelta, get_timezone, get_timezone_location
from babel.units import format_unit
from flask import Flask

from backend.dashboard.language import gettext, ngettext
from notifications.phone import InvalidPhone, PhoneNumber
from schedules.civil_time import Offset

_SKELETON = {"en": ("EEE d MMM", "EEE d MMM yyyy"), "tr": ("d MMM EEE", "d MMM yyyy EEE")}


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is written: the language, the clinic's zone, and when it is read."""

    language: str
    zone: str
    now: datetime

    def day(self, instant: datetime | date, *, zone: str | None = None) -> str:
        """Return the day in words: "today", "Tue 17 Nov", with the year when it is another."""
        there = ZoneInfo(zone or self.zone)
        today = self.now.astimezone(there).date()
        on = instant.astimezone(there).date() if isinstance(instant, datetime) else instant
        near = {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}
        if (distance := (on - today).days) in near:
            return near[distance]
        this_year, another = _SKELETON[self.language]
        pattern = this_year if on.year == today.year else another
        return format_date(on, format=pattern, locale=self.language)

    def clock(self, instant: datetime, *, zone: str | None = None) -> str:
        """Return the wall time, 24 hours: "09:14"."""
        return instant.astimezone(ZoneInfo(zone or self.zone)).strftime("%H:%M")

    def moment(self, instant: datetime, *, zone: str | None = None) -> str:
        """Return day and time; where `zone` shows another clock than the clinic's, its place too."""
        words = f"{self.day(instant, zone=zone)} {self.clock(instant, zone=zone)}"
        if zone is None or self._same_clock(instant, zone):
            return words
        return gettext("%(moment)s, %(place)s time", moment=words, place=self.place(zone))

    def day_ahead(self, instant: datetime) -> str:
        """Return a day and how far away it is: "Tue 15 Dec (in 3 weeks)", or only "tomorrow"."""
        there = ZoneInfo(self.zone)
        days = (instant.astimezone(there).date() - self.now.astimezone(there).date()).days
        return self.day(instant) if abs(days) <= 1 else f"{self.day(instant)} ({self.until(instant)})"

    def typed(self, instant: datetime) -> str:
        """Return an instant as a `datetime-local` field of a form has it, in the clinic's zone."""
        return instant.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%dT%H:%M")

    def place(self, zone: str) -> str:
        """Return the place a zone is named after: "Berlin"."""
        return str(get_timezone_location(get_timezone(zone), locale=self.language, return_city=True))

    def span(self, since: datetime) -> str:
        """Return how long ago `since` is, in one unit: "4 min", "2 h", "3 days"."""
        passed = self.now - since
        if passed < timedelta(minutes=1):
            return gettext("just now")
        if passed < timedelta(hours=1):
            return gettext("%(number)s min", number=int(passed.total_seconds() // 60))
        if passed < timedelta(days=1):
            return gettext("%(number)s h", number=int(passed.total_seconds() // 3600))
        return ngettext("%(num)s day", "%(num)s days", passed.days)

    def until(self, instant: datetime) -> str:
        """Return how far away `instant` is in words: "in 10 days", "3 days ago"."""
        there = ZoneInfo(self.zone)
        days = (instant.astimezone(there).date() - self.now.astimezone(there).date()).days
        if days == 0:
            return gettext("today")
        return str(format_timedelta(timedelta(days=days), add_direction=True, locale=self.language))

    def _same_clock(self, instant: datetime, zone: str) -> bool:
        there, here = instant.astimezone(ZoneInfo(zone)), instant.astimezone(ZoneInfo(self.zone))
        return there.utcoffset() == here.utcoffset()


def age(born_on: date, today: date) -> int:
    """Return the completed years of life."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def masked(phone: str) -> str:
    """Return a number by which its owner can be told apart, and no more: "+90•••••4567"."""
    try:
        return str(PhoneNumber.parse(phone))
    except InvalidPhone:
        return "•••"


def initial(family_name: str) -> str:
    """Return "Y." for "Yılmaz"; nothing for nothing."""
    return f"{family_name[:1]}." if family_name else ""


def language_name(code: str, reader_language: str) -> str:
    """Return the name of a language in another: ("tr", "en") is "Turkish"."""
    return (Locale(code).get_display_name(reader_language) or code).capitalize()


_UNITS = ("years", "months", "weeks", "days", "hours", "minutes")


def span_of_offset(offset: Offset, language: str) -> str:
    """Return the length of an offset in words: "3 months", "2 hours"; its direction is the caller's."""
    locale = Locale(language)
    parts = [
        format_unit(getattr(offset, unit), f"duration-{unit.removesuffix('s')}", locale=locale)
        for unit in _UNITS
        if getattr(offset, unit)
    ]
    return " ".join(parts) or format_unit(0, "duration-day", locale=locale)


def install_formats(app: Flask) -> None:
    """Give every template the filters that need no reader."""
    app.jinja_env.filters["masked"] = masked
    app.jinja_env.filters["initial"] = initial
    app.jinja_env.filters["language_word"] = language_name
