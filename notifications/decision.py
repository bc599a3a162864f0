"""What is to become of a claimed row at this instant: send, wait, or never. Pure.

Consent and the like come as the row's own word, judged by the house; the sending is `dispatch`'s, which
calls this.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from notifications.outbox_port import Claimed
from notifications.timing import next_local, validity_seconds, within_window

SPACING: Final = timedelta(minutes=1)
"""How far apart texts that nobody asked for reach one patient (proposed: never a burst)."""


@dataclass(frozen=True, slots=True)
class Send:
    """Go on at once; the provider may hold the text for this long."""

    validity_seconds: int


@dataclass(frozen=True, slots=True)
class Postpone:
    """Not now; ask again at `until`."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Never."""

    status: Literal["expired", "cancelled"]
    why: str


def decide(claimed: Claimed, now: datetime) -> Send | Postpone | Drop:
    """Say what is to become of a claimed row at this instant; every `why` is a sentence for a nurse."""
    if claimed.suppressed is not None:
        return Drop("cancelled", claimed.suppressed)
    if claimed.expires_at is not None and claimed.expires_at <= now:
        return Drop("expired", "too late to be useful: not sent")
    if claimed.due_at > now:
        return Postpone(claimed.due_at, "not due yet")
    later = _keeps_distance(claimed, now)
    if later is not None and (claimed.expires_at is None or later.until < claimed.expires_at):
        return later
    if claimed.ignores_quiet_hours or claimed.window_start == claimed.window_end:
        return Send(validity_seconds(now, claimed.expires_at, None))
    if within_window(now, claimed.zone, claimed.window_start, claimed.window_end):
        window_ends_at = next_local(now, claimed.zone, claimed.window_end)
        return Send(validity_seconds(now, claimed.expires_at, window_ends_at))
    until = next_local(now, claimed.zone, claimed.window_start)
    if claimed.expires_at is not None and until >= claimed.expires_at:
        return Drop("expired", f"quiet hours {claimed.zone} last until it is too late to be useful: not sent")
    return Postpone(until, f"moved to {claimed.window_start:%H:%M}: quiet hours {claimed.zone}")


def _keeps_distance(claimed: Claimed, now: datetime) -> Postpone | None:
    """Say until when a text waits for another; one that would be useless by then waits for none."""
    if claimed.not_before is not None and claimed.not_before > now:
        return Postpone(claimed.not_before, claimed.not_before_why)
    if claimed.last_text_at is not None and claimed.last_text_at + SPACING > now:
        return Postpone(claimed.last_text_at + SPACING, "a minute later: another text had just gone")
    return None
