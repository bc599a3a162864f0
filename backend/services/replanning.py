"""Re-planning: what a plan becomes when its procedure, protocol, patient or milestones change.

Each verb decides with `schedules.replan`, writes everything in the caller's transaction, and leaves a record
that `undo` can take back. Previews decide the same way and write nothing. Many plans at once are `cohorts`'.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from backend.models import CarePlan, CheckIn, Milestone, Observation, PlanRevision, Procedure, Restriction
from backend.models.updating import update_rows
from backend.services.actors import Actor, record
from backend.services.announcing import announce
from backend.services.plan_revisions import Recorded, record_revisions
from backend.services.plan_standings import Standings, read_parts
from backend.services.plan_terms import Terms, read_terms
from backend.services.plan_wanted import wanted_parts
from backend.services.plan_writing import PlanChange, write_changes
from backend.services.procedure_changes import NewCourse, changed_terms
from backend.services.protocols import protocol_at, protocol_of
from schedules.dependence import hanging_on, leading_to
from schedules.protocol import CareProtocol
from schedules.replan import Replan, diff
from schedules.timeline import day_number
from schedules.vocabulary import Text

CAUSES: Final[Mapping[str, Text]] = {
    "procedure_moved": {"en": "follows the procedure's new date", "tr": "işlemin yeni tarihini izliyor"},
    "procedure_cancelled": {"en": "the procedure does not take place", "tr": "işlem yapılmıyor"},
    "protocol_changed": {"en": "by the protocol as it is now", "tr": "protokolün şimdiki haline göre"},
    "particulars_changed": {
        "en": "follows the patient's place, hour or language",
        "tr": "hastanın yerini, saatini ya da dilini izliyor",
    },
    "milestone_changed": {"en": "follows the date of {step}", "tr": "{step} tarihini izliyor"},
    "milestone_booked": {
        "en": "follows the appointment for {step}",
        "tr": "{step} randevusunu izliyor",
    },
    "time_zone_changed": {
        "en": "follows the new rules of the time zone",
        "tr": "saat diliminin yeni kurallarını izliyor",
    },
    "undone": {"en": "back as it was", "tr": "önceki haline döndü"},
}
"""Why parts of a plan move, by what was changed; `step` is the key of the milestone that was."""

_RUNNING: Final = ("active", "on_hold")


@dataclass(frozen=True, slots=True)
class Replanned:
    """What became of a plan; without a `revision` nothing had to change."""

    replan: Replan
    revision: PlanRevision | None


def preview(session: Session, plan: CarePlan, course: NewCourse, *, now: datetime) -> Replan:
    """Return what a change would do to a plan, and write nothing. Raises as `replan` does."""
    before = terms_of(session, plan)
    after = changed_terms(session, before, course, now)
    standings = read_parts(session, [plan.id])[plan.id]
    told = CAUSES[_cause(before, after)]
    return decide(after, _protocol(after, course), standings, told=told, now=now)


def replan(
    session: Session, actor: Actor, plan: CarePlan, course: NewCourse, *, reason: str, now: datetime
) -> Replanned:
    """Give a plan another procedure date, state or protocol version; its parts follow, all or nothing.

    The same again changes nothing. Raises Invalid naming the field, Conflict when the plan has ended.
    """
    before = terms_of(session, plan)
    after = changed_terms(session, before, course, now)
    cause = _cause(before, after)
    standings = read_parts(session, [plan.id], lock=True)[plan.id]
    protocol = _protocol(after, course)
    decided = decide(after, protocol, standings, told=CAUSES[cause], now=now)
    done = Recorded(before, PlanChange(after, standings, decided))
    replanned = carry_out(session, actor, plan, done, cause=cause, reason=reason, now=now)
    if replanned.revision is not None:
        announce(session, protocol, before, after, replanned.revision.id, now=now)
    return replanned


def follow_particulars(
    session: Session, actor: Actor, patient_id: uuid.UUID, *, now: datetime
) -> list[Replanned]:
    """Let what is still planned for a patient follow a new zone, hour or language, already stored."""
    plans = session.scalars(
        select(CarePlan).where(CarePlan.patient_id == patient_id, CarePlan.status.in_(_RUNNING))
    )
    told = CAUSES["particulars_changed"]
    return [
        _follow(session, actor, plan, "particulars_changed", told, steps=None, now=now)
        for plan in plans.all()
    ]


def follow_milestone(
    session: Session,
    actor: Actor,
    plan: CarePlan,
    step_key: str,
    columns: tuple[Mapping[str, Any], Mapping[str, Any]],
    *,
    now: datetime,
) -> Replanned:
    """Let a plan follow what became of a milestone, already stored: its own texts, and what hangs on it.

    `columns` are the milestone's, before and after, so that it can be taken back.
    """
    cause = "milestone_booked" if columns[1]["status"] == "booked" else "milestone_changed"
    told = {language: said.format(step=step_key) for language, said in CAUSES[cause].items()}
    steps = hanging_on(protocol_of(plan), [step_key])
    return _follow(session, actor, plan, cause, told, steps=steps, now=now, milestone=columns)


def decide(
    terms: Terms,
    protocol: CareProtocol,
    standings: Standings,
    *,
    told: Text,
    now: datetime,
    steps: Collection[str] | None = None,
) -> Replan:
    """Return what becomes of a plan's parts, or of those of `steps`, under these terms; `told` says why."""
    return diff(
        [part for part in standings.parts.values() if steps is None or part.key.step in steps],
        wanted_parts(terms, protocol, standings, now=now, steps=steps),
        standings.happened,
        now=now,
        cause=told,
        steps=[step.key for step in protocol.steps],
        why_dropped=told if terms.is_cancelled else None,
    )


