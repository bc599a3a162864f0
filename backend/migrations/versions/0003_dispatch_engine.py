"""what the dispatch engine needs: lateness, when to ask the provider, senders, days, alarms

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, "outbound_messages", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
    )


def upgrade() -> None:
    op.add_column(
        "outbound_messages", sa.Column("lateness", sa.String(), nullable=False, server_default="late")
    )
    op.add_column("outbound_messages", sa.Column("ask_at", _INSTANT, nullable=True))
    op.add_column(
        "outbound_messages", sa.Column("redact", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("clinics", sa.Column("daily_text_limit", sa.Integer(), nullable=True))
    op.drop_index("ix_outbound_due", "outbound_messages")
    _index("ix_outbound_due", ["clinic_id", "due_at"], "status = 'scheduled'")
    _index("ix_outbound_urgent", ["due_at"], "status = 'scheduled' and ignores_quiet_hours")
    _index("ix_outbound_ask", ["ask_at"], "ask_at is not null")
    _index("ix_outbound_redact", ["sent_at"], "redact")
    _index("ix_outbound_recent", ["patient_id", "attempted_at"], "attempted_at is not null")
    op.execute("UPDATE outbound_messages SET ask_at = attempted_at WHERE status = 'unknown'")
    op.create_table(
        "sender_states",
        sa.Column("sender", sa.String(), primary_key=True),
        sa.Column("free_at", _INSTANT, nullable=True),
        sa.Column("paused_until", _INSTANT, nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("ramp", sa.Integer(), nullable=True),
    )
    op.create_table(
        "clinic_days",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("clinic_id", sa.Uuid(), sa.ForeignKey("clinics.id"), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.UniqueConstraint("clinic_id", "day_on"),
    )
    op.create_index("ix_clinic_days_clinic_id", "clinic_days", ["clinic_id"])
    op.create_table(
        "operator_alarms",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("cause", sa.String(), nullable=False, unique=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_at", _INSTANT, nullable=False),
        sa.Column("last_at", _INSTANT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("cleared_at", _INSTANT, nullable=True),
    )


def downgrade() -> None:
    for table in ("operator_alarms", "clinic_days", "sender_states"):
        op.drop_table(table)
    for name in ("recent", "redact", "ask", "urgent", "due"):
        op.drop_index(f"ix_outbound_{name}", "outbound_messages")
    _index("ix_outbound_due", ["due_at"], "status = 'scheduled'")
    op.drop_column("clinics", "daily_text_limit")
    for column in ("redact", "ask_at", "lateness"):
        op.drop_column("outbound_messages", column)
