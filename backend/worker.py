"""The worker process: a metronome over the jobs, with a heartbeat, until it is told to stop.

Holds no work of its own: what is due is in the database, so that any number of
workers may run, and one that dies loses nothing.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from types import FrameType
from typing import Final

import structlog
from sqlalchemy import Engine

from backend.clock import Clock, utc_now
from backend.config import Settings, load_settings
from backend.db import make_engine
from backend.errors import RecoveryError
from backend.jobs import JOBS, PROVIDER_JOBS, Job, ProviderJob, Stopping, beat
from backend.runtime import configure_logging
from schedules.scheduler import Metronome, PeriodicJob

_log = structlog.get_logger(__name__)

SLOWER: Final[Mapping[str, timedelta]] = {
    "keep_check_ins": timedelta(seconds=30),
    "watch_courses": timedelta(minutes=5),
    "recover_sends": timedelta(seconds=5),
    "watch_daily_limits": timedelta(seconds=30),
    "reconcile_unknown": timedelta(seconds=5),
    "poll_stale": timedelta(minutes=1),
    "redact_sent": timedelta(minutes=1),
    "forget_secrets": timedelta(minutes=10),
    "refresh_time_zones": timedelta(hours=1),
}
"""Jobs that need not run on each tick, and how often they do.

How soon a killed worker's texts are settled hangs on the two of five seconds (docs/messages.md).
"""


def run_worker(
    settings: Settings, clock: Clock = utc_now, *, intervals: Mapping[str, timedelta] = SLOWER
) -> None:
    """Run the jobs until SIGTERM or SIGINT, then let sends under way end, give the rest back and return.

    `intervals` says how often a job runs that need not run on each tick, by its name.
    """
    configure_logging(settings)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    engine = make_engine(settings.database_url)
    name = f"{socket.gethostname()}:{os.getpid()}"
    provider_jobs = {job: make(engine, settings, clock) for job, make in PROVIDER_JOBS.items()}
    works = _works(engine, clock, provider_jobs, stop.is_set)
    works["heartbeat"] = lambda: beat(engine, name, tick_seconds=settings.worker_tick_seconds, now=clock())
    metronome = Metronome(
        _periodic_jobs(works, timedelta(seconds=settings.worker_tick_seconds), intervals),
        on_error=lambda job, error: _report(engine, name, settings, clock, job, error),
    )
    _log.info("worker started", worker=name, tick_seconds=settings.worker_tick_seconds)
    metronome.start()
    try:
        stop.wait()
    finally:
        for job in provider_jobs.values():
            job.stop()
        metronome.stop(wait=True)
        for job in provider_jobs.values():
            job.close()
        engine.dispose()
        _log.info("worker stopped", worker=name)


def _works(
    engine: Engine, clock: Clock, provider_jobs: Mapping[str, ProviderJob], stopping: Stopping
) -> dict[str, Callable[[], object]]:
    """Bind each job to what it works on, by its name; each reads the clock once, when it begins."""

    def tick(job: ProviderJob) -> object:
        return job.tick(clock())

    def run(job: Job) -> object:
        return job(engine, clock(), stopping)

    return {
        **{name: partial(tick, job) for name, job in provider_jobs.items()},
        **{name: partial(run, job) for name, job in JOBS.items()},
    }


def _periodic_jobs(
    works: Mapping[str, Callable[[], object]], tick: timedelta, intervals: Mapping[str, timedelta]
) -> list[PeriodicJob]:
    """Lay out when each job runs: on each tick, or as seldom as its interval says."""
    return [PeriodicJob(name, max(tick, intervals.get(name, tick)), work) for name, work in works.items()]


def _report(
    engine: Engine, name: str, settings: Settings, clock: Clock, job: str, error: BaseException
) -> None:
    _log.error("a job failed", job=job, exc_info=error)
    failure = f"{job}: {type(error).__name__}"
    try:
        beat(engine, name, tick_seconds=settings.worker_tick_seconds, failure=failure, now=clock())
    except Exception:
        _log.exception("the failure could not be recorded", job=job)


def main() -> None:
    """Run a worker with the environment's settings; a mistake in them is one line and exit code 2."""
    try:
        run_worker(load_settings())
    except RecoveryError as error:
        sys.stderr.write(f"Error: {error}\n")
        raise SystemExit(2) from error
