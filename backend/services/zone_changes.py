"""A law changes a time zone: what is planned keeps its local time, appointments their hour.

The rules of each zone in use are kept as they were when texts were planned, so that new zone data is compared
with them, and only plans that a change concerns are worked out anew. Called by the job `refresh_time_zones`.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, union
from sqlalchemy.orm import Session

from backend.db import insert_if_new
from backend.models import AuditEvent, CarePlan, Clinic, Milestone, Patient, Procedure, ZoneRules
from backend.models.rows import insert_rows
from backend.services.actors import Actor, audit_row
from backend.services.plan_revisions import Recorded, record_revisions
from backend.services.plan_standings import read_parts
from backend.services.plan_terms import read_terms
from backend.services.plan_writing import PlanChange, write_changes
from backend.services.protocols import protocol_at
from backend.services.replanning import CAUSES, decide
from schedules.zone_rules import ZoneChange, differ, rules_of, same_wall_time

BATCH: Final = 50
"""Plans a transaction: some three thousand texts, which no worker can take for a second or two meanwhile."""

_CAUSE: Final = "time_zone_changed"
_BY_HAND: Final = ("booked_at", "earliest_at", "due_at", "overdue_at", "expires_at")
_RUNNING: Final = ("active", "on_hold")

Transaction = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction over all clinics, committed at its end."""


@dataclass(slots=True)
class ZoneCounts:
    """What new zone data did.

    `zones` have other rules from now on; `plans` in them were worked out anew, and `texts` of theirs moved;
    `appointments`, planned procedures among them, kept their hour on the clock.
    """

    zones: int = 0
    plans: int = 0
    texts: int = 0
    appointments: int = 0


def refresh_zones(
    begin: Transaction, data_version: str, *, now: datetime, stopping: Callable[[], bool]
) -> ZoneCounts:
    """Let everything planned follow the zone data of this version; nothing where it was looked at already.

    Stopped in the middle it has done whole batches, and goes on with the others when it is run again. A zone
    that is used for the first time is only noted.
    """
    counts = ZoneCounts()
    with begin() as session:
        _look(session, data_version, counts, now)
    with begin() as session:
        zones = sorted(session.scalars(select(ZoneRules.zone).where(ZoneRules.following)))
    if not zones:
        return counts
    for plan_ids in _batches(begin, zones):
        if stopping():
            return counts
        with begin() as session:
            _follow(session, plan_ids, counts, now)
    with begin() as session:
        for rules in session.scalars(select(ZoneRules).where(ZoneRules.zone.in_(zones)).with_for_update()):
            rules.following = False
    return counts


def _look(session: Session, data_version: str, counts: ZoneCounts, now: datetime) -> None:
    """Compare the rules of each zone in use; where they differ, keep the hour people have agreed on."""
    in_use = set(session.scalars(union(select(Patient.timezone), select(Clinic.timezone))))
    known = {rules.zone: rules for rules in session.scalars(select(ZoneRules).with_for_update())}
    for zone in sorted(in_use - known.keys()):
        changes = _as_json(rules_of(zone, now))
        insert_if_new(
            session,
            ZoneRules,
            zone=zone,
            data_version=data_version,
            changes=changes,
            following=False,
            looked_at=now,
        )
    for zone, rules in sorted(known.items()):
        if rules.data_version == data_version:
            continue
        old, new = _from_json(rules.changes), rules_of(zone, now)
        if differ(old, new, now):
            counts.zones += 1
            counts.appointments += _keep_the_hour(session, zone, old, now)
            rules.following = True
        rules.changes, rules.data_version, rules.looked_at = _as_json(new), data_version, now


