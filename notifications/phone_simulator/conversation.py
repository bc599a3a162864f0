"""What a phone's page shows of each message: side, local time, and its fate in words.

Pure: messages and words in, bubbles out. The templates only place them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_datetime
from phonenumbers import timezone

from notifications.phone_simulator.messages import Message

_LOST = frozenset({"undelivered", "failed"})


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text on the screen. `state` is "there", "coming", "lost", "taken" or "refused"."""

    sid: str
    mine: bool
    body: str
    at: datetime
    time: str
    segments: str
    fate: str
    state: str


@dataclass(frozen=True, slots=True)
class Day:
    """The texts of one local day, with its name."""

    on: date
    name: str
    bubbles: tuple[Bubble, ...]


def zone_of(phone: str) -> ZoneInfo:
    """Yield the zone a number is used in, as far as its prefix tells; UTC where it does not."""
    names = timezone.time_zones_for_number(phonenumbers.parse(phone))
    return ZoneInfo("UTC" if names[0] == timezone.UNKNOWN_TIMEZONE else names[0])


def when(message: Message, language: str) -> str:
    """Write day and time of a message as the patient's own clock had it."""
    local = message.created_at.astimezone(zone_of(message.phone))
    return format_datetime(local, "d MMM HH:mm", locale=language)


def spoken(sender: str) -> str:
    """Write a number with the spaces of its country; a sender's name stays as it is."""
    try:
        number = phonenumbers.parse(sender)
    except phonenumbers.NumberParseException:
        return sender
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def days(
    messages: Sequence[Message], zone: ZoneInfo, language: str, words: Mapping[str, str]
) -> tuple[Day, ...]:
    """Yield the conversation by local days, in the order given."""

    def day_of(message: Message) -> date:
        return message.created_at.astimezone(zone).date()

    return tuple(
        Day(
            on,
            format_date(on, "EEEE d MMMM", locale=language),
            tuple(_bubble(m, zone, words) for m in group),
        )
        for on, group in groupby(messages, key=day_of)
    )


def _bubble(message: Message, zone: ZoneInfo, words: Mapping[str, str]) -> Bubble:
    local = message.created_at.astimezone(zone)
    fate, state = _told(message, words) if message.inbound else _fate(message, words)
    return Bubble(
        sid=message.sid,
        mine=message.inbound,
        body=message.body,
        at=message.created_at,
        time=f"{local:%H:%M}",
        segments=_segments(message.segments, words),
        fate=fate,
        state=state,
    )


def _segments(count: int, words: Mapping[str, str]) -> str:
    return words["one_segment"] if count == 1 else words["segments"].format(count=count)


def _fate(message: Message, words: Mapping[str, str]) -> tuple[str, str]:
    fate = words[f"status_{message.status}"]
    if message.status in _LOST:
        return f"{fate} ({message.error_code})", "lost"
    return fate, "there" if message.status == "delivered" else "coming"


def _told(message: Message, words: Mapping[str, str]) -> tuple[str, str]:
    if message.webhook is None:
        return words["to_clinic_pending"], "coming"
    if message.webhook.startswith("2"):
        return words["to_clinic_ok"], "taken"
    return words["to_clinic_bad"].format(reason=message.webhook), "refused"
