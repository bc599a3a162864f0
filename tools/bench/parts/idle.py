"""The idle tick: what it costs to find that nothing is due, with a little and with a lot that waits."""

import statistics
import time
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine

from backend.clock import utc_now
from backend.db import make_engine
from backend.jobs import make_dispatcher
from tools.bench.backlog import add_patients, add_texts, refresh_statistics
from tools.bench.bulk import bulk_loading
from tools.bench.databases import POSTGRESQL, SQLITE
from tools.bench.report import Sheet, against
from tools.bench.run import Run
from tools.bench.run_dispatcher import settings_for

AIM_MS: Final = 2.0
_EACH: Final = 10
"""Texts a patient, a statement: large enough to be quick, small enough to show that it goes on."""
_TICKS: Final = 300
_WARMING: Final = 5
"""Ticks that open connections and make plans."""
_SECONDS: Final = 10.0
"""As long as ticks are measured at most: one that reads the whole table would take the day."""


def idle(run: Run) -> list[Sheet]:
    """Measure ticks with more and more future rows beside those long sent."""
    sheet = Sheet(
        f"An idle tick, with {run.sizes.already_sent:,} texts already sent",
        ("store", "future texts", "median ms", "slowest twentieth, ms"),
    )
    largest = 0.0
    for kind, marks in ((POSTGRESQL, run.sizes.future), (SQLITE, run.sizes.future_sqlite)):
        with run.databases.fresh(kind) as url:
            engine = make_engine(url)
            add_patients(engine, run.sizes.patients, utc_now())
            _grow(run, engine, "sent", run.sizes.already_sent, sent=True)
            waiting = 0
            for mark in marks:
                _grow(run, engine, f"future/{mark}", mark - waiting, sent=False)
                waiting = mark
                refresh_statistics(engine)
                milliseconds = _ticks(engine, url, run.endpoint.port)
                median = statistics.median(milliseconds)
                late = statistics.quantiles(milliseconds, n=20)[-1]
                sheet.rows.append((kind, f"{mark:,}", f"{median:.2f}", f"{late:.2f}"))
                if kind == POSTGRESQL:
                    largest = median
            engine.dispose()
    flat = against(largest, AIM_MS, at_most=True)
    sheet.notes.append(f"aim: {AIM_MS:g} ms or less with the most rows on PostgreSQL: {flat}")
    return [sheet]


def _grow(run: Run, engine: Engine, label: str, rows: int, *, sent: bool) -> None:
    """Write `rows` texts, spread over as many days as it takes."""
    now = utc_now()
    written = 0
    what = f"{engine.dialect.name}: writing {rows:,} texts"
    with run.step(what, rows) as so_far, bulk_loading(engine):
        while written < rows:
            each = min(_EACH, max(1, (rows - written) // run.sizes.patients))
            ahead = timedelta(days=1 + written // (run.sizes.patients * _EACH))
            due_at = now - ahead if sent else now + ahead
            add_texts(engine, f"{label}/{written}", now, due_at=due_at, sent=sent, each=each)
            written += each * run.sizes.patients
            so_far(written)


def _ticks(engine: Engine, url: str, port: int) -> list[float]:
    taken: list[float] = []
    with make_dispatcher(engine, settings_for(url, port), utc_now) as dispatcher:
        for _ in range(_WARMING):
            dispatcher.tick(utc_now())
        until = time.perf_counter() + _SECONDS
        while len(taken) < _TICKS and (len(taken) < 2 or time.perf_counter() < until):
            started = time.perf_counter()
            counts = dispatcher.tick(utc_now())
            taken.append(1000 * (time.perf_counter() - started))
            assert counts.claimed == 0
    return taken
