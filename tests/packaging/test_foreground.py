"""Several processes as one job: together up, together down, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.foreground import ChildEnded, Stopped, foreground_job, port_is_free

PYTHON = [sys.executable, "-c"]
SLEEPER = [*PYTHON, "import time; time.sleep(60)"]
DEAF = [*PYTHON, "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"]
PARENT = [
    *PYTHON,
    (
        f"import pathlib, subprocess, sys, time; pathlib.Path(sys.argv[1]).write_text("
        f"str(subprocess.Popen({SLEEPER!r}).pid)); time.sleep(60)"
    ),
]
LISTENER = [
    *PYTHON,
    (
        "import socket; s = socket.create_server(('127.0.0.1', 0));"
        " print(s.getsockname()[1], flush=True); s.accept()"
    ),
]
ENVIRONMENT = dict(os.environ)


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.exists() and not stat.exists():
        return False
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def run_until_one_ends(last_words: str) -> int:
    """Run a sleeper beside a child that ends by itself; return the sleeper's process id."""
    with foreground_job() as job:
        job.start("web", SLEEPER, ENVIRONMENT)
        sleeper = job.pids()["web"]
        job.start("worker", [*PYTHON, last_words], ENVIRONMENT)
        try:
            job.wait_for_the_end()
        except ChildEnded as error:
            return sleeper if str(error) == "worker ended by itself (exit code 3)" else 0
    return 0


def test_a_child_that_dies_ends_the_job_and_is_named():
    assert run_until_one_ends("raise SystemExit(3)")


def test_nothing_is_left_when_one_child_dies():
    assert not alive(run_until_one_ends("raise SystemExit(3)"))


def test_what_a_child_has_started_goes_with_it(tmp_path):
    note = tmp_path / "pid"
    with foreground_job() as job:
        job.start("web", [*PARENT, str(note)], ENVIRONMENT)
        assert job.wait_until(lambda: note.exists() and note.read_text() != "", 10)
        grandchild = int(note.read_text())
    deadline = time.monotonic() + 5
    while alive(grandchild) and time.monotonic() < deadline:
        os.sched_yield()
    assert not alive(grandchild)


def test_a_child_that_will_not_listen_is_ended_all_the_same():
    with foreground_job(grace_seconds=0.2) as job:
        job.start("deaf", DEAF, ENVIRONMENT)
        pid = job.pids()["deaf"]
    assert not alive(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_job(number):
    with foreground_job() as job:
        job.start("web", SLEEPER, ENVIRONMENT)
        os.kill(os.getpid(), number)
        with pytest.raises(Stopped):
            job.wait_for_the_end()


def test_the_first_step_that_fails_keeps_the_rest_from_starting():
    with foreground_job() as job, pytest.raises(ChildEnded, match="init-db"):
        job.run_first("init-db", [*PYTHON, "raise SystemExit(1)"], ENVIRONMENT)


def test_what_the_first_step_says_is_handed_on():
    with foreground_job() as job:
        said = job.run_first("seed", [*PYTHON, "print('a b c')"], ENVIRONMENT)
    assert said == "a b c\n"


def test_a_taken_port_is_seen():
    with subprocess.Popen(LISTENER, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        taken = not port_is_free(port)
        process.kill()
    assert taken
