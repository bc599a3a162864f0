"""Several processes as one foreground job: they start together, and end together.

Knows nothing of what it runs; `tools.run` tells it. Each child is the leader of its
own session, so that Ctrl-C reaches only us and we decide the order of the ending,
and so that whatever a child has started goes with it.
"""

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_SECONDS = 0.1


class Stopped(Exception):
    """Somebody asked for the end: Ctrl-C, or a signal."""


class ChildEnded(Exception):
    """A child ended that was to run on; `name` and `returncode` say which, and how."""

    def __init__(self, name: str, returncode: int) -> None:
        how = f"exit code {returncode}" if returncode >= 0 else f"signal {-returncode}"
        super().__init__(f"{name} ended by itself ({how})")
        self.name = name
        self.returncode = returncode


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a server could listen on `port` right now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


@dataclass(slots=True)
class ForegroundJob:
    """The children, and whether the end was asked for. Use inside `foreground_job`."""

    grace_seconds: float = 10.0
    _asked: threading.Event = field(default_factory=threading.Event)
    _children: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start one child that is to run until the end."""
        self._children.append((name, _spawn(command, environment)))

    def run_first(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
        """Run something to its end before the rest starts, and return what it printed.

        Raises ChildEnded when it fails.
        """
        with tempfile.TemporaryFile() as printed:
            child = _spawn(command, environment, printed)
            self._children.append((name, child))
            while child.poll() is None:
                self._pause()
            self._children.remove((name, child))
            if child.returncode:
                raise ChildEnded(name, child.returncode)
            printed.seek(0)
            return printed.read().decode("utf-8", "replace")

    def pids(self) -> dict[str, int]:
        """Return the running children's process ids, by name."""
        return {name: child.pid for name, child in self._children}

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait for `ready`, at most so many seconds, and say whether it came true."""
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                return False
            self._look()
        return True

    def wait_for_the_end(self) -> None:
        """Return never: raises Stopped when asked to end, ChildEnded when a child did."""
        while True:
            self._look()

    def ask_to_end(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Let whoever waits know that the end was asked for; fit to be a signal handler."""
        self._asked.set()

    def stop_all(self) -> None:
        """End every child with all it started: politely first, by force after the grace."""
        for _, child in self._children:
            _signal_session(child, signal.SIGTERM)
        deadline = time.monotonic() + self.grace_seconds
        for _, child in self._children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            _signal_session(child, signal.SIGKILL)
            child.wait()
        self._children.clear()

    def _pause(self) -> None:
        if self._asked.wait(_LOOK_SECONDS):
            raise Stopped

    def _look(self) -> None:
        self._pause()
        for name, child in self._children:
            if child.poll() is not None:
                raise ChildEnded(name, child.returncode)


@contextmanager
def foreground_job(grace_seconds: float = 10.0) -> Iterator[ForegroundJob]:
    """Yield a job whose children are all gone when the block is left, however it is left."""
    job = ForegroundJob(grace_seconds)
    before = {number: signal.signal(number, job.ask_to_end) for number in ENDING_SIGNALS}
    try:
        yield job
    finally:
        job.stop_all()
        for number, handler in before.items():
            signal.signal(number, handler)


def _spawn(
    command: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, start_new_session=True
    )


def _signal_session(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # gone already; a Mac says the latter of a zombie
        os.killpg(child.pid, number)
