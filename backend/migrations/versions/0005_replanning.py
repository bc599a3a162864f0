"""re-planning: what a plan took back, what a person dated, and a record of each change

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WITHDRAWN = ("milestones", "restrictions", "check_ins", "outbound_messages")


def upgrade() -> None:
    for table in _WITHDRAWN:
        op.add_column(table, sa.Column("withdrawn_at", _INSTANT, nullable=True))
    op.add_column(
        "milestones",
        sa.Column("moved_by_hand", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "plan_revisions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("clinic_id", sa.Uuid(), sa.ForeignKey("clinics.id"), nullable=False),
        sa.Column("care_plan_id", sa.Uuid(), sa.ForeignKey("care_plans.id"), nullable=False),
        sa.Column("patient_id", sa.Uuid(), sa.ForeignKey("patients.id"), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("before", _JSON, nullable=False),
        sa.Column("after", _JSON, nullable=False),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("undone_at", _INSTANT, nullable=True),
    )
    op.create_index("ix_plan_revisions_clinic_id", "plan_revisions", ["clinic_id"])
    op.create_index("ix_plan_revisions_patient_id", "plan_revisions", ["patient_id"])
    op.create_index("ix_plan_revisions_plan", "plan_revisions", ["care_plan_id", "at"])


def downgrade() -> None:
    op.drop_table("plan_revisions")
    op.drop_column("milestones", "moved_by_hand")
    for table in reversed(_WITHDRAWN):
        op.drop_column(table, "withdrawn_at")
