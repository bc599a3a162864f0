"""The changes of a plan, newest first, and which one can be taken back."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import PlanRevision


def list_revisions(session: Session, plan_id: uuid.UUID, *, limit: int = 50) -> list[dict[str, Any]]:
    """Return a plan's changes, newest first, in one statement; `undoable` is the newest that stands."""
    rows = session.execute(
        select(
            PlanRevision.id,
            PlanRevision.care_plan_id,
            PlanRevision.at,
            PlanRevision.actor,
            PlanRevision.cause,
            PlanRevision.reason,
            PlanRevision.counts,
            PlanRevision.undoes,
            PlanRevision.undone_at,
        )
        .where(PlanRevision.care_plan_id == plan_id)
        .order_by(PlanRevision.at.desc(), PlanRevision.id)
        .limit(limit)
    ).mappings()
    found = [dict(row) for row in rows]
    standing = [row for row in found if row["undoes"] is None and row["undone_at"] is None]
    newest = standing[0]["id"] if standing else None
    for row in found:
        row["undoable"] = row["id"] == newest and row["cause"] != "particulars_changed"
    return found
