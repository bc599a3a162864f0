"""The worklist: everything in a clinic that waits for a person, most urgent first.

Rows for the dashboard's first page, read in a fixed number of statements however
many lines there are. Nothing is changed here, and no sentence is made here except
those the rules have already written into an alert.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from backend.models import Account, Alert, CarePlan, CheckIn, InboundMessage, Milestone, Patient, Procedure
from backend.queries.timelines import in_language
from schedules.timeline import day_number

AT_MOST = 200
"""Lines of one kind that are read; a clinic with more has another problem than the list's length."""

UNANSWERED_AFTER = timedelta(hours=8)
"""How long after asking, the one reminder included, a silent check-in becomes a person's matter."""

MISSED_FOR = timedelta(days=3)
"""How long a check-in that ran out unanswered stays on the list."""

BOOK_AHEAD = timedelta(days=14)
"""The earliest before its date that an unbooked visit is asked for (nucleoplasty.md, section 4)."""

FORGET_BOOKING = timedelta(days=90)
"""How long after its date an unbooked visit is still asked for."""

_TIERS = ("emergency", "same_day", "next_day", "lost_sight")
ORDER: Mapping[str, int] = {
    kind: rank for rank, kind in enumerate((*_TIERS, "unanswered", "text", "booking"))
}
"""Every kind of line, in the order of the list."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that waits: what it is, whose, since when, and who has taken it.

    `subject_id` is the alert's, check-in's, inbound text's or milestone's id. `reason`
    is the alert's sentence, the patient's text or the milestone's title in the reader's
    language; `times` counts how often it happened; `due_at` is a booking's date.
    """

    kind: str
    subject_id: uuid.UUID
    since: datetime
    reason: str
    quote: str = ""
    status: str = "open"
    owner: str = ""
    owner_id: uuid.UUID | None = None
    times: int = 1
    due_at: datetime | None = None
    plan_id: uuid.UUID | None = None
    patient_id: uuid.UUID | None = None
    given_name: str = ""
    family_name: str = ""
    phone: str = ""
    zone: str = ""
    day: int | None = None
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What happened to alerts since an instant."""

    raised: int
    resolved: int


def worklist(session: Session, *, now: datetime, language: str, clinic_zone: str) -> tuple[Line, ...]:
    """Return every line, by tier and then by how long it has waited. Six statements."""
    lines = [
        *_alerts(session, language),
        *_unanswered(session, now),
        *_texts(session),
        *_bookings(session, now, language),
    ]
    known = _people(session, {line.patient_id for line in lines if line.patient_id})
    plans = _plans(session, known)
    placed = (_place(line, known, plans, now, clinic_zone) for line in lines)
    return tuple(sorted(placed, key=lambda line: (ORDER[line.kind], line.since)))


def counts(lines: Iterable[Line]) -> Mapping[str, int]:
    """Return how many lines there are of each kind."""
    return Counter(line.kind for line in lines)


def news_since(session: Session, since: datetime) -> News:
    """Return how many alerts were raised and resolved after `since`."""
    row = session.execute(
        select(
            func.coalesce(func.sum(case((Alert.raised_at > since, 1), else_=0)), 0).label("raised"),
            func.coalesce(func.sum(case((Alert.resolved_at > since, 1), else_=0)), 0).label("resolved"),
        ).where(or_(Alert.raised_at > since, Alert.resolved_at > since))
    ).one()
    return News(raised=int(row.raised), resolved=int(row.resolved))


def _alerts(session: Session, language: str) -> list[Line]:
    rows = session.execute(
        select(
            Alert.id,
            Alert.tier,
            Alert.raised_at,
            Alert.reason,
            Alert.quote,
            Alert.status,
            Alert.repeats,
            Alert.care_plan_id,
            Alert.patient_id,
            Alert.acknowledged_by,
            Account.name,
        )
        .outerjoin(Account, Account.id == Alert.acknowledged_by)
        .where(Alert.status != "resolved")
        .order_by(Alert.tier_rank, Alert.raised_at)
        .limit(AT_MOST)
    )
    return [
        Line(
            kind=row.tier,
            subject_id=row.id,
            since=row.raised_at,
            reason=in_language(row.reason, language),
            quote=row.quote,
            status=row.status,
            owner=row.name or "",
            owner_id=row.acknowledged_by,
            times=row.repeats + 1,
            plan_id=row.care_plan_id,
            patient_id=row.patient_id,
        )
        for row in rows
    ]


def _unanswered(session: Session, now: datetime) -> list[Line]:
    """One line a plan whose check-ins stay silent, unless an alert has already said so."""
    said = exists().where(
        Alert.care_plan_id == CheckIn.care_plan_id,
        Alert.tier == "lost_sight",
        or_(Alert.status != "resolved", Alert.last_at >= CheckIn.due_at),
    )
    silent = or_(
        and_(CheckIn.status == "awaiting", CheckIn.asked_at <= now - UNANSWERED_AFTER),
        and_(CheckIn.status == "missed", CheckIn.due_at >= now - MISSED_FOR),
    )
    rows = session.execute(
        select(CheckIn.id, CheckIn.care_plan_id, CheckIn.patient_id, CheckIn.asked_at, CheckIn.due_at)
        .join(CarePlan, CarePlan.id == CheckIn.care_plan_id)
        .where(silent, CarePlan.status == "active", ~said)
        .order_by(CheckIn.due_at)
        .limit(AT_MOST)
    )
    lines: dict[uuid.UUID, Line] = {}
    for row in rows:
        first = lines.get(row.care_plan_id)
        lines[row.care_plan_id] = Line(
            kind="unanswered",
            subject_id=row.id,
            since=first.since if first else row.asked_at or row.due_at,
            reason="",
            times=first.times + 1 if first else 1,
            plan_id=row.care_plan_id,
            patient_id=row.patient_id,
        )
    return list(lines.values())


def _texts(session: Session) -> list[Line]:
    rows = session.execute(
        select(
            InboundMessage.id,
            InboundMessage.received_at,
            InboundMessage.body,
            InboundMessage.sender,
            InboundMessage.patient_id,
        )
        .where(InboundMessage.status == "needs_review")
        .order_by(InboundMessage.received_at)
        .limit(AT_MOST)
    )
    return [
        Line(
            kind="text",
            subject_id=row.id,
            since=row.received_at,
            reason="",
            quote=row.body,
            phone=row.sender,
            patient_id=row.patient_id,
        )
        for row in rows
    ]


def _bookings(session: Session, now: datetime, language: str) -> list[Line]:
    """Visits to book: asked for in the last quarter of the way to them, two weeks ahead at most."""
    said = exists().where(
        Alert.care_plan_id == Milestone.care_plan_id,
        Alert.status != "resolved",
        Alert.cause.in_([literal(why).concat(Milestone.step_key) for why in ("unbooked:", "overdue:")]),
    )
    rows = session.execute(
        select(
            Milestone.id,
            Milestone.care_plan_id,
            Milestone.patient_id,
            Milestone.title,
            Milestone.due_at,
            CarePlan.anchor_at,
        )
        .join(CarePlan, CarePlan.id == Milestone.care_plan_id)
        .where(
            Milestone.bookable.is_(True),
            Milestone.status == "planned",
            Milestone.due_at.between(now - FORGET_BOOKING, now + BOOK_AHEAD),
            CarePlan.status == "active",
            ~said,
        )
        .order_by(Milestone.due_at)
        .limit(AT_MOST)
    )
    return [
        Line(
            kind="booking",
            subject_id=row.id,
            since=asked_at,
            reason=in_language(row.title, language),
            due_at=row.due_at,
            plan_id=row.care_plan_id,
            patient_id=row.patient_id,
        )
        for row in rows
        if (asked_at := row.due_at - min(BOOK_AHEAD, (row.due_at - row.anchor_at) / 4)) <= now
    ]


def _people(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, Any]:
    rows = session.execute(
        select(Patient.id, Patient.given_name, Patient.family_name, Patient.phone, Patient.timezone).where(
            Patient.id.in_(ids)
        )
    )
    return {row.id: row for row in rows}


def _plans(session: Session, patients: Mapping[uuid.UUID, Any]) -> dict[uuid.UUID, Any]:
    """Return each patient's plans under the plan's id, and the newest also under the patient's."""
    rows = session.execute(
        select(CarePlan.id, CarePlan.patient_id, CarePlan.anchor_at, Procedure.levels)
        .join(Procedure, Procedure.id == CarePlan.procedure_id)
        .where(CarePlan.patient_id.in_(patients))
        .order_by(CarePlan.anchor_at)
    )
    found: dict[uuid.UUID, Any] = {}
    for row in rows:
        found[row.id] = found[row.patient_id] = row
    return found


def _place(
    line: Line, people: Mapping[uuid.UUID, Any], plans: Mapping[uuid.UUID, Any], now: datetime, zone: str
) -> Line:
    """Return `line` with whose it is and how far along that person is."""
    person = people.get(line.patient_id) if line.patient_id else None
    if person is None:
        return line
    plan = plans.get(line.plan_id or person.id)
    return replace(
        line,
        given_name=person.given_name,
        family_name=person.family_name,
        phone=person.phone,
        zone=person.timezone,
        day=day_number(plan.anchor_at, now, zone) if plan else None,
        levels=tuple(plan.levels) if plan else (),
    )
