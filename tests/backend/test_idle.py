"""What the frequent jobs read when nothing is due: a few index entries, however many texts there are."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from backend import jobs
from tests.world import World


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite, which plans alike for ten rows and for ten million; PostgreSQL is benchmarked."""
    file = tmp_path / "recovery.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


def reconcile(world: World) -> None:
    world.reconcile()


def poll(world: World) -> None:
    with jobs.make_poller(world.engine, world.settings, world.gateway) as poller:
        poller.tick(world.now)


def redact(world: World) -> None:
    with jobs.make_redactor(world.engine, world.settings, world.gateway) as redactor:
        redactor.tick(world.now)


def recover(world: World) -> None:
    jobs.JOBS["recover_sends"](world.engine, world.now)


@pytest.mark.parametrize("job", [reconcile, poll, redact, recover])
def test_a_frequent_job_reads_no_more_than_an_index_of_its_own(
    world: World, job: Callable[[World], None]
) -> None:
    asked: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "outbound_messages" in statement:
            asked.append((statement, parameters))

    event.listen(world.engine, "before_cursor_execute", keep)
    job(world)
    event.remove(world.engine, "before_cursor_execute", keep)
    assert asked
    with world.engine.connect() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            read = [step.detail for step in plan if "outbound_messages" in step.detail]
            assert [step for step in read if not any(name in step for name in OWN_INDEXES)] == []


OWN_INDEXES = ("ix_outbound_ask", "ix_outbound_redact", "ix_outbound_in_flight", "(id=?)")
"""They hold only what is open; or a row is named."""
