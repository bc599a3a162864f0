"""APScheduler 3, one job a message in its SQLAlchemy job store, in the same PostgreSQL database."""

from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

from tools.bench.peers.texts import THREADS, TOLD, send


def enqueue(text_ids: list[str]) -> None:
    """Store one job a text, due at once and never too late."""
    scheduler = BackgroundScheduler(jobstores={"default": _job_store()}, timezone="UTC")
    scheduler.start(paused=True)
    for text_id in text_ids:
        scheduler.add_job(
            send, "date", run_date=datetime.now(UTC), args=[text_id], id=text_id, misfire_grace_time=None
        )
    scheduler.shutdown()


def work() -> None:
    """Run what is due, until ended."""
    scheduler = BlockingScheduler(
        jobstores={"default": _job_store()},
        executors={"default": ThreadPoolExecutor(THREADS)},
        timezone="UTC",
    )
    scheduler.start()


def _job_store() -> SQLAlchemyJobStore:
    return SQLAlchemyJobStore(url=TOLD["database_url"])


if __name__ == "__main__":
    work()
