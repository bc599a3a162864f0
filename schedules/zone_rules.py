"""The rules of a time zone over some years, as values: what is kept of them to see when a law changes one.

Pure. Which version of the zone data a process has, where rules are kept and what follows from a change is the
house's, which calls this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schedules.civil_time import resolve_local

YEARS_KEPT: Final = 12
"""How far ahead rules are kept: twice as far as any shipped protocol plans."""

_DAY: Final = timedelta(days=1)
_YEAR: Final = timedelta(days=366)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """From `at` on the zone's clock stands this far from UTC, until the next change."""

    at: datetime
    offset: timedelta


def rules_of(zone: str, start: datetime, years: int = YEARS_KEPT) -> tuple[ZoneChange, ...]:
    """Return the offsets of an IANA zone from an instant on, the first at the minute of `start`.

    Changes are found to the minute; two within one day would be taken for one, and none ever were.
    """
    there = ZoneInfo(zone)
    at = start.astimezone(UTC).replace(second=0, microsecond=0)
    changes = [ZoneChange(at, _offset(there, at))]
    for _ in range(_YEAR.days * years):
        after = _offset(there, at + _DAY)
        if after != changes[-1].offset:
            changes.append(ZoneChange(_change_between(there, at, at + _DAY), after))
        at += _DAY
    return tuple(changes)


def differ(old: Sequence[ZoneChange], new: Sequence[ZoneChange], start: datetime) -> bool:
    """Say whether two sets of rules tell different times from `start` to where the old ones are not kept."""
    last = old[0].at + YEARS_KEPT * _YEAR
    return list(_from(old, start, last)) != list(_from(new, start, last))


def same_wall_time(at: datetime, old: Sequence[ZoneChange], zone: str) -> datetime:
    """Return the instant at which the zone's clock, by its rules now, shows what it was to show at `at`."""
    offset = next((change.offset for change in reversed(old) if change.at <= at), old[0].offset)
    if offset == _offset(ZoneInfo(zone), at):
        return at
    return resolve_local((at.astimezone(UTC) + offset).replace(tzinfo=None), zone)


def _from(rules: Sequence[ZoneChange], start: datetime, last: datetime) -> Iterator[ZoneChange]:
    current = next((change.offset for change in reversed(rules) if change.at <= start), rules[0].offset)
    yield ZoneChange(start, current)
    yield from (change for change in rules if start < change.at <= last)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None, "an aware time has an offset"
    return offset


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    old = _offset(zone, before)
    while after - before > _MINUTE:
        middle = before + ((after - before) // 2 // _MINUTE) * _MINUTE
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after
