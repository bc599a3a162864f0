"""What the supervisor tells the processes it starts: one JSON file each, and its own life on their stdin."""

import json
import os
import threading
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from backend.config import Settings
from tests.chaos.faults import Habits


@dataclass(frozen=True, slots=True)
class ProductOrder:
    """For a worker and for the web process: the settings, the clock's file and the jobs' intervals."""

    settings: Settings
    clock: Path
    intervals: dict[str, timedelta]
    port: int = 0

    def write(self, path: Path) -> Path:
        """Leave the order where the process will look."""
        values = {
            "settings": asdict(self.settings),
            "clock": str(self.clock),
            "intervals": {name: every.total_seconds() for name, every in self.intervals.items()},
            "port": self.port,
        }
        path.write_text(json.dumps(values), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: str) -> "ProductOrder":
        """Read the order of this process."""
        values: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        settings = values["settings"]
        tokens = tuple(settings.pop("twilio_auth_tokens"))
        return cls(
            settings=Settings(**settings, twilio_auth_tokens=tokens),
            clock=Path(values["clock"]),
            intervals={name: timedelta(seconds=every) for name, every in values["intervals"].items()},
            port=values["port"],
        )


@dataclass(frozen=True, slots=True)
class EndpointOrder:
    """For the endpoint: its address, its account, its book, its clock and its habits."""

    port: int
    account: str
    token: str
    ledger: Path
    clock: Path
    seed: int
    habits: Habits

    def write(self, path: Path) -> Path:
        """Leave the order where the process will look."""
        path.write_text(json.dumps(asdict(self), default=str), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: str) -> "EndpointOrder":
        """Read the order of this process."""
        values: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        habits: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.pop("habits").items()
        }
        ledger, clock = Path(values.pop("ledger")), Path(values.pop("clock"))
        return cls(**values, ledger=ledger, clock=clock, habits=Habits(**habits))


def end_with_the_supervisor() -> None:
    """End this process when the one that started it is gone, however that ended."""

    def wait() -> None:
        while os.read(0, 1):  # not sys.stdin, whose lock the interpreter wants at its end
            pass
        os._exit(3)

    threading.Thread(target=wait, daemon=True).start()
