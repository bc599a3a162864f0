"""Check-ins: opened when due, answered by text, app or phone call, missed when nobody answers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import triage
from backend.errors import Conflict, Invalid
from backend.models import Alert, CarePlan, CheckIn, Clinic, InboundMessage, Observation, Procedure
from backend.outbox import ask_next, cancel
from backend.services.actors import Actor, record
from backend.services.alerts import raise_alerts
from backend.services.episodes import twins_of
from backend.services.protocols import protocol_of
from schedules.timeline import day_number

SOURCES: Final = ("sms", "app", "nurse")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """One answer: a question's key and its value; `signs` belong to a yes to `red_flag`."""

    question: str
    value: int
    signs: tuple[str, ...] = ()


def answer_check_in(
    session: Session,
    actor: Actor,
    check_in: CheckIn,
    answers: Sequence[GivenAnswer],
    *,
    source: str,
    now: datetime,
    inbound: InboundMessage | None = None,
) -> list[Observation]:
    """Record answers to a check-in, judge them, and raise what they call for.

    A second answer amends the first and overwrites nothing. A patient may answer
    until the check-in expires; a nurse, who telephoned, also after it was missed.
    The same question of the patient's other plan that day is answered by it too, and
    judged against that plan's own baseline; returned are this check-in's observations.
    Raises Invalid naming the answer, Conflict when it cannot be answered (any more).
    """
    _check_open(check_in, source, now)
    _check_answers(check_in, answers)
    given = _Given(actor, answers, source, now, inbound)
    observations = _record_answers(session, given, check_in)
    signs = [sign for answer in answers for sign in _signs_of(answer)]
    _judge_given(session, given, check_in, observations, signs)
    for twin in twins_of(session, check_in):
        together = replace(given, answers=_asked_by(twin, answers))
        if together.answers:
            recorded = _record_answers(session, together, twin, with_=check_in)
            _judge_given(session, together, twin, recorded, ())
    ask_next(session, check_in.patient_id, now=now)
    return observations


@dataclass(frozen=True, slots=True)
class _Given:
    """Answers with who gave them, how and when."""

    actor: Actor
    answers: Sequence[GivenAnswer]
    source: str
    now: datetime
    inbound: InboundMessage | None


def _asked_by(check_in: CheckIn, answers: Sequence[GivenAnswer]) -> list[GivenAnswer]:
    asked = {question["key"] for question in check_in.questions}
    return [answer for answer in answers if answer.question in asked]


def _record_answers(
    session: Session, given: _Given, check_in: CheckIn, *, with_: CheckIn | None = None
) -> list[Observation]:
    """Store the answers to one check-in; `with_` is the one they were given to, if that was another's."""
    plan = session.get_one(CarePlan, check_in.care_plan_id)
    actor, inbound, now = given.actor, given.inbound, given.now
    day = _day_of(session, plan, now)
    observations = [
        Observation(
            clinic_id=check_in.clinic_id,
            care_plan_id=plan.id,
            patient_id=check_in.patient_id,
            check_in_id=check_in.id,
            inbound_message_id=inbound.id if inbound else None,
            question=answer.question,
            value=answer.value,
            day=day,
            source=given.source,
            observed_at=now,
            recorded_by=actor.account_id,
        )
        for answer in given.answers
    ]
    session.add_all(observations)
    _note_baseline(session, plan, given.answers, now)
    check_in.status = "answered"
    check_in.answered_at = check_in.answered_at or now
    session.flush()
    cancel(session, "not needed any more: answered", now=now, check_in_id=check_in.id)
    together = {"together_with": str(with_.id)} if with_ else {}
    record(
        session,
        actor,
        "answer_check_in",
        "check_in",
        check_in.id,
        now=now,
        patient_id=check_in.patient_id,
        detail={"source": given.source, **together},
    )
    return observations


def _judge_given(
    session: Session,
    given: _Given,
    check_in: CheckIn,
    observations: Sequence[Observation],
    signs: Sequence[str],
) -> None:
    plan = session.get_one(CarePlan, check_in.care_plan_id)
    quote = given.inbound.body if given.inbound else ""
    judge(session, plan, observations, signs=signs, now=given.now, quote=quote)


def _note_baseline(session: Session, plan: CarePlan, answers: Sequence[GivenAnswer], now: datetime) -> None:
    """Let the pain told before the procedure be the one later answers are compared with."""
    procedure = session.get_one(Procedure, plan.procedure_id)
    if now < procedure.performed_at:
        for answer in answers:
            if answer.question == "pain":
                procedure.baseline_pain = answer.value


def _signs_of(answer: GivenAnswer) -> tuple[str, ...]:
    if answer.question != "red_flag" or not answer.value:
        return ()
    return answer.signs or ("unnamed",)


def _check_open(check_in: CheckIn, source: str, now: datetime) -> None:
    if source not in SOURCES:
        raise Invalid({"source": [f"choose one of {', '.join(SOURCES)}."]})
    if check_in.status == "cancelled":
        raise Conflict("this check-in was cancelled")
    if check_in.due_at > now:
        raise Conflict("this check-in is not open yet")
    if source != "nurse" and check_in.expires_at <= now:
        raise Conflict("this check-in is closed; the clinic will ask again")


