"""`make run`: what it refuses, what it tells its children, and that it leaves nothing behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.packaging.test_foreground import LISTENER
from tools.docker_test import free_port
from tools.foreground import port_is_free
from tools.run import DEMO_ACCOUNT, Unusable, environment, ports


@pytest.mark.parametrize("text", ["eighty", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused_by_name(text):
    with pytest.raises(Unusable, match="PORT="):
        ports({"PORT": text})


def test_one_port_for_both_is_refused():
    with pytest.raises(Unusable, match="give two different ones"):
        ports({"PORT": "8123", "SIMULATOR_PORT": "8123"})


def test_a_taken_port_is_refused_with_the_way_out():
    with subprocess.Popen(LISTENER, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with pytest.raises(Unusable, match=rf"port {port} is taken .* make run PORT={port + 1}"):
            ports({"PORT": str(port), "SIMULATOR_PORT": str(free_port())})
        process.kill()


def test_a_demo_can_never_text_a_real_person():
    real = {
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_AUTH_TOKEN": "real",
        "TWILIO_API_URL": "https://real",
    }
    told = environment(real, 8000, 8010, Path("/tmp/x"))
    assert {name: told[name] for name in DEMO_ACCOUNT} == DEMO_ACCOUNT
    assert told["TWILIO_API_URL"] == "http://127.0.0.1:8010"


def test_the_caller_s_own_settings_are_kept():
    told = environment({"DATABASE_URL": "sqlite:////tmp/mine.db", "LOG_LEVEL": "DEBUG"}, 1, 2, Path("/tmp/x"))
    assert (told["DATABASE_URL"], told["LOG_LEVEL"]) == ("sqlite:////tmp/mine.db", "DEBUG")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ps") is None, reason="counts processes with ps")
def test_it_starts_becomes_ready_and_leaves_no_process(tmp_path: Path, sqlite_template: Path):
    folder = tmp_path / "instance"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "recovery.db")
    put_a_clinic_into(folder / "recovery.db")  # so that no demo is made: it has tests of its own
    web, simulator = free_port(), free_port()
    told = {**os.environ, "PORT": str(web), "SIMULATOR_PORT": str(simulator), "PYTHONUNBUFFERED": "1"}
    told.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "tools.run", "--folder", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        said = ""
        while "Ctrl-C" not in said and (line := run.stdout.readline()):
            said += line
        started = descendants_of(run.pid)
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/readyz") as ready:
            assert json.load(ready)["status"] == "ready"
        run.send_signal(signal.SIGTERM)
        run.stdout.read()
    assert run.returncode == 0
    assert f"http://127.0.0.1:{web}/" in said
    assert len(started) >= 3
    assert started & processes().keys() == set()
    assert port_is_free(web)


def put_a_clinic_into(file: Path) -> None:
    """Add a clinic by the command line."""
    subprocess.run(
        [
            *(sys.executable, "-m", "backend", "create-clinic", "Somebody's", "--country", "TR"),
            *("--zone", "Europe/Istanbul", "--language", "tr", "--phone", "1", "--emergency-number", "112"),
        ],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{file}"},
        check=True,
        capture_output=True,
    )


def processes() -> dict[int, int]:
    """Every running process with its parent; a zombie does not run."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def descendants_of(pid: int) -> set[int]:
    """Every process that `pid` has started, directly or not."""
    parents = processes()
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found
