"""Setting columns of many rows at once, each row to values of its own. Which, and why, is the caller's.

Called by the outbox and by re-planning.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Dialect, Integer, Table, TextualSelect, Uuid, text
from sqlalchemy.orm import Session

from backend.db import Base, UtcDateTime


def update_rows(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, only: str = ""
) -> list[uuid.UUID]:
    """Set columns of many rows, each found by its `id`, in one statement; return the ids that changed.

    Every mapping names the same columns. `only` is a further condition in SQL on the row as it is, `m`. The
    ids come from a session's own reading, which is what keeps this within its clinic.
    """
    if not rows:
        return []
    dialect = session.get_bind().dialect
    statement = _update_statement(dialect.name, model, tuple(rows[0]), only)
    given = [{name: _as_json(value, dialect) for name, value in row.items()} for row in rows]
    changed = session.execute(statement, {"rows": json.dumps(given, ensure_ascii=False)})
    return list(changed.scalars())


@cache
def _update_statement(dialect: str, model: type[Base], names: tuple[str, ...], only: str) -> TextualSelect:
    """One JSON parameter for a whole batch costs a tenth of a statement a row (docs/benchmarks.md)."""
    table = model.__table__
    assert isinstance(table, Table), "every mapper of ours has a plain table"
    if dialect == "postgresql":
        shape = ", ".join(f'"{name}" {_postgresql_type(table.c[name])}' for name in names)
        source = f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({shape})"
    else:
        values = ", ".join(f"json_extract(value, '$.{name}') AS \"{name}\"" for name in names)
        source = f"(SELECT {values} FROM json_each(:rows)) AS r"  # noqa: S608 - names of ours only
    changes = [f'"{name}" = r."{name}"' for name in names if name != "id"]
    changes += ["version = m.version + 1"] if "version" in table.c else []
    statement = f"UPDATE {table.name} AS m SET {', '.join(changes)} FROM {source} WHERE m.id = r.id"  # noqa: S608 - as above
    ours = "id" if dialect == "sqlite" else "m.id"
    return text(f"{statement}{f' AND {only}' if only else ''} RETURNING {ours}").columns(id=Uuid())


def _postgresql_type(column: Column[Any]) -> str:
    kinds = ((Uuid, "uuid"), (UtcDateTime, "timestamptz"), (Boolean, "boolean"), (Integer, "bigint"))
    return next((name for kind, name in kinds if isinstance(column.type, kind)), _text_or_json(column))


def _text_or_json(column: Column[Any]) -> str:
    return "jsonb" if isinstance(column.type, JSON) else "text"


def _as_json(value: Any, dialect: Dialect) -> Any:
    """A value as JSON carries it and the column holds it: SQLite's instants are text without a zone."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        stored = UtcDateTime().process_bind_param(value, dialect)
        return stored and stored.isoformat(sep=" ", timespec="microseconds")
    return value
