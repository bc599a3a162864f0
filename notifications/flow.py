"""How much may be handed to one sender now: its rate, its pauses, the breaker that opens when it is down.

Pure: a standing goes in, what a batch has shown goes in, a standing comes out. Where standings are kept, so
that all workers share them, is the house's; what a single failure means for its text is `timing`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

FAULTS_TO_OPEN: Final = 10
"""Provider faults in a row after which the breaker opens (proposed; one in ten at random does it never)."""

_FIRST_OPENING: Final = timedelta(seconds=10)
_LONGEST_OPENING: Final = timedelta(seconds=60)  # a safety text waits no longer than this to be tried again
_CREDENTIALS_PAUSE: Final = timedelta(minutes=5)
_LONGEST_SLOW_DOWN: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = max(_LONGEST_OPENING, _CREDENTIALS_PAUSE, _LONGEST_SLOW_DOWN)
_FURTHEST_AHEAD: Final = timedelta(minutes=30)  # a thousand urgent texts at the slowest rate, and more
_AHEAD: Final = 10.0  # seconds of segments that may wait at the provider: a safety text stands behind no more
_RAMP_AHEAD: Final = 1.0  # while a backlog drains
_RAMP_ENDS: Final = 256
_ROUNDING: Final = 1e-3  # texts: an instant is rounded to a microsecond, at up to 100 texts a second

# Segments a second, by kind of sender. Source: shared/reference/twilio.md, "Sending".
_RATES: Final = {
    "whatsapp": 80.0,
    "short_code": 100.0,
    "alphanumeric": 10.0,
    "toll_free": 3.0,
    "long_code": 1.0,
}
_TOLL_FREE: Final = tuple(f"+1{area}" for area in (800, 833, 844, 855, 866, 877, 888))
_LONGEST_SHORT_CODE: Final = 6


class Trouble(StrEnum):
    """What a send has shown of its sender, beside the fate of its text."""

    FAULT = "fault"
    """No connection, no answer, or a server error."""
    SLOW_DOWN = "slow_down"
    """The provider asks for a pause."""
    CREDENTIALS = "credentials"
    """The provider does not know us."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One sender's standing.

    `free_at`: when the segments handed over so far have left at its rate. `faults` in a row, `openings` of
    the breaker since all was well. `ramp`: texts a second while a backlog drains, None when all is well.
    """

    free_at: datetime | None = None
    paused_until: datetime | None = None
    pause_reason: str = ""
    faults: int = 0
    openings: int = 0
    ramp: int | None = None


CALM: Final = Standing()


@dataclass(frozen=True, slots=True)
class Tally:
    """What one batch has shown of a sender, faults being those after the last acceptance.

    `extra_segments` are those beyond one for each text that was reserved (fewer than none, when texts did
    not leave); `slow_down` is the longest pause asked for, in seconds.
    """

    accepted: int = 0
    extra_segments: int = 0
    faults: int = 0
    slow_down: float | None = None
    refused: str | None = None


def segment_rate(sender: str) -> float | None:
    """Yield the segments a second that a sender's kind carries; None for a Messaging Service (a pool)."""
    if sender.startswith("MG"):
        return None
    if sender.startswith("whatsapp:"):
        return _RATES["whatsapp"]
    digits = sender.removeprefix("+")
    if not digits.isdecimal():
        return _RATES["alphanumeric"]
    if len(digits) <= _LONGEST_SHORT_CODE:
        return _RATES["short_code"]
    return _RATES["toll_free" if sender.startswith(_TOLL_FREE) else "long_code"]


def is_paused(standing: Standing, now: datetime) -> bool:
    """Tell whether nothing may go through this sender yet, not even a safety text."""
    until = _by_this_clock(standing, now).paused_until
    return until is not None and until > now


