"""Pages of a list: keyset cursors, opaque to whoever passes them on.

A cursor holds the sort key of the last row seen, so that a page costs the same
wherever it lies, and rows added meanwhile neither repeat nor hide others. Called by
the other queries of this package.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.errors import Invalid

T = TypeVar("T")
Key = ColumnElement[Any] | InstrumentedAttribute[Any]
Statement = Select[*tuple[Any, ...]]

LIMIT: Final = 50
MOST: Final = 100
_LARGEST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items in order, and the cursor of what follows; None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by. The last column is unique, so that no two rows compare equal."""

    columns: tuple[Key, ...]
    kinds: tuple[type, ...]
    descending: bool = False

    def seek(self, statement: Statement, cursor: str | None, limit: int) -> Statement:
        """Return `statement` sorted, starting after `cursor`, with one row too many to look ahead."""
        if cursor is not None:
            keys = tuple_(*self.columns)
            seen = tuple_(
                *(
                    literal(value, column.type)
                    for value, column in zip(read_cursor(cursor, self.kinds), self.columns, strict=True)
                )
            )
            statement = statement.where(keys < seen if self.descending else keys > seen)
        by = [column.desc() if self.descending else column.asc() for column in self.columns]
        return statement.order_by(*by).limit(limit + 1)


def fetch_page(
    session: Session,
    statement: Statement,
    order: Order,
    *,
    cursor: str | None,
    limit: int,
    shape: Callable[[RowMapping], T],
) -> Page[T]:
    """Run `statement` for one page, in one round trip. Raises Invalid naming `cursor` when it is not ours."""
    marks = [column.label(f"_key_{place}") for place, column in enumerate(order.columns)]
    rows = session.execute(order.seek(statement.add_columns(*marks), cursor, limit)).mappings().all()
    next_cursor = None
    if len(rows) > limit:
        rows = rows[:limit]
        next_cursor = write_cursor([rows[-1][mark.name] for mark in marks])
    return Page(tuple(shape(row) for row in rows), next_cursor)


def write_cursor(values: Sequence[Any]) -> str:
    """Return the cursor for a row's sort key."""
    text = json.dumps([str(v) if isinstance(v, uuid.UUID) else _plain(v) for v in values], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """Return the sort key in a cursor. Raises Invalid naming `cursor` when it is not one of this list's."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_typed(value, kind) for value, kind in zip(values, kinds, strict=True)]
    except (ValueError, TypeError, binascii.Error):
        raise Invalid(
            {"cursor": ["this is no cursor of this list; pass next_cursor on unchanged."]}
        ) from None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(value: Any, kind: type) -> Any:
    if kind is datetime:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError("a cursor's instants have a zone")
        return instant
    if kind is uuid.UUID:
        return uuid.UUID(value)
    if type(value) is not kind:
        raise ValueError("not the kind of value this list is sorted by")
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("PostgreSQL's texts have no NUL")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError("out of range for a database's integer")
    return value
