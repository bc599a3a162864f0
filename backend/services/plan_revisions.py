"""The record of a re-planning: who changed a plan, why, what moved, and what it was before.

Kept as JSON beside the plan, so that a change can be shown and taken back after its protocol is gone. Called
by re-planning; the patient's page and the API read the rows.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from backend.models import PlanRevision
from backend.services.actors import Actor
from backend.services.plan_terms import Terms, decided
from backend.services.plan_writing import PlanChange
from schedules.plan_parts import Key, Planned

_INSTANTS = ("due_at", "earliest_at", "overdue_at", "expires_at", "ends_at")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One plan's change as it is written down; `milestone` is the row a person changed, before and after."""

    before: Terms
    change: PlanChange
    milestone: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None


def record_revisions(
    session: Session,
    actor: Actor,
    recorded: Sequence[Recorded],
    *,
    cause: str,
    reason: str,
    now: datetime,
    undoes: uuid.UUID | None = None,
) -> list[uuid.UUID]:
    """Write down what was done to these plans, and return the ids of the records."""
    rows = [_row(actor, one, cause, reason, now, undoes) for one in recorded]
    if rows:
        session.execute(insert(PlanRevision), rows)
    return [row["id"] for row in rows]


def newest_revision(session: Session, plan_id: uuid.UUID) -> PlanRevision | None:
    """Return the change that would be taken back next: the newest that stands."""
    return session.scalars(
        select(PlanRevision)
        .where(
            PlanRevision.care_plan_id == plan_id,
            PlanRevision.undone_at.is_(None),
            PlanRevision.undoes.is_(None),
        )
        .order_by(PlanRevision.at.desc(), PlanRevision.id)
        .limit(1)
    ).one_or_none()


def parts_in(kept: Mapping[str, Any]) -> list[Planned]:
    """Return the parts that one side of a record keeps."""
    return [_part(given) for given in kept["parts"]]


def _row(
    actor: Actor,
    one: Recorded,
    cause: str,
    reason: str,
    now: datetime,
    undoes: uuid.UUID | None,
) -> dict[str, Any]:
    terms, changes = one.change.terms, one.change.replan.changes
    before, after = one.milestone or ({}, {})
    return {
        "id": uuid.uuid4(),
        "clinic_id": terms.clinic_id,
        "care_plan_id": terms.plan_id,
        "patient_id": terms.patient_id,
        "at": now,
        "actor_id": actor.account_id,
        "actor": actor.name,
        "cause": cause,
        "reason": reason,
        "before": _side(one.before, (entry.before for entry in changes), before),
        "after": _side(terms, (entry.after for entry in changes), after),
        "counts": one.change.replan.counts,
        "undoes": undoes,
        "undone_at": None,
    }


def _side(terms: Terms, parts: Iterable[Planned | None], milestone: Mapping[str, Any]) -> dict[str, Any]:
    side: dict[str, Any] = {
        "terms": decided(terms),
        "parts": [_kept(part) for part in parts if part is not None],
    }
    return side | ({"milestone": dict(milestone)} if milestone else {})


def _kept(part: Planned) -> dict[str, Any]:
    instants = {name: getattr(part, name) for name in _INSTANTS}
    return {
        "key": list(part.key),
        "kind": part.kind,
        "title": dict(part.title),
        "content": dict(part.content),
        **{name: instant.isoformat() for name, instant in instants.items() if instant is not None},
    }


def _part(given: Mapping[str, Any]) -> Planned:
    at = {name: datetime.fromisoformat(given[name]) for name in _INSTANTS if name in given}
    return Planned(
        key=Key(*given["key"]),
        kind=given["kind"],
        title=given["title"],
        content=given["content"],
        due_at=at["due_at"],
        earliest_at=at.get("earliest_at"),
        overdue_at=at.get("overdue_at"),
        expires_at=at.get("expires_at"),
        ends_at=at.get("ends_at"),
    )
