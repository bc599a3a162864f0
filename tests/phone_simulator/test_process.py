"""The simulator as a process of its own: settings, signals, the state it keeps, and what it never loads."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.phone_simulator.conftest import ACCOUNT, AYSE, TOKEN, Clinic

COMMAND = [sys.executable, "-m", "notifications.phone_simulator", "--port", "0"]


def settings(clinic: Clinic) -> dict[str, str]:
    return {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": f"{TOKEN}, old",
        "SIMULATOR_INBOUND_URL": clinic.inbound_url,
    }


@contextmanager
def started(clinic: Clinic, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [*COMMAND, *more],
        env=settings(clinic),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", said)
            assert found, process.stderr.read() if process.stderr else ""
            yield process, found.group()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_even_with_a_request_under_way(
    number: signal.Signals, clinic: Clinic
) -> None:
    with started(clinic) as (process, url):
        httpx.post(f"{url}/simulator/faults", json={"latency_ms": 60_000})
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(
                f"{url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", auth=(ACCOUNT, TOKEN), timeout=0.1
            )
        before = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - before < 2
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_state_file_keeps_the_conversation_over_a_restart(clinic: Clinic, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state.sqlite"))
    with started(clinic, *state) as (process, url):
        httpx.post(f"{url}/simulator/inbound", json={"From": AYSE, "Body": "ateşim var"})
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=5)
    with started(clinic, *state) as (_, url):
        assert "ateşim var" in httpx.get(f"{url}/phones/{AYSE}").text


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--account-sid", "AC123"], "account SID"),
        (["--auth-token", ""], "auth token"),
        (["--number", "CLINIC"], "number"),
        (["--inbound-url", "clinic"], "inbound URL"),
    ],
)
def test_a_setting_that_cannot_be_is_named_at_the_start(
    arguments: list[str], named: str, clinic: Clinic
) -> None:
    ended = subprocess.run([*COMMAND, *arguments], env=settings(clinic), text=True, capture_output=True)
    assert ended.returncode == 2
    assert named in ended.stderr


def test_it_loads_neither_twilios_library_nor_the_rest_of_the_product() -> None:
    code = "import notifications.phone_simulator.__main__, sys; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    ours = {
        name for name in loaded.stdout.split() if name.startswith(("notifications.", "backend", "schedules"))
    }
    outside = {name for name in ours if not name.startswith("notifications.phone_simulator")}
    assert outside == {"notifications.phone", "notifications.segments"}
    assert "twilio" not in loaded.stdout.split()
