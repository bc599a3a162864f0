"""The processes a benchmark starts: they say a line, are told a line, and are gone when the block is left.

Each is the leader of its own session, so that whatever it has started goes with it.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).resolve().parents[2]
_GRACE_SECONDS: Final = 10.0


class ChildFailed(Exception):
    """A process ended that was still needed, or said nothing; its last words are the message."""


class Child:
    """One running process; its complaints are kept for when it fails."""

    def __init__(self, name: str, process: subprocess.Popen[str], complaints: IO[str]) -> None:
        self.name = name
        self._process = process
        self._complaints = complaints

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def hear(self) -> str:
        """Return its next line. Raises ChildFailed when it ends instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise ChildFailed(f"{self.name}: {self.last_words()}")
        return line.strip()

    def tell(self, word: str) -> None:
        """Give it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def check(self) -> None:
        """Raise ChildFailed if it has ended."""
        if self._process.poll() is not None:
            raise ChildFailed(f"{self.name}: {self.last_words()}")

    def finish(self) -> None:
        """Wait until it ends by itself. Raises ChildFailed when it ends badly."""
        if self._process.wait():
            raise ChildFailed(f"{self.name}: {self.last_words()}")

    def last_words(self) -> str:
        """Return the last line it complained with, or how it ended."""
        self._complaints.seek(0)
        lines = [line.strip() for line in self._complaints if line.strip()]
        return lines[-1] if lines else f"ended with exit code {self._process.poll()}"


@contextmanager
def child(
    name: str, command: Sequence[str], environment: Mapping[str, str] | None = None, *, heard: bool = True
) -> Iterator[Child]:
    """Yield a running process, and end it with all it started, however the block is left.

    `environment` is added to ours; unless `heard`, what it prints counts as complaints.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if heard else complaints,
            stderr=complaints,
            text=True,
            start_new_session=True,
        )
        try:
            yield Child(name, process, complaints)
        finally:
            _end(process)


def module(name: str, *arguments: str) -> list[str]:
    """Return how one of our modules is run as a process."""
    return [sys.executable, "-m", name, *arguments]


def _end(process: subprocess.Popen[str]) -> None:
    """Politely first (its input ends, then SIGTERM), by force after the grace."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    _signal_session(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
    _signal_session(process, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _signal_session(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # gone already; a Mac says the latter of a zombie
        os.killpg(process.pid, number)
