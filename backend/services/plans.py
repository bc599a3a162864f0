"""A care plan's own life: held, resumed, completed, revoked."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.errors import Conflict
from backend.models import CarePlan, CheckIn, Milestone, Procedure
from backend.outbox import cancel
from backend.services.actors import Actor, record

_ALLOWED = {
    "on_hold": {"active"},
    "active": {"on_hold"},
    "completed": {"active", "on_hold"},
    "revoked": {"active", "on_hold"},
}


def hold(session: Session, actor: Actor, plan: CarePlan, *, now: datetime, reason: str = "") -> CarePlan:
    """Pause a plan: nothing is sent and nobody counts as silent until it is resumed."""
    return _move(session, actor, plan, "on_hold", now=now, reason=reason)


def resume(session: Session, actor: Actor, plan: CarePlan, *, now: datetime, reason: str = "") -> CarePlan:
    """Go on with a held plan; what fell due meanwhile is not sent afterwards."""
    _skip_what_fell_due(session, plan, now)
    return _move(session, actor, plan, "active", now=now, reason=reason)


def complete(session: Session, actor: Actor, plan: CarePlan, *, now: datetime, reason: str = "") -> CarePlan:
    """End a plan that has served its purpose; what is still planned is cancelled."""
    _move(session, actor, plan, "completed", now=now, reason=reason)
    _close_what_is_open(session, plan, "the plan was completed", now)
    return plan


def revoke(session: Session, actor: Actor, plan: CarePlan, *, now: datetime, reason: str = "") -> CarePlan:
    """Withdraw a plan that should not be (any more); a procedure not yet performed is cancelled with it."""
    _move(session, actor, plan, "revoked", now=now, reason=reason)
    _close_what_is_open(session, plan, "the plan was revoked", now)
    procedure = session.get_one(Procedure, plan.procedure_id)
    if procedure.status == "planned":
        procedure.status = "cancelled"
    return plan


def _move(
    session: Session, actor: Actor, plan: CarePlan, status: str, *, now: datetime, reason: str
) -> CarePlan:
    if plan.status not in _ALLOWED[status]:
        raise Conflict(
            f"the plan is {plan.status.replace('_', ' ')} and cannot become {status.replace('_', ' ')}"
        )
    plan.status = status
    plan.status_since = now
    record(
        session,
        actor,
        f"plan_{status}",
        "care_plan",
        plan.id,
        now=now,
        patient_id=plan.patient_id,
        detail={"reason": reason} if reason else None,
    )
    session.flush()
    return plan


def _skip_what_fell_due(session: Session, plan: CarePlan, now: datetime) -> None:
    cancel(
        session,
        "fell due while the plan was on hold",
        now=now,
        care_plan_id=plan.id,
        due_before=now,
        may_return=True,
    )
    session.execute(
        update(CheckIn)
        .where(
            CheckIn.care_plan_id == plan.id,
            CheckIn.status.in_(("planned", "awaiting")),
            CheckIn.due_at <= now,
        )
        .values(status="cancelled", withdrawn_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _close_what_is_open(session: Session, plan: CarePlan, why: str, now: datetime) -> None:
    cancel(session, f"not sent: {why}", now=now, care_plan_id=plan.id)
    for model, open_statuses in ((CheckIn, ("planned", "awaiting")), (Milestone, ("planned", "booked"))):
        session.execute(
            update(model)
            .where(model.care_plan_id == plan.id, model.status.in_(open_statuses))
            .values(status="cancelled")
            .execution_options(synchronize_session="fetch")
        )