def _check_answers(check_in: CheckIn, answers: Sequence[GivenAnswer]) -> None:
    if not answers:
        raise Invalid({"answers": ["give at least one answer."]})
    questions = {question["key"]: question for question in check_in.questions}
    wrong: dict[str, list[str]] = {}
    for place, answer in enumerate(answers):
        question = questions.get(answer.question)
        if question is None:
            wrong[f"answers.{place}.question"] = [f"choose one of {', '.join(questions)}."]
        elif not question["minimum"] <= answer.value <= question["maximum"]:
            wrong[f"answers.{place}.value"] = [
                f"give a whole number from {question['minimum']} to {question['maximum']}."
            ]
    given = [answer.question for answer in answers]
    if len(set(given)) != len(given):
        wrong["answers"] = ["answer each question once."]
    if wrong:
        raise Invalid(wrong)


def _day_of(session: Session, plan: CarePlan, now: datetime) -> int:
    clinic = session.get_one(Clinic, plan.clinic_id)
    return day_number(plan.anchor_at, now, clinic.timezone)


def judge(
    session: Session,
    plan: CarePlan,
    new: Sequence[Observation],
    *,
    signs: Sequence[str],
    now: datetime,
    quote: str = "",
) -> list[Alert]:
    """Assess new answers and signs against the plan's history, and raise the alerts they call for.

    Each new answer is judged once, against the answers to the same question before
    it; with signs alone nothing older is judged again.
    """
    procedure = session.get_one(Procedure, plan.procedure_id)
    rules = protocol_of(plan).rules
    day = _day_of(session, plan, now)
    region = procedure.region
    findings = list(
        triage.assess(rules, region=region, day=day, answers=(), baseline=None, signs=signs).findings
    )
    for observation in new:
        if observation.question == "red_flag":
            continue
        assessment = triage.assess(
            rules,
            region=region,
            day=day,
            answers=_history(session, plan, observation),
            baseline=procedure.baseline_pain if observation.question == "pain" else None,
        )
        findings.extend(assessment.findings)
    return raise_alerts(session, plan, findings, now=now, quote=quote)


def judge_signs(
    session: Session, plans: Sequence[CarePlan], signs: Sequence[str], *, now: datetime, quote: str
) -> list[Alert]:
    """Raise what signs call for on a patient's plans: each cause once, on the plan that takes it gravest.

    A sign may be graver after one procedure than after another; the first plan wins where it is not.
    """
    gravest: dict[str, tuple[triage.Finding, CarePlan]] = {}
    for plan in plans:
        findings = triage.assess(
            protocol_of(plan).rules,
            region=session.get_one(Procedure, plan.procedure_id).region,
            day=_day_of(session, plan, now),
            answers=(),
            baseline=None,
            signs=signs,
        ).findings
        for finding in findings:
            known = gravest.get(finding.cause)
            if known is None or finding.tier.urgency < known[0].tier.urgency:
                gravest[finding.cause] = (finding, plan)
    return [
        alert
        for finding, plan in gravest.values()
        for alert in raise_alerts(session, plan, [finding], now=now, quote=quote)
    ]


def _history(session: Session, plan: CarePlan, newest: Observation) -> list[triage.Answer]:
    earlier = session.execute(
        select(Observation.question, Observation.value, Observation.day, Observation.observed_at)
        .where(
            Observation.care_plan_id == plan.id,
            Observation.question == newest.question,
            Observation.id != newest.id,
        )
        .order_by(Observation.observed_at, Observation.id)
    )
    answers = [triage.Answer(row.question, row.value, row.day, row.observed_at) for row in earlier]
    return [*answers, triage.Answer(newest.question, newest.value, newest.day, newest.observed_at)]


def open_due(session: Session, *, now: datetime) -> int:
    """Open the check-ins whose hour has come, so that app and nurse can answer them too; return how many."""
    opened = session.execute(
        update(CheckIn)
        .where(CheckIn.status == "planned", CheckIn.due_at <= now, CheckIn.expires_at > now)
        .values(status="awaiting")
        .returning(CheckIn.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(opened)


def close_expired(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Mark unanswered check-ins whose time is over as missed; return the plans concerned.

    While a plan is on hold nobody is asked, so nothing is missed: those are cancelled.
    """
    over = (CheckIn.status.in_(("planned", "awaiting")), CheckIn.expires_at <= now)
    held = select(CarePlan.id).where(CarePlan.status == "on_hold")
    session.execute(
        update(CheckIn)
        .where(*over, CheckIn.care_plan_id.in_(held))
        .values(status="cancelled")
        .execution_options(synchronize_session=False)
    )
    missed = session.execute(
        update(CheckIn)
        .where(*over)
        .values(status="missed")
        .returning(CheckIn.care_plan_id)
        .execution_options(synchronize_session=False)
    ).scalars()
    return sorted(set(missed))
