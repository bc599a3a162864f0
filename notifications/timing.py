"""When a text may leave, how long it stays useful on the way, and when a failed one is tried again.

Pure: instants in, instants out; chance comes in as an argument. What is due at all is decided by `schedules`.
Called by `dispatch`, and by the house when a delivery report asks for another attempt.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifications.gateway import ErrorClass

MAX_ATTEMPTS: Final = 12
PHONE_OFF_ATTEMPTS: Final = 2

_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_PHONE_OFF_PAUSE: Final = timedelta(hours=1)
_LONGEST_VALIDITY: Final = 36_000  # Twilio's queue holds a text for ten hours at most (reference/twilio.md)
_SHORTEST_VALIDITY: Final = 60  # Twilio advises more than 5 s; a text sent in the last minute still gets one


def within_window(now: datetime, zone: str, start: time, end: time) -> bool:
    """Tell whether the patient's clock stands in [start, end).

    A window may pass midnight; start = end is all day.
    """
    local = now.astimezone(ZoneInfo(zone)).time()
    if start == end:
        return True
    if start < end:
        return start <= local < end
    return local >= start or local < end


def next_local(now: datetime, zone: str, at: time) -> datetime:
    """Yield the first instant after `now` at which the patient's clock shows `at`, in UTC.

    In a gap of the clock it moves forward by the gap's length; of two such instants it means the first.
    """
    tz = ZoneInfo(zone)
    today = now.astimezone(tz).date()
    for days in range(-1, 3):
        moment = datetime.combine(today + timedelta(days=days), at, tz).astimezone(UTC)
        if moment > now:
            return moment
    raise AssertionError("a day after tomorrow always comes")


def validity_seconds(now: datetime, expires_at: datetime | None, window_ends_at: datetime | None) -> int:
    """Yield how long the provider may hold a text: until it is useless or quiet hours begin, 60 s to 10 h."""
    ends = [ends_at for ends_at in (expires_at, window_ends_at) if ends_at is not None]
    left = min((int((ends_at - now).total_seconds()) for ends_at in ends), default=_LONGEST_VALIDITY)
    return max(_SHORTEST_VALIDITY, min(left, _LONGEST_VALIDITY))


def retry_at(
    error_class: ErrorClass,
    *,
    attempt: int,
    now: datetime,
    jitter: Callable[[], float],
    retry_after: float | None = None,
) -> datetime | None:
    """Yield when to try a text again after its `attempt`-th try (from 1) failed, or None for never.

    Temporary faults wait 30 s, then twice as long each time up to 30 min, between half of that and all
    of it as `jitter` (0 to 1) says, and at least `retry_after` seconds; they end after 12 attempts. A
    phone that is off gets one more try, an hour later. Every other class is not tried again. Whether the
    text is still useful then is for the caller to say.
    """
    if error_class is ErrorClass.PHONE_OFF and attempt < PHONE_OFF_ATTEMPTS:
        return now + _PHONE_OFF_PAUSE
    if error_class is not ErrorClass.TEMPORARY or attempt >= MAX_ATTEMPTS:
        return None
    longest = min(_FIRST_PAUSE * (1 << (attempt - 1)), _LONGEST_PAUSE)
    pause = longest * (0.5 + 0.5 * jitter())
    return now + max(pause, timedelta(seconds=retry_after or 0))
