"""The metronome beats at once, goes on after an error, never overlaps itself, and stops."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Lock, Thread

import pytest

from schedules.scheduler import Metronome, PeriodicJob

SOON = timedelta(milliseconds=5)
NEVER_AGAIN = timedelta(days=365)
PATIENCE = 5.0
"""Seconds to wait for what must happen; only a failing test waits that long."""


def unexpected(name: str, error: BaseException) -> None:
    raise AssertionError(f"{name} failed") from error


@contextmanager
def beating(*jobs: PeriodicJob, on_error=unexpected) -> Iterator[Metronome]:
    metronome = Metronome(jobs, on_error)
    metronome.start()
    try:
        yield metronome
    finally:
        metronome.stop()


def test_every_job_runs_at_once():
    first, second = Event(), Event()
    with beating(PeriodicJob("a", NEVER_AGAIN, first.set), PeriodicJob("b", NEVER_AGAIN, second.set)):
        assert first.wait(PATIENCE)
        assert second.wait(PATIENCE)


def test_a_job_runs_again_on_its_beat():
    runs: list[int] = []
    thrice = Event()

    def run() -> None:
        runs.append(1)
        if len(runs) == 3:
            thrice.set()

    with beating(PeriodicJob("a", SOON, run)):
        assert thrice.wait(PATIENCE)


def test_a_job_that_raises_is_reported_and_runs_again():
    reports: list[tuple[str, str]] = []
    twice = Event()

    def report(name: str, error: BaseException) -> None:
        reports.append((name, str(error)))
        if len(reports) == 2:
            twice.set()

    def fail() -> None:
        raise RuntimeError("the database is away")

    with beating(PeriodicJob("dispatch", SOON, fail), on_error=report):
        assert twice.wait(PATIENCE)
    assert reports[:2] == [("dispatch", "the database is away")] * 2


def test_a_job_that_raises_does_not_stop_another():
    failed, after = Event(), Event()

    def run() -> None:
        if failed.is_set():
            after.set()

    def fail() -> None:
        raise RuntimeError

    with beating(
        PeriodicJob("bad", SOON, fail), PeriodicJob("good", SOON, run), on_error=lambda *_: failed.set()
    ):
        assert after.wait(PATIENCE)


def test_a_slow_job_holds_no_other_back():
    release, other = Event(), Event()
    with beating(
        PeriodicJob("slow", SOON, lambda: release.wait(PATIENCE)), PeriodicJob("quick", SOON, other.set)
    ):
        assert other.wait(PATIENCE)
        release.set()


def test_a_job_never_overlaps_itself():
    running, overlapped, release, others = Lock(), Event(), Event(), Event()
    beats: list[int] = []

    def slow() -> None:
        if not running.acquire(blocking=False):
            overlapped.set()
        release.wait(PATIENCE)
        running.release()

    def count() -> None:
        beats.append(1)
        if len(beats) == 4:
            others.set()

    with beating(PeriodicJob("slow", SOON, slow), PeriodicJob("beat", SOON, count)):
        assert others.wait(PATIENCE)
        release.set()
    assert not overlapped.is_set()


def test_stopping_waits_for_the_running_job():
    started, release, ended, stopped = Event(), Event(), Event(), Event()

    def run() -> None:
        started.set()
        release.wait(PATIENCE)
        ended.set()

    def stop(metronome: Metronome) -> None:
        metronome.stop(wait=True)
        stopped.set()

    with beating(PeriodicJob("a", NEVER_AGAIN, run)) as metronome:
        assert started.wait(PATIENCE)
        stopping = Thread(target=stop, args=[metronome])
        stopping.start()
        assert not stopped.wait(0.05), "it must not return while the job runs"
        release.set()
        stopping.join(PATIENCE)
        assert ended.is_set()


def test_stopping_twice_or_before_the_start_is_nothing():
    metronome = Metronome([], unexpected)
    metronome.stop()
    metronome.start()
    metronome.stop()
    metronome.stop()


def test_a_beat_of_nothing_is_refused():
    with pytest.raises(ValueError, match="a must have a beat longer than nothing"):
        PeriodicJob("a", timedelta(), print)
