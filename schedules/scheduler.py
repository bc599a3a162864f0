"""The metronome: named periodic jobs, each on its own beat, in memory; the only import of APScheduler.

It keeps no truth: what is due lies in the database, and the next beat makes good for a missed one. Started by
the worker process, never by a web worker.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """Something to do on a beat; `run` is called without arguments on a thread of its own."""

    name: str
    every: timedelta
    run: Callable[[], object]

    def __post_init__(self) -> None:
        if self.every <= timedelta():
            raise ValueError(f"{self.name} must have a beat longer than nothing, found {self.every}")


class Metronome:
    """Runs its jobs at once and then on their beat until it is stopped.

    A job never overlaps itself: beats that come while it runs are made good by one run. A job that raises is
    reported to `on_error` with its name and goes on at its next beat, and so do the others.
    """

    def __init__(self, jobs: Sequence[PeriodicJob], on_error: Callable[[str, BaseException], None]) -> None:
        self._on_error = on_error
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max(1, len(jobs)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for job in jobs:
            self._scheduler.add_job(self._run, _AtOnceThenEvery(job.every), args=[job], id=job.name)

    def start(self) -> None:
        """Begin: every job runs now, then on its beat."""
        self._scheduler.start()

    def stop(self, wait: bool = True) -> None:
        """Stop beating, after the running jobs have ended if `wait`; stopping twice is once."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=wait)

    def _run(self, job: PeriodicJob) -> None:
        try:
            job.run()
        except Exception as error:
            self._on_error(job.name, error)


class _AtOnceThenEvery(BaseTrigger):  # type: ignore[misc]  # apscheduler ships no types
    """APScheduler's own interval trigger waits one interval before its first run."""

    def __init__(self, every: timedelta) -> None:
        self._every = every

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now if previous_fire_time is None else previous_fire_time + self._every
