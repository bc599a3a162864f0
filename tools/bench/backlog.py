"""Texts that wait: a clinic, its patients and their outbox rows, written in bulk by the database itself.

The rows are such as the product's services write, but by INSERT … SELECT, because millions are wanted.
Nothing is measured here.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    String,
    Table,
    cast,
    func,
    insert,
    literal,
    select,
    true,
    update,
)

from backend.db import Base
from backend.models import Clinic, OutboundMessage, Patient
from notifications.compose import compose

SENDER: Final = "MG" + "b" * 32
"""A Messaging Service: how fast its numbers may send is the provider's business, not ours."""
TEMPLATE: Final = "welcome"
LANGUAGE: Final = "en"

_CLINIC: Final = {"clinic": "Bench", "clinic_phone": "+90 212 555 01 00", "emergency_number": "112"}
_GIVEN_NAME: Final = "Deniz"


def words() -> str:
    """Return what every patient here is told, for whoever sends without composing."""
    return compose(TEMPLATE, LANGUAGE, {**_CLINIC, "given_name": _GIVEN_NAME}).body


def zone_where_it_is_noon(now: datetime) -> str:
    """Return a zone in which quiet hours are far, whenever the benchmark runs."""
    ahead = 12 - now.astimezone(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def add_patients(engine: Engine, count: int, now: datetime) -> None:
    """Write one clinic and so many patients of it, all of whom may be texted."""
    clinic = uuid.uuid4()
    zone = zone_where_it_is_noon(now)
    with engine.begin() as connection:
        connection.execute(
            insert(_table(Clinic)),
            {
                "id": clinic,
                "name": _CLINIC["clinic"],
                "country": "TR",
                "timezone": zone,
                "language": LANGUAGE,
                "phone": _CLINIC["clinic_phone"],
                "emergency_number": _CLINIC["emergency_number"],
                "created_at": now,
            },
        )
        numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < count))
        digits = func.substr(cast(10_000_000 + numbers.c.n, String), 2)
        _insert_select(
            connection,
            _table(Patient),
            {
                "id": _random_id(connection),
                "clinic_id": clinic,
                "given_name": _GIVEN_NAME,
                "family_name": literal("Yılmaz ") + digits,
                "search_name": literal("yilmaz ") + digits,
                "search_given": literal("deniz ") + digits,
                "phone": literal("+90501") + digits,
                "phone_country": "TR",
                "language": LANGUAGE,
                "timezone": zone,
                "consent_state": "opted_in",
                "consent_since": now,
                "created_at": now,
                "updated_at": now,
            },
            numbers,
        )


def add_texts(
    engine: Engine, label: str, now: datetime, *, due_at: datetime, sent: bool = False, each: int = 1
) -> None:
    """Write `each` texts for every patient: waiting for `due_at`, or (`sent`) long since delivered.

    `label` tells one call from another.
    """
    patients = _table(Patient)
    with engine.begin() as connection:
        numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < each))
        row: dict[str, Any] = {
            "id": _random_id(connection),
            "clinic_id": patients.c.clinic_id,
            "patient_id": patients.c.id,
            "identity": literal(f"bench/{label}/")
            + cast(numbers.c.n, String)
            + literal("/")
            + cast(patients.c.id, String),
            "purpose": "inform",
            "template": TEMPLATE,
            "facts": {},
            "status": "delivered" if sent else "scheduled",
            "due_at": due_at,
            "expires_at": due_at + timedelta(days=1),
            "created_at": now,
        }
        if sent:
            row |= {
                "body": words(),
                "attempt": 1,
                "attempted_at": due_at,
                "sent_at": due_at,
                "delivered_at": due_at,
                "provider_sid": literal("SM") + _random_text(connection),
                "segments": 1,
            }
        _insert_select(connection, _table(OutboundMessage), row, patients.join(numbers, true()))


def mark_accepted(engine: Engine, now: datetime) -> list[uuid.UUID]:
    """Turn every text into one the provider has taken, and return their ids."""
    table = _table(OutboundMessage)
    with engine.begin() as connection:
        connection.execute(
            update(table).values(
                status="accepted",
                attempt=1,
                attempted_at=now,
                sent_at=now,
                provider_sid=literal("SM") + func.substr(table.c.identity, -32),
            )
        )
        return list(connection.execute(select(table.c.id)).scalars())


def refresh_statistics(engine: Engine) -> None:
    """Let the planner know what has been written."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE) outbound_messages")


def count_by_status(engine: Engine) -> dict[str, int]:
    """Return how many texts are in each status."""
    table = _table(OutboundMessage)
    with engine.connect() as connection:
        rows = connection.execute(
            select(table.c.status, func.count().label("texts")).group_by(table.c.status)
        )
        return {row.status: row.texts for row in rows}


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _insert_select(connection: Connection, table: Table, row: Mapping[str, Any], source: FromClause) -> None:
    """Insert one row for each line of `source`."""
    columns = [
        value.label(name)
        if isinstance(value, ColumnElement)
        else literal(value, table.c[name].type).label(name)
        for name, value in row.items()
    ]
    connection.execute(insert(table).from_select(list(row), select(*columns).select_from(source)))


def _random_id(connection: Connection) -> ColumnElement[Any]:
    return func.gen_random_uuid() if connection.dialect.name == "postgresql" else _random_text(connection)


def _random_text(connection: Connection) -> ColumnElement[Any]:
    if connection.dialect.name == "postgresql":
        return func.replace(cast(func.gen_random_uuid(), String), "-", "")
    return func.lower(func.hex(func.randomblob(16)))
