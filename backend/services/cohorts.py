"""Re-planning everybody on a protocol, a batch of plans at a time: to see what it would do, and to do it.

Only the steps in which two versions differ are worked out anew, so a cohort costs what changes, not what
it has. Called by the command line; one plan at a time is `replanning`'s.
"""

import json
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from backend.errors import NotFound
from backend.models import AuditEvent, CarePlan, CheckIn, Milestone, OutboundMessage, Restriction
from backend.models.updating import update_rows
from backend.services.actors import Actor
from backend.services.plan_revisions import Recorded, record_revisions
from backend.services.plan_standings import read_parts
from backend.services.plan_terms import Terms, read_terms
from backend.services.plan_writing import PlanChange, write_changes
from backend.services.protocols import overrides_of, protocol_at, signed_protocol
from backend.services.replanning import CAUSES, decide
from schedules.dependence import changed_steps, leading_to
from schedules.protocol import CareProtocol

BATCH: Final = 200
"""Plans a transaction: some thousand rows, so that memory stays flat and no lock lasts."""

Transaction = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction over every clinic, committed at its end.

A batch is read by the ids of one clinic's plans. Naming the clinic beside them, as a session of one clinic
does, makes SQLite read all its rows for every batch, through the clinic's index.
"""


@dataclass(slots=True)
class CohortCounts:
    """What a version does to everybody on a protocol: plans looked at and changed, parts by what they do."""

    plans: int = 0
    changed: int = 0
    parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("keep", "move", "add", "drop"), 0))

    def count(self, change: PlanChange) -> None:
        """Add one plan."""
        self.plans += 1
        self.changed += bool(change.replan.changes)
        for name, number in change.replan.counts.items():
            self.parts[name] += number


@dataclass(frozen=True, slots=True)
class Target:
    """The version a cohort goes to, with the dates the clinic signed."""

    protocol: CareProtocol
    overrides: dict[str, object]


def target_version(session: Session, actor: Actor, protocol_id: str, version: int | None) -> Target:
    """Return a version of a protocol as the actor's clinic signed it. Raises Invalid where it has not."""
    protocol = signed_protocol(session, actor.clinic_id, protocol_id, version)
    return Target(protocol, overrides_of(session, actor.clinic_id, protocol))


def cohort_size(session: Session, actor: Actor, protocol_id: str) -> int:
    """Return how many running plans of the actor's clinic are on a protocol, in any version."""
    plans = select(func.count()).select_from(CarePlan).where(*_cohort(actor, protocol_id))
    return session.scalars(plans).one()


def preview_cohort(
    begin: Transaction,
    actor: Actor,
    target: Target,
    *,
    now: datetime,
    progress: Callable[[int], None] = lambda _done: None,
    batch: int = BATCH,
) -> CohortCounts:
    """Return what a version would do to everybody on its protocol, and write nothing.

    `progress` is told how many plans each batch had.
    """
    counts = CohortCounts()
    for plan_ids in _batches(begin, actor, target.protocol.id, batch):
        with begin() as session:
            for recorded in _decided(session, plan_ids, target, now=now, lock=False, counts=counts):
                counts.count(recorded.change)
        progress(len(plan_ids))
    return counts


def replan_cohort(
    begin: Transaction,
    actor: Actor,
    target: Target,
    *,
    reason: str,
    now: datetime,
    progress: Callable[[int], None] = lambda _done: None,
    batch: int = BATCH,
) -> CohortCounts:
    """Put everybody on a protocol on one version of it, a batch a transaction.

    Stopped in the middle it has done whole batches; run again it goes on with the others. Each plan keeps its
    own record, and can be taken back alone.
    """
    counts = CohortCounts()
    for plan_ids in _batches(begin, actor, target.protocol.id, batch):
        with begin() as session:
            recorded = _decided(session, plan_ids, target, now=now, lock=True, counts=counts)
            for one in recorded:
                counts.count(one.change)
            _write(session, actor, recorded, reason=reason, now=now)
        progress(len(plan_ids))
    return counts


