"""Loopback ports of the servers a benchmark starts."""

import socket
import time
from typing import Final

from tools.bench.children import Child, ChildFailed

_PATIENCE_SECONDS: Final = 60.0


def free_port() -> int:
    """Return a port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_it_listens(server: Child, port: int) -> None:
    """Wait until `server` takes connections. Raises ChildFailed when it ends first, or never does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        server.check()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise ChildFailed(f"{server.name}: does not listen after {_PATIENCE_SECONDS:g} s")
