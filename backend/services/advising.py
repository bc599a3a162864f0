"""What a patient is told on "may I …?": the plans that hold, their steps as they stand, and one sentence.

The answer itself is `schedules.advice`, the words are `notifications.copy`. Called by the patient's app; an
answer by text is the same one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import NotFound
from backend.models import CarePlan, Clinic, Milestone, Patient, Restriction
from backend.services.protocols import protocol_of
from notifications.compose import compose
from schedules.advice import Advice, Answer, Standing, may_i, strictest, unanswered
from schedules.topics import Topic

_LONGEST_TOPIC: Final = 60


@dataclass(frozen=True, slots=True)
class Advised:
    """An answer, the sentence that tells it, and the clinic to ask."""

    advice: Advice
    sentence: str
    clinic: Clinic


def advise(session: Session, patient: Patient, topic: str, *, language: str, now: datetime) -> Advised:
    """Answer a patient's question; of several plans in force the strictest answers.

    Total: an unknown topic, a plan on hold and a patient without a plan are answered with "ask first".
    """
    wanted = topic.strip().lower().replace(" ", "_").replace("-", "_")[:_LONGEST_TOPIC]
    zone = patient.timezone
    advices = [_of_plan(session, plan, wanted, zone, now) for plan in _plans(session, patient.id)]
    advice = strictest(advices, zone=zone) if advices else unanswered(wanted)
    clinic = session.get_one(Clinic, patient.clinic_id)
    return Advised(advice, _sentence(advice, patient, clinic, language, now), clinic)


def topics_of(session: Session, patient_id: uuid.UUID) -> tuple[Topic, ...]:
    """Return what a patient can ask about, as the protocols in force write it; none without a plan."""
    topics: dict[str, Topic] = {}
    for plan in _plans(session, patient_id):
        try:
            topics |= {topic.key: topic for topic in protocol_of(plan).topics}
        except NotFound:
            continue
    return tuple(topics.values())


def _plans(session: Session, patient_id: uuid.UUID) -> Sequence[CarePlan]:
    """The plans in force; without any, the newest that was not withdrawn."""
    plans = session.scalars(
        select(CarePlan)
        .where(CarePlan.patient_id == patient_id, CarePlan.status != "revoked")
        .order_by(CarePlan.anchor_at.desc(), CarePlan.id)
    ).all()
    return [plan for plan in plans if plan.status in {"active", "on_hold"}] or plans[:1]


def _of_plan(session: Session, plan: CarePlan, topic: str, zone: str, now: datetime) -> Advice:
    try:
        protocol = protocol_of(plan)
    except NotFound:  # that version no longer ships: nobody can say what it allows
        return unanswered(topic)
    if plan.status == "on_hold":
        return may_i(topic, protocol, (), {}, now=now, zone=zone)
    milestones = session.scalars(
        select(Milestone).where(
            Milestone.care_plan_id == plan.id, Milestone.occurrence == 0, Milestone.status != "cancelled"
        )
    ).all()
    restrictions = session.scalars(
        select(Restriction).where(
            Restriction.care_plan_id == plan.id,
            Restriction.occurrence == 0,
            Restriction.status != "cancelled",
        )
    ).all()
    # a restriction that was lifted ends when it was; only what was done is told apart
    clearances = {row.step_key: row.completed_at for row in milestones if row.completed_at}
    standings = [
        *(Standing(row.step_key, row.starts_at, row.ends_at, row.ends_with) for row in restrictions),
        *(Standing(row.step_key, None, row.earliest_at or row.due_at) for row in milestones),
    ]
    return may_i(topic, protocol, standings, clearances, now=now, zone=zone)


def _sentence(advice: Advice, patient: Patient, clinic: Clinic, language: str, now: datetime) -> str:
    template, facts = _words(advice, patient.timezone, language, now)
    standing = {
        "clinic": clinic.name,
        "clinic_phone": clinic.phone,
        "emergency_number": clinic.emergency_number,
        "given_name": patient.given_name,
    }
    return compose(template, language, {**standing, **facts}).body


def _words(advice: Advice, zone: str, language: str, now: datetime) -> tuple[str, dict[str, object]]:
    """The template that fits an answer, and its facts; an answer of today names the hour."""
    if not advice.name:
        return "advice_unknown", {}
    activity: dict[str, object] = {"activity": advice.name[language]}
    there = ZoneInfo(zone)
    later = advice.on is not None and advice.on > now.astimezone(there).date()
    if advice.answer is Answer.ALLOWED:
        return "advice_allowed", activity | {"since_on": advice.on}
    if advice.answer is Answer.ASK_FIRST:
        if later:
            return "advice_ask_first_not_before", activity | {"from_on": advice.on}
        return "advice_ask_first", activity
    if later or advice.at is None:
        return "advice_not_before", activity | {"from_on": advice.on}
    return "advice_not_yet", activity | {"from_at": advice.at.astimezone(there)}
