"""Two courses of one patient: which check-ins one answer answers, and which question a number is about.

Check-ins of two plans that ask the same about the same region on one day are answered together; questions
about two regions are told apart or left to a person. The texts that ask are the outbox's (`together`), the
answers `check_ins`'.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.models import CarePlan, CheckIn, OutboundMessage, Patient, Procedure
from backend.outbox import QUESTIONS_APART
from notifications.replies import regions_named

_OPEN: Final = ("planned", "awaiting", "answered")


@dataclass(frozen=True, slots=True)
class _Region:
    """What is open about one region, newest first, and when a text last asked about it."""

    check_ins: Sequence[CheckIn]
    asked_at: datetime | None

    @property
    def unanswered(self) -> Sequence[CheckIn]:
        return [check_in for check_in in self.check_ins if check_in.status != "answered"]

    @property
    def answer(self) -> CheckIn:
        """The check-in a number is for: the one asked last, an unanswered one before an answered."""
        return next(iter(self.unanswered or self.check_ins))


class Mistakable(Exception):
    """A number could be meant for either of two questions."""


def twins_of(session: Session, check_in: CheckIn) -> list[CheckIn]:
    """Return the check-ins of the patient's other plans that this one's answer answers too.

    They are about the same region, due on the same day of the patient's, and not over.
    """
    plan = session.get_one(CarePlan, check_in.care_plan_id)
    others = session.execute(
        select(CheckIn)
        .join(CarePlan, CarePlan.id == CheckIn.care_plan_id)
        .join(Procedure, Procedure.id == CarePlan.procedure_id)
        .where(
            CheckIn.patient_id == check_in.patient_id,
            CheckIn.care_plan_id != plan.id,
            CheckIn.status.in_(_OPEN),
            CarePlan.status == "active",
            Procedure.region == session.get_one(Procedure, plan.procedure_id).region,
        )
        .order_by(CheckIn.due_at, CheckIn.id)
    ).scalars()
    zone = ZoneInfo(session.get_one(Patient, check_in.patient_id).timezone)
    day = check_in.due_at.astimezone(zone).date()
    return [other for other in others if other.due_at.astimezone(zone).date() == day]


def question_meant(session: Session, patient: Patient, words: str, *, now: datetime) -> CheckIn | None:
    """Return the check-in that a number in a text answers, None when nothing was asked.

    With questions about two regions open it is the one the words name, else the one asked last. Raises
    Mistakable when the number could be meant for either: asked too close together, or both answered already.
    """
    regions = _open_regions(session, patient, now)
    named = regions_named(words) & regions.keys()
    if len(named) == 1:
        return regions[next(iter(named))].answer
    if named:
        raise Mistakable
    waiting = [region for region in regions.values() if region.asked_at and region.unanswered]
    candidates = waiting or [region for region in regions.values() if region.asked_at] or [*regions.values()]
    if len(candidates) < 2:
        return candidates[0].answer if candidates else None
    asked = sorted(((region.asked_at, region) for region in candidates if region.asked_at), key=_when)
    if not waiting or asked[-1][0] - asked[-2][0] < QUESTIONS_APART:
        raise Mistakable
    return asked[-1][1].answer


def _when(asked: tuple[datetime, _Region]) -> datetime:
    return asked[0]


def _open_regions(session: Session, patient: Patient, now: datetime) -> dict[str, _Region]:
    rows = session.execute(
        select(CheckIn, Procedure.region)
        .join(CarePlan, CarePlan.id == CheckIn.care_plan_id)
        .join(Procedure, Procedure.id == CarePlan.procedure_id)
        .where(
            CheckIn.patient_id == patient.id,
            CheckIn.status.in_(_OPEN),
            CheckIn.due_at <= now,
            CheckIn.expires_at > now,
            CarePlan.status == "active",
        )
        .order_by(CheckIn.due_at.desc(), CheckIn.id)
    ).all()
    by_region: dict[str, list[CheckIn]] = defaultdict(list)
    for check_in, region in rows:
        by_region[region].append(check_in)
    return {
        region: _Region(check_ins, _last_asked(session, check_ins) if len(by_region) > 1 else now)
        for region, check_ins in by_region.items()
    }


def _last_asked(session: Session, check_ins: Sequence[CheckIn]) -> datetime | None:
    """When a text last put the question, also as a nudge; a text that was lost has put none."""
    return session.scalars(
        select(func.max(OutboundMessage.sent_at)).where(
            OutboundMessage.check_in_id.in_([check_in.id for check_in in check_ins]),
            OutboundMessage.purpose.in_(("ask", "nudge")),
            OutboundMessage.status.in_(("accepted", "sent", "delivered")),
        )
    ).one()