def terms_of(session: Session, plan: CarePlan) -> Terms:
    """Return the terms a plan has now, with what this transaction has changed so far."""
    session.flush()
    (terms,) = read_terms(session, [plan.id])
    return terms


def carry_out(
    session: Session,
    actor: Actor,
    plan: CarePlan,
    done: Recorded,
    *,
    cause: str,
    reason: str,
    now: datetime,
    undoes: uuid.UUID | None = None,
) -> Replanned:
    """Write down what becomes of one plan, its terms, and the record of it; nothing where nothing changes."""
    after, decided = done.change.terms, done.change.replan
    if after == done.before and not decided.changes and done.milestone is None:
        return Replanned(decided, None)
    write_changes(session, [done.change], now=now)
    _write_terms(session, plan, done.before, after, now)
    session.flush()
    (revision_id,) = record_revisions(
        session, actor, [done], cause=cause, reason=reason, now=now, undoes=undoes
    )
    record(
        session,
        actor,
        "replan",
        "care_plan",
        plan.id,
        now=now,
        patient_id=plan.patient_id,
        detail={"cause": cause, "revision": str(revision_id), **decided.counts},
    )
    _reread(session, plan.id)
    return Replanned(decided, session.get_one(PlanRevision, revision_id))


def _follow(
    session: Session,
    actor: Actor,
    plan: CarePlan,
    cause: str,
    told: Text,
    *,
    steps: Collection[str] | None,
    now: datetime,
    milestone: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None,
) -> Replanned:
    terms, protocol = terms_of(session, plan), protocol_of(plan)
    read = None if steps is None else leading_to(protocol, steps)
    standings = read_parts(session, [plan.id], steps=read, lock=True)[plan.id]
    decided = decide(terms, protocol, standings, told=told, now=now, steps=steps)
    done = Recorded(terms, PlanChange(terms, standings, decided), milestone)
    return carry_out(session, actor, plan, done, cause=cause, reason="", now=now)


def _cause(before: Terms, after: Terms) -> str:
    if after.is_cancelled:
        return "procedure_cancelled"
    moved = (before.anchor_at, before.procedure_status) != (after.anchor_at, after.procedure_status)
    return "procedure_moved" if moved else "protocol_changed"


def _protocol(terms: Terms, course: NewCourse) -> CareProtocol:
    return course.protocol or protocol_at(terms.protocol, terms.protocol_version, terms.overrides)


def _write_terms(session: Session, plan: CarePlan, before: Terms, after: Terms, now: datetime) -> None:
    plan.protocol, plan.protocol_version = after.protocol, after.protocol_version
    plan.overrides, plan.timing_hash = dict(after.overrides), after.timing_hash
    if plan.status != after.plan_status:
        plan.status, plan.status_since = after.plan_status, now
    plan.anchor_at = after.anchor_at
    procedure = session.get_one(Procedure, plan.procedure_id)
    procedure.performed_at, procedure.status = after.anchor_at, after.procedure_status
    flag_modified(procedure, "status")  # its version counts every change, also one of the protocol alone
    if before.anchor_at != after.anchor_at:
        _count_days_anew(session, after)


def _count_days_anew(session: Session, terms: Terms) -> None:
    """Days are counted from the procedure: what was answered so far lies on other days now."""
    rows = session.execute(
        select(Observation.id, Observation.day, Observation.observed_at).where(
            Observation.care_plan_id == terms.plan_id
        )
    ).all()
    days = {row.id: day_number(terms.anchor_at, row.observed_at, terms.clinic_zone) for row in rows}
    update_rows(
        session, Observation, [{"id": row.id, "day": days[row.id]} for row in rows if days[row.id] != row.day]
    )


def _reread(session: Session, plan_id: uuid.UUID) -> None:
    """Rows are written past the session: let what it holds of this plan show it."""
    for row in list(session.identity_map.values()):
        if isinstance(row, (Milestone, Restriction, CheckIn, Observation)) and row.care_plan_id == plan_id:
            session.refresh(row)
