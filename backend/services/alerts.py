"""Alerts: raised by triage, folded per cause, taken and resolved by a person."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid
from backend.models import Alert, CarePlan
from backend.services.actors import Actor, record
from backend.triage import Finding
from schedules.protocol import Tier

OUTCOMES: Final = (
    "advised",
    "called",
    "seen",
    "referred",
    "sent_to_emergency",
    "no_answer",
    "no_action",
    "false_alarm",
)
"""How an alert can end, as a code; the note says the rest."""

TIER_RANK: Final = {tier.value: rank for rank, tier in enumerate(Tier)}


def raise_alerts(
    session: Session,
    plan: CarePlan,
    findings: Sequence[Finding],
    *,
    now: datetime,
    quote: str = "",
    once: bool = False,
) -> list[Alert]:
    """Turn findings into alerts: one unresolved alert a cause, the same cause again only adds to it.

    `quote` is the patient's own words. With `once`, a cause this plan has ever had an
    alert for is left alone: for what a clock finds again on each round.
    """
    return [
        alert
        for finding in findings
        if (alert := _raise(session, plan, finding, now=now, quote=quote, once=once)) is not None
    ]


def _raise(
    session: Session, plan: CarePlan, finding: Finding, *, now: datetime, quote: str, once: bool
) -> Alert | None:
    same_cause = select(Alert).where(Alert.care_plan_id == plan.id, Alert.cause == finding.cause)
    if once and session.scalars(same_cause.limit(1)).first() is not None:
        return None
    unresolved = same_cause.where(Alert.status != "resolved")
    standing = session.scalars(unresolved).one_or_none()
    if standing is not None:
        return _add_to(standing, finding, now=now, quote=quote)
    alert = _new(plan, finding, now=now, quote=quote)
    try:
        with session.begin_nested():
            session.add(alert)
    except IntegrityError:  # another process raised the same cause this instant
        return _add_to(session.scalars(unresolved).one(), finding, now=now, quote=quote)
    record(
        session,
        Actor.system(plan.clinic_id),
        "raise_alert",
        "alert",
        alert.id,
        now=now,
        patient_id=plan.patient_id,
        detail={"rule": finding.rule, "tier": finding.tier.value},
    )
    return alert


def _new(plan: CarePlan, finding: Finding, *, now: datetime, quote: str) -> Alert:
    return Alert(
        id=uuid.uuid4(),
        clinic_id=plan.clinic_id,
        patient_id=plan.patient_id,
        care_plan_id=plan.id,
        tier=finding.tier.value,
        tier_rank=TIER_RANK[finding.tier.value],
        rule=finding.rule,
        cause=finding.cause,
        reason=dict(finding.reason),
        quote=quote,
        raised_at=now,
        last_at=now,
    )


def _add_to(alert: Alert, finding: Finding, *, now: datetime, quote: str) -> Alert:
    """Fold a repetition in. New words from the patient put a taken alert back in front of everyone."""
    alert.repeats += 1
    alert.last_at = now
    alert.reason = dict(finding.reason)
    rank = TIER_RANK[finding.tier.value]
    graver = rank < alert.tier_rank
    if graver:
        alert.tier, alert.tier_rank = finding.tier.value, rank
    if quote:
        alert.quote = quote
    if alert.status == "acknowledged" and (quote or graver):
        alert.status = "open"
        alert.acknowledged_at = alert.acknowledged_by = None
    return alert


def acknowledge(session: Session, actor: Actor, alert: Alert, *, now: datetime) -> Alert:
    """Take an alert; again by the same person is no change. Conflict when another has it, or it is closed."""
    if alert.status == "resolved":
        raise Conflict("this alert is already resolved")
    if alert.status == "acknowledged":
        if alert.acknowledged_by == actor.account_id:
            return alert
        raise Conflict("somebody else has already taken this alert")
    alert.status = "acknowledged"
    alert.acknowledged_at = now
    alert.acknowledged_by = actor.account_id
    record(session, actor, "acknowledge_alert", "alert", alert.id, now=now, patient_id=alert.patient_id)
    return alert


def resolve(session: Session, actor: Actor, alert: Alert, *, outcome: str, note: str, now: datetime) -> Alert:
    """Close an alert with a coded outcome. Invalid for an unknown code, Conflict when already closed."""
    if outcome not in OUTCOMES:
        raise Invalid({"outcome": [f"choose one of {', '.join(OUTCOMES)}."]})
    if alert.status == "resolved":
        raise Conflict("this alert is already resolved")
    alert.status = "resolved"
    alert.resolved_at = now
    alert.resolved_by = actor.account_id
    alert.outcome = outcome
    alert.note = note.strip()
    record(
        session,
        actor,
        "resolve_alert",
        "alert",
        alert.id,
        now=now,
        patient_id=alert.patient_id,
        detail={"outcome": outcome},
    )
    return alert
