"""The worker as a process of its own, told to stop by a signal, with the phone simulator for Twilio."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.clock import utc_now
from backend.config import Settings
from backend.db import transaction
from backend.models import WorkerHeartbeat
from backend.outbox import NewMessage, enqueue
from notifications.phone_simulator.line import Line
from notifications.phone_simulator.server import Running, running
from notifications.phone_simulator.store import Filter
from tests.house.sources import ROOT
from tests.world import CLINIC_NUMBER, PHONE, World

pytestmark = pytest.mark.slow

STOPS_WITHIN = 12
"""Seconds: ten for sends under way, two to record them and to leave."""


@pytest.fixture
def now() -> datetime:
    """The world's clock is the wall's here: the worker is another process."""
    return utc_now()


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A SQLite file that two processes share."""
    file = tmp_path / "recovery.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def phones(settings: Settings) -> Iterator[Running]:
    """A network whose delivery reports go nowhere: there is no web process."""
    line = Line(settings.twilio_account_sid, settings.twilio_auth_tokens, CLINIC_NUMBER, settings.public_url)
    with running(line, pace=0) as phones:
        phones.simulator.faults.change({"callbacks": "never"})
        yield phones


@contextmanager
def a_worker(settings: Settings, phones: Running) -> Iterator[subprocess.Popen[str]]:
    """Start `python -m backend worker`, ticking five times a second."""
    told = {
        "DATABASE_URL": settings.database_url,
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": settings.twilio_auth_tokens[0],
        "TWILIO_SENDER": settings.twilio_sender,
        "TWILIO_API_URL": phones.url,
        "WORKER_TICK_SECONDS": "0.2",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "backend", "worker"]
    with subprocess.Popen(command, cwd=ROOT, env=told, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def eventually(process: subprocess.Popen[str], condition: Callable[[], object]) -> None:
    """Wait until it is so, looking again and again; a worker that ended will never make it so."""
    deadline = time.monotonic() + 30
    pause = threading.Event()
    while not condition():
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < deadline, "it did not come about"
        pause.wait(0.02)


def queue(world: World, count: int) -> None:
    """Put texts in the outbox that may go at once, whatever the hour."""
    patient = world.patient()
    messages = [
        NewMessage(
            identity=f"text-{number:03}",
            patient_id=patient.id,
            purpose="written",
            body=f"Text {number:03}",
            due_at=world.now,
            expires_at=world.now + timedelta(days=1),
            ignores_quiet_hours=True,
        )
        for number in range(count)
    ]
    with transaction(world.engine) as session:
        enqueue(session, patient.clinic_id, messages, now=world.now)


def arrived(phones: Running) -> list[str]:
    """The texts the network took, one entry for each time it did."""
    wanted = Filter(recipient=PHONE)
    return [message.body for message in phones.simulator.store.listed(wanted, below=None, limit=1000)]


def bodies(world: World, status: str) -> set[str | None]:
    """The texts that the outbox says are in this state."""
    return {message.body for message in world.messages(status=status)}


def heartbeats(world: World) -> list[WorkerHeartbeat]:
    """The signs of life in the database."""
    return world.rows(WorkerHeartbeat)


def test_a_worker_told_to_stop_in_the_middle_neither_loses_nor_doubles_a_text(
    world: World, settings: Settings, phones: Running
) -> None:
    queue(world, 150)
    phones.simulator.faults.change({"latency_ms": 500})
    with a_worker(settings, phones) as worker:
        eventually(worker, lambda: arrived(phones))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=STOPS_WITHIN) == 0
    went = arrived(phones)
    assert len(went) == len(set(went))
    assert bodies(world, "accepted") == set(went)
    waiting = world.messages(status="scheduled")
    assert 0 < len(waiting) == 150 - len(went)
    assert {message.attempt for message in waiting} == {0}


def test_what_a_stopped_worker_gave_back_the_next_one_sends(
    world: World, settings: Settings, phones: Running
) -> None:
    queue(world, 60)
    phones.simulator.faults.change({"latency_ms": 500})
    with a_worker(settings, phones) as worker:
        eventually(worker, lambda: arrived(phones))
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=STOPS_WITHIN)
    phones.simulator.faults.change({"latency_ms": 0})
    with a_worker(settings, phones) as worker:
        eventually(worker, lambda: len(world.messages(status="accepted")) == 60)
    assert sorted(arrived(phones)) == [f"Text {number:03}" for number in range(60)]


def test_a_worker_leaves_a_sign_of_life_and_ends_at_an_interrupt(
    world: World, settings: Settings, phones: Running
) -> None:
    with a_worker(settings, phones) as worker:
        eventually(worker, lambda: heartbeats(world))
        worker.send_signal(signal.SIGINT)
        assert worker.wait(timeout=STOPS_WITHIN) == 0
    (heart,) = heartbeats(world)
    assert heart.beat_at >= world.now
    assert (heart.tick_seconds, heart.failures) == (0.2, 0)


def test_a_job_that_raises_is_told_with_the_heartbeat_and_stops_no_text(
    world: World, settings: Settings, phones: Running
) -> None:
    with world.engine.begin() as connection:
        connection.execute(text("DROP TABLE refresh_tokens"))
    with a_worker(settings, phones) as worker:
        eventually(worker, lambda: any(heart.failures for heart in heartbeats(world)))
        queue(world, 1)
        eventually(worker, lambda: bodies(world, "accepted") == {"Text 000"})
    (heart,) = heartbeats(world)
    assert heart.last_failure == "forget_secrets: OperationalError"
