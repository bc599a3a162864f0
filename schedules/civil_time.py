"""Calendar arithmetic: offsets such as P3M, and what a wall time means in a zone.

The policy is section 7 of the clinical facts: days, weeks, months and years are counted on the calendar of a
zone, hours and minutes are elapsed time. No protocol and no `now` here. Used by every module of this package.
"""

import calendar
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from schedules.errors import ProtocolError, shown

_OFFSET = re.compile(
    r"(?P<sign>-?)P(?=\d|T\d)"
    r"(?:(?P<years>\d{1,2})Y)?(?:(?P<months>\d{1,3})M)?(?:(?P<weeks>\d{1,3})W)?(?:(?P<days>\d{1,4})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,4})H)?(?:(?P<minutes>\d{1,4})M)?)?",
    re.ASCII,
)
_UNITS = ("years", "months", "weeks", "days", "hours", "minutes")
# Month lengths repeat every four years within a century; the last day of each month is where clamping bites.
_REFERENCES = tuple(
    date(year, month, day)
    for year in range(2024, 2028)
    for month in range(1, 13)
    for day in (1, calendar.monthrange(year, month)[1])
)


@dataclass(frozen=True, slots=True)
class Offset:
    """A distance from the procedure, as an ISO 8601 duration: calendar units, then elapsed time."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    sign: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a duration such as P7D, -P7D, PT2H or P3M; anything else is a ProtocolError."""
        found = _OFFSET.fullmatch(text)
        if not found:
            raise ProtocolError(
                "", "", f"found {shown(text)}; write a duration such as P7D, -P7D, PT2H or P3M"
            )
        parts = {unit: int(found[unit] or 0) for unit in _UNITS}
        return cls(**parts, sign=-1 if found["sign"] and any(parts.values()) else 1)

    def __str__(self) -> str:
        day = "".join(f"{getattr(self, unit)}{unit[0].upper()}" for unit in _UNITS[:4] if getattr(self, unit))
        clock = "".join(
            f"{getattr(self, unit)}{unit[0].upper()}" for unit in _UNITS[4:] if getattr(self, unit)
        )
        return (
            ("-" if self.sign < 0 else "")
            + "P"
            + (day or ("" if clock else "0D"))
            + ("T" + clock if clock else "")
        )

    @property
    def has_clock(self) -> bool:
        """Whether hours or minutes are part of it: elapsed time, which no wall time can replace."""
        return bool(self.hours or self.minutes)

    @property
    def has_calendar(self) -> bool:
        """Whether days or longer units are part of it: those are counted in a zone."""
        return bool(self.years or self.months or self.weeks or self.days)

    def __neg__(self) -> "Offset":
        parts = (self.years, self.months, self.weeks, self.days, self.hours, self.minutes)
        return Offset(*parts, sign=-self.sign)

    def plus(self, every: "Offset", times: int) -> "Offset":
        """Return this offset with `every` added `times` times, unit by unit, so that months never drift.

        Both must point the same way; a recurrence always points forward.
        """
        added = {unit: getattr(self, unit) + times * getattr(every, unit) for unit in _UNITS}
        return replace(self, **added)

    def never_after(self, other: "Offset") -> bool:
        """Say whether this offset ends no later than the other from every day of a leap cycle."""
        return all(_span(self, start) <= _span(other, start) for start in _REFERENCES)


def _span(offset: Offset, start: date) -> timedelta:
    elapsed = offset.sign * timedelta(hours=offset.hours, minutes=offset.minutes)
    return shift_days(start, offset) - start + elapsed


def shift_days(start: date, offset: Offset) -> date:
    """Return the calendar day `offset` away, its hours apart; a month's missing days clamp to its last.

    Years and months are counted first, weeks and days from the clamped day.
    """
    if offset.years or offset.months:
        months = start.year * 12 + start.month - 1 + offset.sign * (offset.years * 12 + offset.months)
        year, month = months // 12, months % 12 + 1
        start = date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
    return start + timedelta(days=offset.sign * (offset.weeks * 7 + offset.days))


def resolve_local(local: datetime, zone: str) -> datetime:
    """Return the UTC instant that a naive wall time means in an IANA zone.

    In a gap the wall time moves forward by the gap's length (on a day the zone skipped: the same hour of the
    next), in an overlap it is the first of the two. Both are what PEP 495 says of `fold=0`.
    """
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def add_offset(anchor: datetime, offset: Offset, zone: str, at: time | None) -> datetime:
    """Return the UTC instant `offset` away from an aware anchor, its days counted in the zone.

    `at` is the wall time on the day reached; without it the anchor's own is kept. Hours and minutes of the
    offset are elapsed time, added last. An offset without calendar units and without `at` is elapsed time
    only, so an anchor in the second half of an overlap stays where it is.
    """
    if at is None and not offset.has_calendar:
        reached = anchor.astimezone(UTC)
    else:
        local = anchor.astimezone(ZoneInfo(zone))
        day = shift_days(local.date(), offset)
        reached = resolve_local(datetime.combine(day, local.time() if at is None else at), zone)
    if not offset.has_clock:
        return reached
    return reached + offset.sign * timedelta(hours=offset.hours, minutes=offset.minutes)


def day_number(anchor: datetime, at: datetime, zone: str) -> int:
    """Return the D-number of an instant: calendar days in the zone since the anchor's day, which is D0."""
    there = ZoneInfo(zone)
    return (at.astimezone(there).date() - anchor.astimezone(there).date()).days
