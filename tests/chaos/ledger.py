"""What the provider saw, line by line, in a file that outlives every process: the only book that counts.

Written by the endpoint; read by the supervisor, which follows it, and by `counting`.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

What = Literal["taken", "refused", "listed", "fetched", "reported"]

FAULTS: Final = {
    "dropped": "taken, connection dropped",
    "broken_after": "500 after taking",
    "broken": "500, not taken",
    "busy": "429",
    "slow": "taken, answered too late",
    "list_broken": "500 for a list",
}
"""The provider's faults by the name they have in the ledger, in words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the provider did.

    `at` is the machine's monotonic clock; `by` the process that asked; `message` and `attempt` are ours,
    from the callback's address; `fault` is what the provider did wrong; `answer` is a callback's HTTP
    status, 0 for none.
    """

    what: What
    by: str = ""
    message: str = ""
    attempt: int = 0
    sid: str = ""
    fault: str = ""
    status: str = ""
    answer: int = 0
    at: float = 0.0


class LedgerWriter:
    """Appends lines; each is with the operating system when `add` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def add(self, entry: Entry) -> None:
        """Write one entry down, as of now."""
        self._file.write(json.dumps({**asdict(entry), "at": time.monotonic()}) + "\n")

    def close(self) -> None:
        """Write no more."""
        self._file.close()


class LedgerReader:
    """Follows a ledger that is being written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self.entries: list[Entry] = []
        self.taken = 0
        self.last_asked: dict[str, float] = {}

    def catch_up(self) -> list[Entry]:
        """Read what is new since the last time."""
        fresh = list(self._new_lines())
        for entry in fresh:
            if entry.what in {"taken", "refused"}:
                self.taken += entry.what == "taken"
                self.last_asked[entry.by] = entry.at
        self.entries += fresh
        return fresh

    def _new_lines(self) -> Iterator[Entry]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # still being written
                self._position += len(line)
                yield Entry(**json.loads(line))
