"""Serves the simulator over HTTP from threads of this process.

`__main__` keeps it up until a signal; tests use `running` and get an address of their own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from notifications.phone_simulator.app import create_app
from notifications.phone_simulator.line import Line
from notifications.phone_simulator.simulator import Simulator


def wall_clock() -> datetime:
    """Read the clock on the wall, in UTC: the simulator stands for the outside world and has its own."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that answers at `url`."""

    url: str
    simulator: Simulator


class _Handler(WSGIRequestHandler):
    def log_request(self, *_: Any) -> None:
        """Write no access log: the paths hold phone numbers, and the page shows the wire."""


class _Server(ThreadedWSGIServer):
    request_queue_size = 512  # a dispatcher opens many connections at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def running(
    line: Line,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    state: Path | None = None,
    pace: float = 0.4,
    clock: Callable[[], datetime] = wall_clock,
) -> Iterator[Running]:
    """Serve a simulator until the block ends; port 0 takes a free one.

    A port already taken ends the process with status 1.
    """
    simulator = Simulator.assembled(line, clock, state=state, pace=pace)
    server = _Server(host, port, create_app(simulator), _Handler)
    # Checked often, so that stopping is felt as at once.
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="phone-simulator", daemon=True)
    thread.start()
    simulator.start()
    try:
        yield Running(f"http://{host}:{server.port}", simulator)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        simulator.stop()
