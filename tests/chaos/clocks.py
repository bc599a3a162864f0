"""A clock that several processes share through a file, and that can be stepped or run fast.

The file says what time it was at one instant of the machine's monotonic clock, which no step can reach.
Workers and web read one file, the provider another: nobody's step is ever Twilio's.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path


class ClockFile:
    """Whoever holds it may step the clock; whoever is handed `clock_of` the same path reads it."""

    def __init__(self, path: Path, *, starts_at: datetime, speed: float) -> None:
        """Start the clock; `speed` is its seconds per real second."""
        self.path = path
        self.speed = speed
        self._write(starts_at)

    def now(self) -> datetime:
        """Return what the clock shows."""
        return clock_of(self.path)()

    def step(self, by: timedelta) -> None:
        """Move the clock by this much at once, for all who read it."""
        self._write(self.now() + by)

    def _write(self, shows: datetime) -> None:
        fresh = self.path.with_suffix(".fresh")
        fresh.write_text(json.dumps([time.monotonic(), shows.timestamp(), self.speed]), encoding="utf-8")
        fresh.replace(self.path)  # at once, or not at all: a reader never sees half a clock


def clock_of(path: Path) -> Callable[[], datetime]:
    """Return a clock that reads this file anew each time."""

    def now() -> datetime:
        origin, shows, speed = json.loads(path.read_text(encoding="utf-8"))
        return datetime.fromtimestamp(shows + (time.monotonic() - origin) * speed, UTC)

    return now
