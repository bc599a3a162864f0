"""Writing millions of rows: what a database checks and keeps for each row is done once, at the end."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

_TABLE: Final = "outbound_messages"
_INDEXES: Final = {
    "postgresql": text(
        "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql "
        "FROM pg_index WHERE indrelid = CAST(:table AS regclass) AND NOT indisunique"
    ),
    "sqlite": text(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = :table AND type = 'index' AND sql <> ''"
    ),
}


@contextmanager
def bulk_loading(engine: Engine) -> Iterator[None]:
    """Set the outbox's secondary indexes aside, and build them anew when the block is left."""
    with engine.begin() as connection:
        indexes = connection.execute(_INDEXES[engine.dialect.name], {"table": _TABLE}).all()
        _tell(connection, [f"DROP INDEX {index.name}" for index in indexes])
        _check_references(connection, "DISABLE")
    yield
    with engine.begin() as connection:
        _check_references(connection, "ENABLE")
        if connection.dialect.name == "postgresql":
            _tell(connection, ["SET LOCAL maintenance_work_mem = '512MB'"])
        _tell(connection, [index.sql for index in indexes])


def _tell(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


def _check_references(connection: Connection, how: str) -> None:
    """Switch the check of each row's clinic and patient; where we may not, loading is only slower."""
    if connection.dialect.name == "postgresql":
        with suppress(ProgrammingError), connection.begin_nested():
            _tell(connection, [f"ALTER TABLE {_TABLE} {how} TRIGGER ALL"])
