"""The only place that reads the wall clock.

Everything else takes `now` as an argument, read once per request or tick.
Called by the entry points: requests, worker ticks, the command line.
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present instant, aware, in UTC."""


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)
