"""The course of one plan: what the patient answered day by day, and what marks it.

Rows for the pain chart and the table beside it. A day without an answer stays a day
without an answer: it is a mark of its own, never a value.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import Account, Alert, CheckIn, Observation
from backend.queries.timelines import in_language
from schedules.timeline import day_number

PAIN, PAIN_LIMB = "pain", "pain_limb"

PUBLISHED_REDUCTION = (0.40, 0.82)
"""Mean reductions of pain in published series (nucleoplasty.md, section 3): the expected band."""

FLARE_UNTIL_DAY = 7
"""A flare on D1-D7 is expected (nucleoplasty.md, section 4)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One answer on the scale of 0-10; `day` counts from the procedure in the clinic's zone."""

    question: str
    day: int
    value: int
    source: str
    observed_at: datetime
    check_in_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class AskedCheckIn:
    """A check-in of the plan, with the answers it got."""

    id: uuid.UUID
    day: int
    status: str
    due_at: datetime
    expires_at: datetime
    asked_at: datetime | None
    answered_at: datetime | None
    answers: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert of the plan, with what has become of it."""

    id: uuid.UUID
    tier: str
    day: int
    reason: str
    quote: str
    status: str
    raised_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    owner: str
    outcome: str | None
    note: str
    times: int


@dataclass(frozen=True, slots=True)
class Course:
    """Everything the pain chart shows; `points` and `check_ins` oldest first, `alerts` newest first."""

    baseline: int | None
    points: tuple[Point, ...]
    check_ins: tuple[AskedCheckIn, ...]
    alerts: tuple[RaisedAlert, ...]

    @property
    def silences(self) -> tuple[AskedCheckIn, ...]:
        """The check-ins that ran out without an answer."""
        return tuple(check_in for check_in in self.check_ins if check_in.status == "missed")

    def of(self, question: str) -> tuple[Point, ...]:
        """Return the answers to one question."""
        return tuple(point for point in self.points if point.question == question)

    @property
    def expected(self) -> tuple[float, float] | None:
        """Lowest and highest pain of the expected band; None where no baseline gives one."""
        if not self.baseline:
            return None
        least, most = PUBLISHED_REDUCTION
        return self.baseline * (1 - most), self.baseline * (1 - least)


def course(
    session: Session,
    plan_id: uuid.UUID,
    *,
    baseline: int | None,
    anchor_at: datetime,
    clinic_zone: str,
    language: str,
) -> Course:
    """Return the course of a plan, in three statements."""
    points = _points(session, plan_id)
    return Course(
        baseline=baseline,
        points=points,
        check_ins=_check_ins(session, plan_id, points),
        alerts=_alerts(session, plan_id, anchor_at, clinic_zone, language),
    )


def _points(session: Session, plan_id: uuid.UUID) -> tuple[Point, ...]:
    """Return what was answered; of two answers of one day to a check-in's question, the later."""
    rows = session.execute(
        select(
            Observation.id,
            Observation.check_in_id,
            Observation.question,
            Observation.day,
            Observation.value,
            Observation.source,
            Observation.observed_at,
        )
        .where(Observation.care_plan_id == plan_id, Observation.question.in_((PAIN, PAIN_LIMB)))
        .order_by(Observation.observed_at)
    )
    newest = {
        (row.check_in_id or row.id, row.question, row.day): Point(
            row.question, row.day, row.value, row.source, row.observed_at, row.check_in_id
        )
        for row in rows
    }
    return tuple(sorted(newest.values(), key=lambda point: point.observed_at))


def _check_ins(session: Session, plan_id: uuid.UUID, points: tuple[Point, ...]) -> tuple[AskedCheckIn, ...]:
    rows = session.execute(
        select(
            CheckIn.id,
            CheckIn.day,
            CheckIn.status,
            CheckIn.due_at,
            CheckIn.expires_at,
            CheckIn.asked_at,
            CheckIn.answered_at,
        )
        .where(CheckIn.care_plan_id == plan_id)
        .order_by(CheckIn.due_at)
    )
    return tuple(
        AskedCheckIn(
            id=row.id,
            day=row.day,
            status=row.status,
            due_at=row.due_at,
            expires_at=row.expires_at,
            asked_at=row.asked_at,
            answered_at=row.answered_at,
            answers=tuple(point for point in points if point.check_in_id == row.id),
        )
        for row in rows
    )


def _alerts(
    session: Session, plan_id: uuid.UUID, anchor_at: datetime, zone: str, language: str
) -> tuple[RaisedAlert, ...]:
    rows = session.execute(
        select(
            Alert.id,
            Alert.tier,
            Alert.reason,
            Alert.quote,
            Alert.status,
            Alert.raised_at,
            Alert.acknowledged_at,
            Alert.resolved_at,
            Alert.outcome,
            Alert.note,
            Alert.repeats,
            Account.name,
        )
        .outerjoin(Account, Account.id == Alert.acknowledged_by)
        .where(Alert.care_plan_id == plan_id)
        .order_by(Alert.raised_at.desc())
    )
    return tuple(
        RaisedAlert(
            id=row.id,
            tier=row.tier,
            day=day_number(anchor_at, row.raised_at, zone),
            reason=in_language(row.reason, language),
            quote=row.quote,
            status=row.status,
            raised_at=row.raised_at,
            acknowledged_at=row.acknowledged_at,
            resolved_at=row.resolved_at,
            owner=row.name or "",
            outcome=row.outcome,
            note=row.note,
            times=row.repeats + 1,
        )
        for row in rows
    )
