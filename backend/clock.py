"""The only place that reads the wall clock, and that says where the rules of time zones come from.

Everything else takes `now` as an argument, read once per request or tick.
Called by the entry points: requests, worker ticks, the command line.
"""

import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

# From the locked tzdata package, not from whatever the machine has: a zone must not mean one thing to the web
# and another to a worker elsewhere, and a change of law comes when the package is updated.
zoneinfo.reset_tzpath(to=())

Clock = Callable[[], datetime]
"""Returns the present instant, aware, in UTC."""


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def zone_data_version() -> str:
    """Return the version of the time zones' rules that this process was started with."""
    return version("tzdata")