def _cohort(actor: Actor, protocol_id: str) -> tuple[ColumnElement[bool], ...]:
    running = CarePlan.status.in_(("active", "on_hold"))
    return CarePlan.clinic_id == actor.clinic_id, CarePlan.protocol == protocol_id, running


def _batches(begin: Transaction, actor: Actor, protocol_id: str, size: int) -> Iterator[list[uuid.UUID]]:
    last: uuid.UUID | None = None
    while True:
        wanted = select(CarePlan.id).where(*_cohort(actor, protocol_id))
        if last is not None:
            wanted = wanted.where(CarePlan.id > last)
        with begin() as session:
            plan_ids = list(session.scalars(wanted.order_by(CarePlan.id).limit(size)))
        if not plan_ids:
            return
        yield plan_ids
        last = plan_ids[-1]


def _decided(
    session: Session,
    plan_ids: Sequence[uuid.UUID],
    target: Target,
    *,
    now: datetime,
    lock: bool,
    counts: CohortCounts,
) -> list[Recorded]:
    """What becomes of a batch, version by version; what no difference reaches is only counted."""
    recorded: list[Recorded] = []
    versions: dict[str, list[Terms]] = {}
    for terms in read_terms(session, plan_ids):
        kept = json.dumps([terms.protocol_version, dict(terms.overrides)], sort_keys=True)
        versions.setdefault(kept, []).append(terms)
    for batch in versions.values():
        steps = _differing(batch[0], target.protocol)
        ids = [terms.plan_id for terms in batch]
        read = None if steps is None else leading_to(target.protocol, steps)
        standings = read_parts(session, ids, steps=read, lock=lock)
        if steps is not None:
            counts.parts["keep"] += _apart_from(session, ids, steps)
        for terms in batch:
            after = terms.under(target.protocol, target.overrides)
            found = standings[terms.plan_id]
            told = CAUSES["protocol_changed"]
            replan = decide(after, target.protocol, found, told=told, now=now, steps=steps)
            recorded.append(Recorded(terms, PlanChange(after, found, replan)))
    return recorded


def _differing(terms: Terms, protocol: CareProtocol) -> frozenset[str] | None:
    """The steps in which a plan's version differs from another; None where that version ships no longer."""
    try:
        old = protocol_at(terms.protocol, terms.protocol_version, terms.overrides)
    except NotFound:
        return None
    return changed_steps(old, protocol)


def _apart_from(session: Session, plan_ids: Collection[uuid.UUID], steps: Collection[str]) -> int:
    """How many parts these plans have that no difference reaches, those taken back before apart."""
    total = 0
    for model in (Milestone, Restriction, CheckIn, OutboundMessage):
        total += session.scalars(
            select(func.count())
            .select_from(model)
            .where(
                model.care_plan_id.in_(plan_ids),
                model.step_key.not_in(steps),
                model.withdrawn_at.is_(None),
            )
        ).one()
    return total


def _write(
    session: Session, actor: Actor, recorded: Sequence[Recorded], *, reason: str, now: datetime
) -> None:
    changed = [one for one in recorded if one.before != one.change.terms or one.change.replan.changes]
    if not changed:
        return
    write_changes(session, [one.change for one in changed], now=now)
    terms = [one.change.terms for one in changed]
    update_rows(
        session,
        CarePlan,
        [
            {
                "id": one.plan_id,
                "protocol_version": one.protocol_version,
                "overrides": dict(one.overrides),
                "timing_hash": one.timing_hash,
            }
            for one in terms
        ],
    )
    ids = record_revisions(session, actor, changed, cause="protocol_changed", reason=reason, now=now)
    session.execute(
        insert(AuditEvent),
        [
            {
                "id": uuid.uuid4(),
                "clinic_id": one.change.terms.clinic_id,
                "at": now,
                "actor_id": actor.account_id,
                "actor": actor.name,
                "action": "replan",
                "subject": "care_plan",
                "subject_id": one.change.terms.plan_id,
                "patient_id": one.change.terms.patient_id,
                "detail": {
                    "cause": "protocol_changed",
                    "revision": str(revision_id),
                    **one.change.replan.counts,
                },
            }
            for one, revision_id in zip(changed, ids, strict=True)
        ],
    )
