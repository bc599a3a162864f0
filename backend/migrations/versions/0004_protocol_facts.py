"""what the protocol language asks of a procedure and a clinic: job, flight home, checklist, closed days

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.add_column("procedures", sa.Column("job", sa.String(), nullable=True))
    op.add_column("procedures", sa.Column("flies_home_on", sa.Date(), nullable=True))
    op.add_column("procedures", sa.Column("selection", _JSON, nullable=False, server_default=sa.text("'{}'")))
    op.add_column(
        "clinics",
        sa.Column("closed_weekdays", _JSON, nullable=False, server_default=sa.text("'[6, 7]'")),
    )
    op.add_column("clinics", sa.Column("closed_days", _JSON, nullable=False, server_default=sa.text("'[]'")))
    op.add_column("milestones", sa.Column("moved", _JSON, nullable=False, server_default=sa.text("'{}'")))


def downgrade() -> None:
    op.drop_column("milestones", "moved")
    for column in ("closed_days", "closed_weekdays"):
        op.drop_column("clinics", column)
    for column in ("selection", "flies_home_on", "job"):
        op.drop_column("procedures", column)
