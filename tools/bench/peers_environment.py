"""Where the peers live: a virtual environment of their own, and a Redis for those that want one.

Installed from the hashed `peers.txt` the first time, and again when that file changes; never beside the
product's own packages.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools.bench.children import ROOT, child
from tools.bench.ports import free_port, until_it_listens

ENVIRONMENT: Final = ROOT / ".venv-bench"
PYTHON: Final = ENVIRONMENT / "bin" / "python"
_LOCK: Final = Path(__file__).with_name("peers.txt")
_STAMP: Final = ENVIRONMENT / "peers.sha256"


class NotInstalled(Exception):
    """The peers cannot be had on this machine, and why."""


def install() -> None:
    """Make the environment as the lock says, unless it is there. Raises NotInstalled."""
    wanted = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == wanted:
        return
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [
            *(str(PYTHON), "-m", "pip", "--disable-pip-version-check", "-qq"),
            *("install", "--require-hashes", "--only-binary", ":all:", "-r", str(_LOCK)),
        ],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotInstalled((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    _STAMP.write_text(wanted, encoding="utf-8")


@contextmanager
def redis() -> Iterator[tuple[str, int] | None]:
    """Yield the address and process of a Redis that keeps nothing, or None where there is no redis-server.

    The machine's own one if there is one, else the wheel's.
    """
    of_the_wheel = ENVIRONMENT / "bin" / "redis-server"
    program = shutil.which("redis-server") or (str(of_the_wheel) if of_the_wheel.exists() else None)
    if program is None:
        yield None
        return
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="recovery-redis-") as folder:
        told = (
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder,
        )
        with child("redis-server", [program, *told], heard=False) as server:
            until_it_listens(server, port)
            yield f"redis://127.0.0.1:{port}/0", server.pid


def run_there(command: list[str], environment: dict[str, str]) -> None:
    """Run a module of the peers' environment to its end. Raises ChildFailed."""
    with child(command[0], [str(PYTHON), "-m", *command], environment, heard=False) as process:
        process.finish()
