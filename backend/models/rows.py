"""Whole batches of rows of any table, inserted in one statement and inside the session's wall.

For what is written by the hundred: a plan's texts, an import. Single rows are objects of the models; what the
rows say is their callers', `outbox` and `services`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from backend.db import ALL_CLINICS, Base, ClinicOwned, ScopeError

Row = dict[str, Any]
"""One row to be: column -> value. All rows of a batch name the same columns; others take their defaults."""


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows at a third of what the unit of work costs; no object of the session knows them.

    What the session has not written yet goes first, so that the rows may point to it. Raises ScopeError for a
    row of another clinic than the session's, or of none.
    """
    if not rows:
        return
    if issubclass(model, ClinicOwned):
        _keep_within_scope(session, rows)
    session.flush()
    assert isinstance(model.__table__, Table), "every mapper of ours has a plain table"
    session.connection().execute(insert(model.__table__), rows)


def _keep_within_scope(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    scope = session.info.get("scope")
    if scope is ALL_CLINICS:
        return
    if scope is None or any(row.get("clinic_id") != scope for row in rows):
        raise ScopeError("a batch of rows belongs to another clinic than its session, or to none")
