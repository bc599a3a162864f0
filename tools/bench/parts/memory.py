"""The memory of a real worker process, sampled from outside while it sends."""

import time
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, func, select

from backend.clock import utc_now
from backend.db import make_engine
from backend.models import WorkerHeartbeat
from tools.bench.backlog import SENDER, add_patients, add_texts, count_by_status, refresh_statistics
from tools.bench.children import Child, ChildFailed, child, module
from tools.bench.databases import POSTGRESQL
from tools.bench.endpoint import ACCOUNT, TOKEN
from tools.bench.report import Sheet, against
from tools.bench.run import Run
from tools.bench.usage import resident_megabytes

AIM_MB: Final = 90.0

_LOOK_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 60.0


def memory(run: Run) -> list[Sheet]:
    """Start `python -m backend worker`, give it texts, and read its resident memory at the marks."""
    marks = run.sizes.memory_marks
    sheet = Sheet("Resident memory of a worker (python -m backend worker, PostgreSQL)", ("after", "MB"))
    run.endpoint.reset()
    with run.databases.fresh(POSTGRESQL) as url:
        engine = make_engine(url)
        add_patients(engine, marks[-1], utc_now())
        refresh_statistics(engine)
        environment = _environment(url, run.endpoint.port)
        with child("worker", module("backend", "worker"), environment, heard=False) as worker:
            _until_it_beats(engine, worker)
            samples = [("the start", resident_megabytes(worker.pid))]
            now = utc_now()
            add_texts(engine, "due", now, due_at=now - timedelta(minutes=1))
            for mark in marks:
                _until_sent(run, worker, mark)
                samples.append((f"{mark:,} texts", resident_megabytes(worker.pid)))
        left = count_by_status(engine)
        engine.dispose()
    sheet.rows += [(when, f"{size:.1f}") for when, size in samples]
    most = max(size for _, size in samples)
    growth = samples[-1][1] - samples[1][1]
    sheet.notes += [
        f"aim: {AIM_MB:g} MB or less: {against(most, AIM_MB, at_most=True)} ({most:.1f})",
        f"aim: flat: {growth:+.1f} MB from the {marks[0]:,}th text to the {marks[-1]:,}th",
        f"statuses when it was stopped: {', '.join(f'{n:,} {status}' for status, n in sorted(left.items()))}",
    ]
    return [sheet]


def _environment(url: str, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_SENDER": SENDER,
        "TWILIO_API_URL": f"http://127.0.0.1:{port}",
        "WORKER_TICK_SECONDS": "0.5",
        "LOG_LEVEL": "WARNING",
    }


def _until_it_beats(engine: Engine, worker: Child) -> None:
    """Wait until the worker has shown its first signs of life, with every module it needs loaded."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        worker.check()
        with engine.connect() as connection:
            if connection.execute(select(func.count()).select_from(WorkerHeartbeat)).scalar_one():
                time.sleep(2)
                return
        time.sleep(_LOOK_SECONDS)
    raise ChildFailed(f"worker: no heartbeat in {_PATIENCE_SECONDS:g} s")


def _until_sent(run: Run, worker: Child, mark: int) -> None:
    """Wait until the endpoint has seen `mark` texts. Raises ChildFailed when they stop coming."""
    seen, moved = 0, time.monotonic()
    with run.step(f"a worker sends {mark:,} texts", mark) as so_far:
        while (count := run.endpoint.counts()["requests"]) < mark:
            worker.check()
            if count > seen:
                seen, moved = count, time.monotonic()
            if time.monotonic() - moved > _PATIENCE_SECONDS:
                raise ChildFailed(f"worker: stopped sending after {seen:,} texts")
            so_far(count)
            time.sleep(_LOOK_SECONDS)
