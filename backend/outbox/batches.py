"""A batch of rows as one JSON parameter of a statement, on both databases.

A statement with a hundred rows in it costs a tenth of a hundred statements (docs/benchmarks.md). What the
statements say is their callers', `recording` and `queue`.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session


def rows_from(dialect: str, columns: Mapping[str, str]) -> str:
    """Return the FROM element `r` that reads parameter `:rows`; `columns` are names and PostgreSQL types."""
    if dialect == "postgresql":
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({typed})"
    read = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"(SELECT {read} FROM json_each(:rows)) AS r"  # noqa: S608 - names of ours only


def as_parameter(session: Session, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows as the parameter, values in the form in which this database holds them."""
    instant = _instant_on_sqlite if session.get_bind().dialect.name == "sqlite" else datetime.isoformat

    def plain(value: Any) -> str:
        if isinstance(value, uuid.UUID):
            return value.hex
        if isinstance(value, datetime):
            return instant(value)
        raise TypeError(f"a {type(value).__name__} cannot go into a batch")

    return json.dumps(list(rows), default=plain, ensure_ascii=False)


def _instant_on_sqlite(value: datetime) -> str:
    """Text without a zone, to the microsecond, as `UtcDateTime` writes it."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
