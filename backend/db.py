"""The database: the declarative base, its column types, sessions, and the wall between clinics.

What lives here: everything true of every table. What does not: any table.
Each session carries a scope, one clinic's or every clinic's. A session without a
scope cannot touch a clinic's rows at all, and a session of one clinic reads,
changes and adds only its own: forgetting a filter is impossible, not unlikely.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Literal

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import TypeDecorator

JsonObject = dict[str, Any]
JsonList = list[Any]


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, on both databases (SQLite itself forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value.isoformat()}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


SortedText = String().with_variant(String(collation="C"), "postgresql")
"""Text compared byte by byte, so that one index serves prefix search, order and keyset."""

_JSON = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Every table's base: free of Flask, so that the models are plain SQLAlchemy."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain dict
        datetime: UtcDateTime(),
        JsonObject: _JSON,
        JsonList: _JSON,
    }


class WithId:
    """A random UUID as the primary key."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class ClinicOwned:
    """A row that belongs to one clinic, and that no other clinic may see."""

    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinics.id"), index=True)


class _Everywhere(Enum):
    ALL = "all clinics"


ALL_CLINICS: Final = _Everywhere.ALL
"""The scope of the worker and of the two webhooks, which serve every clinic."""

Scope = uuid.UUID | Literal[_Everywhere.ALL]


class ScopeError(RuntimeError):
    """A statement reached for a clinic's rows outside its session's scope: a mistake of ours."""


def set_scope(session: Session, scope: Scope) -> None:
    """Say whose rows `session` may touch; once per session, before its first statement."""
    session.info["scope"] = scope


def _owned_tables() -> set[str]:
    return {
        mapper.local_table.name  # type: ignore[attr-defined]  # every mapper of ours has a plain table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, ClinicOwned)
    }


def _touches_owned(statement: Any) -> bool:
    owned = _owned_tables()
    return any(isinstance(part, Table) and part.name in owned for part in iterate(statement))


@event.listens_for(Session, "do_orm_execute")
def _keep_within_scope(state: ORMExecuteState) -> None:
    scope = state.session.info.get("scope")
    if scope is ALL_CLINICS:
        return
    if scope is None or not state.is_orm_statement:
        if _touches_owned(state.statement):
            raise ScopeError("this session has no clinic, or the statement bypasses the models")
        return
    if state.is_insert:
        given: Any = state.parameters
        rows = given if isinstance(given, list) else [given or {}]
        if _touches_owned(state.statement) and any(row.get("clinic_id") != scope for row in rows):
            raise ScopeError("a bulk insert carries another clinic's rows, or none")
        return
    state.statement = state.statement.options(
        with_loader_criteria(ClinicOwned, lambda model: model.clinic_id == scope, include_aliases=True)
    )


@event.listens_for(Session, "before_flush")
def _stamp_new_rows(session: Session, _context: object, _instances: object) -> None:
    scope = session.info.get("scope")
    for row in session.new:
        if not isinstance(row, ClinicOwned) or scope is ALL_CLINICS:
            continue
        owner: uuid.UUID | None = row.clinic_id  # None until somebody says
        if owner is None and scope is not None:
            row.clinic_id = owner = scope
        if scope is None or owner != scope:
            raise ScopeError(f"a new {type(row).__name__} belongs to another clinic than its session")


ENGINE_OPTIONS: Final[dict[str, Any]] = {
    "json_serializer": lambda value: json.dumps(value, ensure_ascii=False),
    "pool_pre_ping": True,  # a connection the database closed is replaced, not handed to a patient's request
}

db = SQLAlchemy(metadata=Base.metadata, engine_options=ENGINE_OPTIONS)
"""Flask-SQLAlchemy's handle: the engine of the web process, and one session a request."""


def make_engine(database_url: str) -> Engine:
    """Return an engine for a process without Flask: the worker, a test, a tool."""
    return create_engine(database_url, **ENGINE_OPTIONS)


_begin_mode: ContextVar[str] = ContextVar("sqlite_begin", default="IMMEDIATE")


@contextmanager
def reading() -> Iterator[None]:
    """Inside, SQLite transactions only read, so that they need not queue for the one writer.

    Elsewhere every transaction takes the write lock at its start: one that reads
    first and writes later would fail instead of waiting. No effect on PostgreSQL.
    """
    mark = _begin_mode.set("DEFERRED")
    try:
        yield
    finally:
        _begin_mode.reset(mark)


@contextmanager
def writing() -> Iterator[None]:
    """Inside, SQLite transactions queue for the one writer, also within `reading`.

    For a GET that has to keep what it gives out. No effect on PostgreSQL.
    """
    mark = _begin_mode.set("IMMEDIATE")
    try:
        yield
    finally:
        _begin_mode.reset(mark)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    if not type(connection).__module__.startswith("sqlite3"):
        return
    connection.isolation_level = None  # SQLAlchemy's documented recipe: we emit BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"BEGIN {_begin_mode.get()}")


@contextmanager
def transaction(engine: Engine, scope: Scope = ALL_CLINICS) -> Iterator[Session]:
    """Open a session outside a request, commit at the end, roll back on an error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        set_scope(session, scope)
        yield session


def insert_if_new(session: Session, model: type[Base], **row: Any) -> None:
    """Insert a row unless one with its unique key is there, also when another process does so just now."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(postgresql.insert(model).values(**row).on_conflict_do_nothing())
    else:
        session.execute(sqlite.insert(model).values(**row).on_conflict_do_nothing())