def room(standing: Standing, now: datetime, *, rate: float | None, most: int) -> int:
    """Yield how many texts may be taken for this sender now, at most `most`."""
    if is_paused(standing, now):
        return 0
    standing = _by_this_clock(standing, now)
    pace, ahead = _pace(standing, rate)
    if pace is None:
        return most
    waiting = max((standing.free_at - now).total_seconds(), 0.0) if standing.free_at else 0.0
    free = (ahead - waiting) * pace
    return min(most, int(free + _ROUNDING)) if free >= 1 else int(waiting == 0)


def reserve(standing: Standing, texts: int, now: datetime, *, rate: float | None) -> Standing:
    """Yield the standing with room taken for `texts` of one segment each."""
    return _charge(_by_this_clock(standing, now), texts, now, rate)


def standing_after(
    standing: Standing, tally: Tally, now: datetime, *, rate: float | None, jitter: Callable[[], float]
) -> Standing:
    """Yield the standing after a batch.

    Ten faults in a row open the breaker, for 10 s and twice as long each time up to a minute. When it closes,
    one text probes; each batch that goes well doubles what a second may carry, until all is well.
    Refused credentials pause for five minutes; a pause asked for is kept, up to five minutes.
    """
    after = _charge(_by_this_clock(standing, now), tally.extra_segments, now, rate)
    after = _recovered(after, tally, now) if tally.accepted else after
    if tally.faults:
        after = _failing(after, tally, now, jitter)
    if tally.slow_down is not None:
        pause = min(timedelta(seconds=tally.slow_down), _LONGEST_SLOW_DOWN)
        after = _paused(after, now + pause, "the provider asked for a pause")
    if tally.refused is not None:
        after = _paused(after, now + _CREDENTIALS_PAUSE, tally.refused)
        after = replace(after, ramp=1)
    return after


def _by_this_clock(standing: Standing, now: datetime) -> Standing:
    """Leave out what lies further ahead than anything is set: the clock has been put back since."""
    if standing.paused_until is not None and standing.paused_until > now + _LONGEST_PAUSE:
        standing = replace(standing, paused_until=None)
    if standing.free_at is not None and standing.free_at > now + _FURTHEST_AHEAD:
        standing = replace(standing, free_at=None)
    return standing


def _recovered(standing: Standing, tally: Tally, now: datetime) -> Standing:
    """What was accepted tells that the provider is there; a pause that others hold stays."""
    if standing.ramp is None:
        return replace(standing, faults=0)
    ramp = standing.ramp * 2
    if tally.faults or is_paused(standing, now):
        return replace(standing, faults=0)
    if ramp < _RAMP_ENDS:
        return replace(standing, faults=0, ramp=ramp)
    return replace(standing, faults=0, ramp=None, openings=0, paused_until=None, pause_reason="")


def _failing(standing: Standing, tally: Tally, now: datetime, jitter: Callable[[], float]) -> Standing:
    faults = standing.faults + tally.faults
    probing = standing.ramp == 1
    if (faults < FAULTS_TO_OPEN and not probing) or is_paused(standing, now):
        return replace(standing, faults=faults)
    pause = min(_FIRST_OPENING * (1 << min(standing.openings, 8)), _LONGEST_OPENING)
    opened = replace(standing, faults=faults, openings=standing.openings + 1, ramp=1)
    return _paused(opened, now + pause * (0.75 + 0.25 * jitter()), "the provider does not answer")


def _paused(standing: Standing, until: datetime, reason: str) -> Standing:
    if standing.paused_until is not None and standing.paused_until >= until:
        return standing
    return replace(standing, paused_until=until, pause_reason=reason)


def _pace(standing: Standing, rate: float | None) -> tuple[float | None, float]:
    """Yield texts a second, and how many seconds of them may be taken ahead."""
    if standing.ramp is not None and (rate is None or standing.ramp <= rate):
        return float(standing.ramp), _RAMP_AHEAD
    return rate, _AHEAD


def _charge(standing: Standing, segments: int, now: datetime, rate: float | None) -> Standing:
    pace, _ = _pace(standing, rate)
    if pace is None or not segments:
        return standing
    start = max(standing.free_at, now) if standing.free_at else now
    free_at = start + timedelta(seconds=segments / pace)
    return replace(standing, free_at=max(free_at, now))
