"""A calendar as a file: the lines of RFC 5545, escaped and folded. Knows no patient and no table."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from backend.services.calendar_entries import Entry

MIMETYPE: Final = "text/calendar"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no text may hold (RFC 5545, 3.3.11)."""
_LONGEST_LINE: Final = 75
"""Octets, the line break apart (RFC 5545, 3.1)."""
_REFRESH: Final = "PT6H"
"""How often a calendar may ask again, as a hint (RFC 7986, 5.7); proposed."""


def calendar_file(name: str, entries: Iterable[Entry]) -> bytes:
    """Return the calendar of that name; equal entries give equal bytes."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Recovery Tracker//Calendar//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}",
        f"X-PUBLISHED-TTL:{_REFRESH}",
        *(line for entry in entries for line in _event(entry)),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _event(entry: Entry) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield f"DTSTAMP:{_instant(entry.changed_at)}"
    yield f"LAST-MODIFIED:{_instant(entry.changed_at)}"
    yield f"SEQUENCE:{entry.sequence}"
    if isinstance(entry.starts, datetime):
        yield f"DTSTART:{_instant(entry.starts)}"
    else:
        yield f"DTSTART;VALUE=DATE:{_day(entry.starts)}"
        yield f"DTEND;VALUE=DATE:{_day(entry.starts + timedelta(days=1))}"
        yield "TRANSP:TRANSPARENT"
    yield f"SUMMARY:{_text(entry.summary)}"
    yield f"DESCRIPTION:{_text(entry.description)}"
    yield f"STATUS:{entry.status}"
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _text(value: str) -> str:
    one_break = value.replace("\r\n", "\n").replace("\r", "\n")
    escaped = one_break.replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,").replace("\n", r"\n")
    return _CONTROL.sub("", escaped)


def _folded(line: str) -> bytes:
    """Break a line after at most 75 octets, never inside a character; what follows begins with a space."""
    pieces, piece = [], b""
    for octets in (character.encode() for character in line):
        if len(piece) + len(octets) > _LONGEST_LINE:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
