"""How Alembic reaches the database: the application's engine, or one handed over by a test."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from flask import current_app
from sqlalchemy import Connection

from backend.db import Base, SortedText, UtcDateTime

SORTED_TEXT = 'sa.String().with_variant(sa.String(collation="C"), "postgresql")'


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our column types into a migration as SQLAlchemy's own, so that it needs nothing of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and item is SortedText:
        return SORTED_TEXT
    return False


def same_type(_context: Any, _inspected: Any, _column: Any, stored: Any, ours: Any) -> bool | None:
    """Tell Alembic what it cannot see: that our types are stored as these."""
    if isinstance(ours, UtcDateTime) and isinstance(stored, sa.DateTime):
        return False
    return None


def migrate(connection: Connection) -> None:
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        compare_type=same_type,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with current_app.extensions["migrate"].db.engine.connect() as opened:
        migrate(opened)
