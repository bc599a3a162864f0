"""The worker process: a metronome over the jobs, with a heartbeat, until it is told to stop.

Holds no work of its own: what is due is in the database, so that any number of
workers may run, and one that dies loses nothing.
"""

import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import FrameType

import structlog
from sqlalchemy import Engine

from backend.clock import Clock, utc_now
from backend.config import Settings
from backend.db import make_engine
from backend.jobs import JOBS, beat, make_dispatcher, make_reconciler
from backend.runtime import configure_logging
from schedules.scheduler import Metronome, PeriodicJob

_log = structlog.get_logger(__name__)

SLOWER: dict[str, timedelta] = {
    "keep_check_ins": timedelta(seconds=30),
    "watch_courses": timedelta(minutes=5),
    "recover_sends": timedelta(seconds=15),
    "reconcile_unknown": timedelta(seconds=30),
    "forget_secrets": timedelta(minutes=10),
}
"""Jobs that need not run on each tick, and how often they do."""


def run_worker(settings: Settings, clock: Clock = utc_now) -> None:
    """Run the jobs until SIGTERM or SIGINT, then let sends under way end, give the rest back and return."""
    configure_logging(settings)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    engine = make_engine(settings.database_url)
    name = f"{socket.gethostname()}:{os.getpid()}"
    dispatcher = make_dispatcher(engine, settings, clock)
    reconciler = make_reconciler(engine, settings)
    asking: dict[str, Callable[[], object]] = {
        "dispatch_messages": lambda: dispatcher.tick(clock()),
        "reconcile_unknown": lambda: reconciler.tick(clock()),
    }
    metronome = Metronome(
        _periodic_jobs(settings, engine, clock, name, asking),
        on_error=lambda job, error: _report(engine, name, settings, clock, job, error),
    )
    _log.info("worker started", worker=name, tick_seconds=settings.worker_tick_seconds)
    metronome.start()
    try:
        stop.wait()
    finally:
        dispatcher.stop()
        reconciler.stop()
        metronome.stop(wait=True)
        dispatcher.close()
        reconciler.close()
        engine.dispose()
        _log.info("worker stopped", worker=name)


def _periodic_jobs(
    settings: Settings,
    engine: Engine,
    clock: Clock,
    name: str,
    asking: Mapping[str, Callable[[], object]],
) -> list[PeriodicJob]:
    """Lay out when each job runs; `asking` are those that speak to the provider, by name."""
    tick = timedelta(seconds=settings.worker_tick_seconds)
    works: dict[str, Callable[[], object]] = {
        **asking,
        **{job_name: partial(_with_now, job, engine, clock) for job_name, job in JOBS.items()},
    }
    beating = partial(beat, engine, name, tick_seconds=settings.worker_tick_seconds, failure=None)
    return [
        PeriodicJob("heartbeat", tick, lambda: beating(now=clock())),
        *(
            PeriodicJob(job_name, max(tick, SLOWER.get(job_name, tick)), work)
            for job_name, work in works.items()
        ),
    ]


def _with_now(job: Callable[[Engine, datetime], object], engine: Engine, clock: Clock) -> object:
    return job(engine, clock())


def _report(
    engine: Engine, name: str, settings: Settings, clock: Clock, job: str, error: BaseException
) -> None:
    _log.error("a job failed", job=job, exc_info=error)
    failure = f"{job}: {type(error).__name__}"
    try:
        beat(engine, name, tick_seconds=settings.worker_tick_seconds, failure=failure, now=clock())
    except Exception:
        _log.exception("the failure could not be recorded", job=job)
