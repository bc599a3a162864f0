"""One worker as the product wires it, measured from inside: everything that is due goes out, then it ends.

A process of its own, started by the parts with its settings as one JSON argument. Says `ready`, waits for
a line, works, prints what it took as JSON, and waits for another line.
"""

import cProfile
import io
import json
import pstats
import resource
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from backend.clock import utc_now
from backend.config import Settings
from backend.db import make_engine
from backend.jobs import make_dispatcher
from tools.bench.backlog import SENDER
from tools.bench.endpoint import ACCOUNT, TOKEN

_LINES: Final = 40


def settings_for(database_url: str, port: int) -> Settings:
    """Return the settings of a worker that sends to the endpoint on `port`."""
    return Settings(
        database_url=database_url,
        twilio_account_sid=ACCOUNT,
        twilio_auth_tokens=(TOKEN,),
        twilio_sender=SENDER,
        twilio_api_url=f"http://127.0.0.1:{port}",
    )


def cpu_seconds() -> float:
    """Return the CPU this process has used, in all its threads, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class AllThreads:
    """A profile, by CPU, of this thread and of every one that starts meanwhile, each on its own."""

    def __init__(self) -> None:
        self._profiles: dict[str, cProfile.Profile] = {}

    def __enter__(self) -> Self:
        threading.setprofile(self._begin)
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        threading.setprofile(None)
        self._profiles[threading.current_thread().name].disable()

    def reading(self) -> str:
        """Return what took the time in each thread, by cumulative and by own time."""
        written = io.StringIO()
        for name, profile in self._profiles.items():
            written.write(f"Thread {name}\n")
            statistics = pstats.Stats(profile, stream=written)
            for order in ("cumulative", "tottime"):
                statistics.sort_stats(order).print_stats(_LINES)
        return written.getvalue()

    def _begin(self, *_event: object) -> None:
        """Take over from the hook that a new thread calls first."""
        profile = cProfile.Profile(time.thread_time)  # waiting costs nothing here
        self._profiles[threading.current_thread().name] = profile
        profile.enable()


def main() -> None:
    """Send what is due, until nothing is."""
    told: dict[str, Any] = json.loads(sys.argv[1])
    engine = make_engine(told["database_url"])
    watched = AllThreads() if told.get("profile") else None
    with make_dispatcher(engine, settings_for(told["database_url"], told["port"]), utc_now) as dispatcher:
        print("ready", flush=True)
        if not sys.stdin.readline():
            return  # whoever started us is gone
        cpu, started = cpu_seconds(), time.perf_counter()
        claimed = accepted = 0
        with watched or nullcontext():
            while (counts := dispatcher.tick(utc_now())).claimed:
                claimed += counts.claimed
                accepted += counts.accepted
        seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu
        if watched is not None:
            Path(told["profile"]).write_text(watched.reading(), encoding="utf-8")
        told_back = {"claimed": claimed, "accepted": accepted, "seconds": seconds, "cpu": cpu}
        print(json.dumps(told_back), flush=True)
        sys.stdin.readline()  # connected until the store's own CPU has been read
    engine.dispose()


if __name__ == "__main__":
    main()
