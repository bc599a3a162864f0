"""Databases to measure on: made, migrated, and gone afterwards.

A SQLite file in a temporary folder, or a database of its own on the server of `tools.postgres`.
"""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Engine, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from backend import models
from backend.db import make_engine
from tools.bench.usage import exists
from tools.postgres import postgresql

SQLITE = "SQLite"
POSTGRESQL = "PostgreSQL"


class Databases:
    """Where fresh databases come from; the PostgreSQL server starts when the first one is asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._server: URL | None = None

    @contextmanager
    def fresh(self, kind: str) -> Iterator[str]:
        """Yield the address of an empty, migrated database of SQLITE or POSTGRESQL, and remove it."""
        with _sqlite_file() if kind == SQLITE else self._postgresql_database() as url:
            engine = make_engine(url)
            _migrate(engine)
            engine.dispose()
            yield url

    @contextmanager
    def _postgresql_database(self) -> Iterator[str]:
        if self._server is None:
            given = make_url(self._stack.enter_context(postgresql()))
            self._server = given.set(drivername="postgresql+psycopg")
        name = f"recovery_bench_{uuid.uuid4().hex[:12]}"
        admin = create_engine(self._server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield self._server.set(database=name).render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def all_databases() -> Iterator[Databases]:
    """Yield the one source of databases of a run; its server stops at the end."""
    with ExitStack() as stack:
        yield Databases(stack)


@contextmanager
def _sqlite_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="recovery-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'bench.db'}"


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(models.__file__).parent.parent / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def server_pid(database_url: str) -> int | None:
    """Return the id of the PostgreSQL server's first process where it runs on this machine, else None."""
    if database_url.startswith("sqlite"):
        return None
    engine = create_engine(database_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            folder = connection.execute(text("SHOW data_directory")).scalar_one()
        first_line = Path(folder, "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]
        pid = int(first_line)
    except OSError:
        return None  # a server elsewhere, or somebody else's: its CPU is not ours to read
    return pid if exists(pid) else None