def _keep_the_hour(session: Session, zone: str, old: Sequence[ZoneChange], now: datetime) -> int:
    """Move appointments and planned procedures of the zone's clinics to the same time on the clock."""
    clinics = select(Clinic.id).where(Clinic.timezone == zone)
    kept = 0
    for milestone in session.scalars(
        select(Milestone).where(
            Milestone.clinic_id.in_(clinics),
            Milestone.status.in_(("planned", "booked")),
            or_(Milestone.booked_at > now, Milestone.moved_by_hand & (Milestone.due_at > now)),
        )
    ):
        names = _BY_HAND if milestone.moved_by_hand else ("booked_at",)
        before = {name: getattr(milestone, name) for name in names}
        after = {name: at and same_wall_time(at, old, zone) for name, at in before.items()}
        kept += before != after
        for name, at in after.items():
            setattr(milestone, name, at)
    for procedure, plan in session.execute(
        select(Procedure, CarePlan)
        .join(CarePlan, CarePlan.procedure_id == Procedure.id)
        .where(Procedure.clinic_id.in_(clinics), Procedure.status == "planned", Procedure.performed_at > now)
    ):
        performed_at = same_wall_time(procedure.performed_at, old, zone)
        kept += performed_at != procedure.performed_at
        procedure.performed_at = plan.anchor_at = performed_at
    session.flush()
    return kept


def _batches(begin: Transaction, zones: Sequence[str]) -> Iterator[list[uuid.UUID]]:
    """Yield the running plans whose patient or clinic is in these zones."""
    wanted = (
        select(CarePlan.id)
        .join(Patient, Patient.id == CarePlan.patient_id)
        .join(Clinic, Clinic.id == CarePlan.clinic_id)
        .where(CarePlan.status.in_(_RUNNING), or_(Patient.timezone.in_(zones), Clinic.timezone.in_(zones)))
        .order_by(CarePlan.id)
        .limit(BATCH)
    )
    last: uuid.UUID | None = None
    while True:
        with begin() as session:
            page = wanted if last is None else wanted.where(CarePlan.id > last)
            plan_ids = list(session.scalars(page))
        if not plan_ids:
            return
        yield plan_ids
        last = plan_ids[-1]


def _follow(session: Session, plan_ids: Sequence[uuid.UUID], counts: ZoneCounts, now: datetime) -> None:
    standings = read_parts(session, plan_ids, lock=True)
    recorded: list[Recorded] = []
    for terms in read_terms(session, plan_ids):
        found = standings[terms.plan_id]
        protocol = protocol_at(terms.protocol, terms.protocol_version, terms.overrides)
        replan = decide(terms, protocol, found, told=CAUSES[_CAUSE], now=now)
        counts.plans += 1
        counts.texts += sum(bool(entry.part.key.text) for entry in replan.move)
        if replan.changes:
            recorded.append(Recorded(terms, PlanChange(terms, found, replan)))
    if not recorded:
        return
    write_changes(session, [one.change for one in recorded], now=now)
    for clinic_id in sorted({one.before.clinic_id for one in recorded}):
        _write_down(session, [one for one in recorded if one.before.clinic_id == clinic_id], clinic_id, now)


def _write_down(session: Session, recorded: Sequence[Recorded], clinic_id: uuid.UUID, now: datetime) -> None:
    actor = Actor.system(clinic_id)
    ids = record_revisions(session, actor, recorded, cause=_CAUSE, reason="", now=now)
    lines = [
        audit_row(
            actor,
            "replan",
            "care_plan",
            one.before.plan_id,
            now=now,
            patient_id=one.before.patient_id,
            detail={"cause": _CAUSE, "revision": str(revision_id), **one.change.replan.counts},
        )
        for one, revision_id in zip(recorded, ids, strict=True)
    ]
    insert_rows(session, AuditEvent, lines)


def _as_json(changes: Sequence[ZoneChange]) -> list[list[str | int]]:
    return [[change.at.isoformat(), int(change.offset.total_seconds()) // 60] for change in changes]


def _from_json(kept: Sequence[Sequence[str | int]]) -> list[ZoneChange]:
    return [
        ZoneChange(datetime.fromisoformat(str(at)), timedelta(minutes=int(offset))) for at, offset in kept
    ]
