"""A batch of rows as one JSON parameter of a statement, on both databases.

A statement with a hundred rows in it costs a tenth of a hundred statements (docs/benchmarks.md). What the
statements say is their callers', `recording` and `queue`.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import TextualSelect, Uuid, text
from sqlalchemy.orm import Session


def rows_from(dialect: str, columns: Mapping[str, str]) -> str:
    """Return the FROM element `r` that reads parameter `:rows`; `columns` are names and PostgreSQL types."""
    if dialect == "postgresql":
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({typed})"
    read = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"(SELECT {read} FROM json_each(:rows)) AS r"  # noqa: S608 - names of ours only


def ids_from(dialect: str, parameter: str) -> TextualSelect:
    """Return the ids in a parameter made by `ids_as_parameter`, for `column.in_(…)`.

    A list of a hundred parameters would make a new statement of each batch, too long to be prepared.
    """
    if dialect == "postgresql":
        read = "SELECT CAST(value AS uuid) FROM jsonb_array_elements_text(CAST(:{} AS jsonb))"
    else:
        read = "SELECT value FROM json_each(:{})"
    return text(read.format(parameter)).columns(value=Uuid())


def ids_as_parameter(ids: Iterable[uuid.UUID]) -> str:
    """Return ids as a parameter that `ids_from` reads on either database."""
    return json.dumps([one.hex for one in ids])


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
