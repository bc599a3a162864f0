"""A plan as it stands, in the terms of `schedules.replan`: its parts, and how far each has come.

Reads the rows of many plans at once, in Core; writes nothing. Called by re-planning.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.models import CarePlan, CheckIn, Milestone, OutboundMessage, Restriction
from backend.services.protocols import shipped
from schedules.plan_parts import Key, Planned
from schedules.replan import Happened, Standing
from schedules.steps import StepKind
from schedules.vocabulary import Text


@dataclass(frozen=True, slots=True)
class StoredRow:
    """The row a part is stored in, with what only its own kind has."""

    id: uuid.UUID
    status: str
    booked_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(slots=True)
class Standings:
    """The parts of one plan as stored, how far they have come, and where they are stored."""

    parts: dict[Key, Planned] = field(default_factory=dict)
    happened: dict[Key, Happened] = field(default_factory=dict)
    rows: dict[Key, StoredRow] = field(default_factory=dict)

    def add(self, part: Planned, row: StoredRow, happened: Happened | None) -> None:
        """Note one part."""
        self.parts[part.key] = part
        self.rows[part.key] = row
        if happened is not None:
            self.happened[part.key] = happened


def read_parts(
    session: Session,
    plan_ids: Collection[uuid.UUID],
    *,
    steps: Collection[str] | None = None,
    lock: bool = False,
) -> dict[uuid.UUID, Standings]:
    """Return the parts of these plans, or of these `steps` of them, in four statements.

    With `lock` the texts that wait stay as they were read until the transaction ends: no worker takes them.
    """
    if lock:
        session.execute(select(CarePlan.id).where(CarePlan.id.in_(plan_ids)).with_for_update()).all()
    found: dict[uuid.UUID, Standings] = {plan_id: Standings() for plan_id in plan_ids}
    for reading in (_milestones, _restrictions, _check_ins):
        for plan_id, part, row, happened in reading(session, plan_ids, steps):
            found[plan_id].add(part, row, happened)
    for plan_id, part, row, happened in _texts(session, plan_ids, steps, lock=lock):
        titled = found[plan_id].parts.get(part.key.of_step)
        found[plan_id].add(part if titled is None else _titled(part, titled.title), row, happened)
        if part.kind == "ask" and happened is not None and happened.standing is Standing.RECEIVED:
            found[plan_id].happened.setdefault(part.key.of_step, happened)
    return found


_Read = tuple[uuid.UUID, Planned, StoredRow, Happened | None]


def _milestones(
    session: Session, plan_ids: Collection[uuid.UUID], steps: Collection[str] | None
) -> Iterator[_Read]:
    columns = (
        Milestone.id,
        Milestone.care_plan_id,
        Milestone.step_key,
        Milestone.occurrence,
        Milestone.title,
        Milestone.why,
        Milestone.bookable,
        Milestone.moved,
        Milestone.earliest_at,
        Milestone.due_at,
        Milestone.overdue_at,
        Milestone.expires_at,
        Milestone.status,
        Milestone.booked_at,
        Milestone.completed_at,
        Milestone.moved_by_hand,
        Milestone.withdrawn_at,
    )
    for row in session.execute(_of(select(*columns), Milestone, plan_ids, steps)):
        part = Planned(
            key=Key(row.step_key, row.occurrence),
            kind=StepKind.MILESTONE.value,
            title=row.title,
            due_at=row.due_at,
            earliest_at=row.earliest_at,
            overdue_at=row.overdue_at,
            expires_at=row.expires_at,
            content={
                "title": row.title,
                "why": row.why,
                "bookable": row.bookable,
                "moved": row.moved,
            },
        )
        stored = StoredRow(row.id, row.status, row.booked_at, row.completed_at)
        yield row.care_plan_id, part, stored, _milestone_standing(row)


def _milestone_standing(row: Any) -> Happened | None:
    if row.status == "done":
        return Happened(Standing.SETTLED)
    if row.status == "cancelled":
        return _off(row.withdrawn_at)
    if row.status == "booked":
        return Happened(Standing.BOOKED)
    return Happened(Standing.BY_HAND) if row.moved_by_hand else None


def _restrictions(
    session: Session, plan_ids: Collection[uuid.UUID], steps: Collection[str] | None
) -> Iterator[_Read]:
    columns = (
        Restriction.id,
        Restriction.care_plan_id,
        Restriction.step_key,
        Restriction.occurrence,
        Restriction.title,
        Restriction.why,
        Restriction.starts_at,
        Restriction.ends_at,
        Restriction.ends_with,
        Restriction.status,
        Restriction.withdrawn_at,
    )
    for row in session.execute(_of(select(*columns), Restriction, plan_ids, steps)):
        part = Planned(
            key=Key(row.step_key, row.occurrence),
            kind=StepKind.RESTRICTION.value,
            title=row.title,
            due_at=row.starts_at,
            ends_at=row.ends_at,
            content={"title": row.title, "why": row.why, "ends_with": row.ends_with},
        )
        standing = None
        if row.status == "lifted":
            standing = Happened(Standing.SETTLED)
        elif row.status == "cancelled":
            standing = _off(row.withdrawn_at)
        yield row.care_plan_id, part, StoredRow(row.id, row.status), standing


def _check_ins(
    session: Session, plan_ids: Collection[uuid.UUID], steps: Collection[str] | None
) -> Iterator[_Read]:
    columns = (
        CheckIn.id,
        CheckIn.care_plan_id,
        CheckIn.step_key,
        CheckIn.occurrence,
        CheckIn.title,
        CheckIn.questions,
        CheckIn.day,
        CheckIn.due_at,
        CheckIn.expires_at,
        CheckIn.asked_at,
        CheckIn.status,
        CheckIn.withdrawn_at,
    )
    for row in session.execute(_of(select(*columns), CheckIn, plan_ids, steps)):
        part = Planned(
            key=Key(row.step_key, row.occurrence),
            kind=StepKind.CHECK_IN.value,
            title=row.title,
            due_at=row.due_at,
            expires_at=row.expires_at,
            content={"title": row.title, "questions": row.questions, "day": row.day},
        )
        standing = None
        if row.status in {"answered", "missed"}:
            standing = Happened(Standing.SETTLED)
        elif row.status == "cancelled":
            standing = _off(row.withdrawn_at)
        elif row.asked_at is not None:
            standing = Happened(Standing.RECEIVED)
        yield row.care_plan_id, part, StoredRow(row.id, row.status), standing


def _texts(
    session: Session, plan_ids: Collection[uuid.UUID], steps: Collection[str] | None, *, lock: bool
) -> Iterator[_Read]:
    columns = (
        OutboundMessage.id,
        OutboundMessage.care_plan_id,
        OutboundMessage.identity,
        OutboundMessage.purpose,
        OutboundMessage.template,
        OutboundMessage.facts,
        OutboundMessage.lateness,
        OutboundMessage.due_at,
        OutboundMessage.expires_at,
        OutboundMessage.status,
        OutboundMessage.withdrawn_at,
    )
    wanted = _of(select(*columns), OutboundMessage, plan_ids, steps).where(
        OutboundMessage.step_key.is_not(None)
    )
    for row in session.execute(wanted.with_for_update() if lock else wanted):
        key = _key(row.identity)
        if key is None:
            continue  # a second try, or a text no timeline has planned
        part = Planned(
            key=key,
            kind=row.purpose,
            title=_titles().get(key.step, {"en": key.step}),
            due_at=row.due_at,
            expires_at=row.expires_at,
            content={"template": row.template, "facts": row.facts, "lateness": row.lateness},
        )
        standing: Happened | None = Happened(Standing.RECEIVED)
        if row.status == "scheduled":
            standing = None
        elif row.status == "cancelled":
            standing = _off(row.withdrawn_at)
        yield row.care_plan_id, part, StoredRow(row.id, row.status), standing


@cache
def _titles() -> Mapping[str, Text]:
    """Each shipped step's title, for texts that no row of their own names."""
    return {step.key: step.title for protocol in shipped().all() for step in protocol.steps}


def _of(
    statement: Select[*tuple[Any, ...]],
    model: type[Milestone | Restriction | CheckIn | OutboundMessage],
    plan_ids: Collection[uuid.UUID],
    steps: Collection[str] | None,
) -> Select[*tuple[Any, ...]]:
    chosen = statement.where(model.care_plan_id.in_(plan_ids))
    return chosen if steps is None else chosen.where(model.step_key.in_(steps))


def _off(withdrawn_at: datetime | None) -> Happened:
    if withdrawn_at is None:
        return Happened(Standing.CALLED_OFF)
    return Happened(Standing.WITHDRAWN, withdrawn_at)


def _key(identity: str) -> Key | None:
    """Read `plan/step/occurrence/text`; None for an identity of another shape."""
    parts = identity.split("/")
    return Key(parts[1], int(parts[2]), parts[3]) if len(parts) == 4 and parts[2].isdigit() else None


def _titled(part: Planned, title: Text) -> Planned:
    return Planned(
        key=part.key,
        kind=part.kind,
        title=title,
        due_at=part.due_at,
        expires_at=part.expires_at,
        content=part.content,
    )
