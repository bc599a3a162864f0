"""What a stored text asks for, done in the order that safety asks for.

Red flags first, then opt-out words, then the number, and everything not understood
with certainty goes to a person, with the text as it came.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import Alert, CarePlan, CheckIn, InboundMessage, OutboundMessage, Patient
from backend.outbox import NewMessage, enqueue
from backend.services.actors import Actor
from backend.services.check_ins import GivenAnswer, answer_check_in, judge
from backend.services.consent import record_consent
from backend.services.inbound import owners_of
from backend.services.watching import raise_opted_out
from notifications import replies

REPLY_USEFUL_FOR: Final = timedelta(hours=12)
SAFETY_USEFUL_FOR: Final = timedelta(hours=2)
ONE_HOLDING_REPLY_PER: Final = timedelta(hours=1)
"""Between two "a person will read this" texts to one patient, so that a thread is not answered by a robot."""


def handle_inbound(session: Session, inbound: InboundMessage, *, now: datetime) -> InboundMessage:
    """Understand a stored text and do what it asks for. A text already handled is left alone.

    Locks the row first: the webhook and the job may take up the same text at once.
    """
    session.refresh(inbound, with_for_update=True)
    if inbound.status != "received":
        return inbound
    owners = [owner for owner in owners_of(session, inbound.sender) if owner.clinic_id == inbound.clinic_id]
    language = owners[0].language if owners else "en"
    reply = replies.parse_reply(inbound.body, language)
    inbound.understood = {"kind": reply.kind, "parser": replies.PARSER_VERSION, **asdict(reply)}
    match reply:
        case replies.RedFlag():
            _red_flag(session, inbound, owners, reply, now)
        case replies.OptOut() if owners:
            _opt_out(session, inbound, owners, now)
        case replies.OptIn() if owners:
            _opt_in(session, inbound, owners, now)
        case replies.Help() if owners:
            _answer_by_robot(session, inbound, owners[0], "help", now)
            _done(inbound, "asked for help: told how", now)
        case replies.Answer() if len(owners) == 1:
            _number(session, inbound, owners[0], reply, now)
        case _:
            _to_a_person(session, inbound, owners, _why_a_person(owners, reply), now)
    session.flush()
    return inbound


def _why_a_person(owners: list[Patient], reply: replies.Reply) -> str:
    if not owners:
        return "from a number no patient has"
    if len(owners) > 1:
        return f"this number is shared by {len(owners)} patients: ask for whom it is"
    return "a question" if isinstance(reply, replies.Question) else "not understood with certainty"


def _red_flag(
    session: Session, inbound: InboundMessage, owners: list[Patient], reply: replies.RedFlag, now: datetime
) -> None:
    """Alert for whoever may be meant, send the safety text at once, and keep a score if one was given too."""
    raised: list[Alert] = []
    for patient in owners:
        plan = _plan_of(session, patient)
        if plan is None:
            continue
        check_in = _open_check_in(session, patient, now) if len(owners) == 1 else None
        if check_in is not None and reply.value is not None:
            _record_score(session, inbound, check_in, reply.value, now)
        raised += judge(session, plan, [], signs=reply.signs, now=now, quote=inbound.body)
    for patient in owners[:1]:
        enqueue(
            session,
            inbound.clinic_id,
            [
                NewMessage(
                    identity=f"reply/{inbound.id}/safety",
                    patient_id=patient.id,
                    purpose="safety",
                    template="safety",
                    due_at=now,
                    expires_at=now + SAFETY_USEFUL_FOR,
                    ignores_quiet_hours=True,
                    why=f"answer to a text that names {', '.join(reply.signs)}",
                )
            ],
            now=now,
        )
    if raised and len(owners) == 1:
        _done(inbound, f"red flag: {', '.join(reply.signs)}; alert raised", now)
    else:
        inbound.status = "needs_review"
        inbound.why = (
            f"red flag ({', '.join(reply.signs)}), but whose is not certain: {_why_a_person(owners, reply)}"
        )


def _opt_out(session: Session, inbound: InboundMessage, owners: list[Patient], now: datetime) -> None:
    for patient in owners:
        if patient.consent_state != "opted_out":
            _consent(session, inbound, patient, "opted_out", now)
            plan = _plan_of(session, patient)
            if plan is not None:
                raise_opted_out(session, plan, now=now)
    _answer_by_robot(session, inbound, owners[0], "opted_out", now, ignores_opt_out=True)
    _done(inbound, "opted out", now)


def _opt_in(session: Session, inbound: InboundMessage, owners: list[Patient], now: datetime) -> None:
    for patient in owners:
        if patient.consent_state != "opted_in":
            _consent(session, inbound, patient, "opted_in", now)
    _answer_by_robot(session, inbound, owners[0], "opted_in", now)
    _done(inbound, "opted in", now)


def _consent(session: Session, inbound: InboundMessage, patient: Patient, state: str, now: datetime) -> None:
    record_consent(
        session,
        Actor.system(inbound.clinic_id),
        patient,
        state=state,
        source="phone",
        wording=inbound.body[:100],
        given_at=now,
        now=now,
    )


def _number(
    session: Session, inbound: InboundMessage, patient: Patient, reply: replies.Answer, now: datetime
) -> None:
    """Record the score, and pass the text on where it says more than that."""
    check_in = _open_check_in(session, patient, now)
    if check_in is None:
        why = f"the number {reply.value}, but no question was open"
        _to_a_person(session, inbound, [patient], why, now)
        return
    _record_score(session, inbound, check_in, reply.value, now)
    if reply.says_more:
        why = f"answer {reply.value}, day {check_in.day}, and more words to read"
        _to_a_person(session, inbound, [patient], why, now)
        return
    _answer_by_robot(session, inbound, patient, "answer_received", now, facts={"value": reply.value})
    _done(inbound, f"answer {reply.value}, day {check_in.day}", now)


def _record_score(
    session: Session, inbound: InboundMessage, check_in: CheckIn, value: int, now: datetime
) -> None:
    answer_check_in(
        session,
        Actor.system(inbound.clinic_id),
        check_in,
        [GivenAnswer(question="pain", value=value)],
        source="sms",
        now=now,
        inbound=inbound,
    )


def _open_check_in(session: Session, patient: Patient, now: datetime) -> CheckIn | None:
    """Return the check-in a number answers: the one asked last; an unanswered one before an answered."""
    candidates = session.scalars(
        select(CheckIn)
        .join(CarePlan, CarePlan.id == CheckIn.care_plan_id)
        .where(
            CheckIn.patient_id == patient.id,
            CheckIn.status.in_(("planned", "awaiting", "answered")),
            CheckIn.due_at <= now,
            CheckIn.expires_at > now,
            CarePlan.status == "active",
        )
        .order_by(CheckIn.due_at.desc())
    ).all()
    unanswered = [check_in for check_in in candidates if check_in.status != "answered"]
    return next(iter(unanswered or candidates), None)


def _plan_of(session: Session, patient: Patient) -> CarePlan | None:
    """Return the plan a text concerns: the newest that is running, else the newest at all."""
    plans = session.scalars(
        select(CarePlan).where(CarePlan.patient_id == patient.id).order_by(CarePlan.created_at.desc())
    ).all()
    running = [plan for plan in plans if plan.status in {"active", "on_hold"}]
    return next(iter(running or plans), None)


def _to_a_person(
    session: Session, inbound: InboundMessage, owners: list[Patient], why: str, now: datetime
) -> None:
    inbound.status = "needs_review"
    inbound.why = why
    if len(owners) != 1:
        return
    told = session.scalars(
        select(OutboundMessage.id)
        .where(
            OutboundMessage.patient_id == owners[0].id,
            OutboundMessage.template == "passed_to_nurse",
            OutboundMessage.created_at > now - ONE_HOLDING_REPLY_PER,
        )
        .limit(1)
    ).first()
    if told is None:
        _answer_by_robot(session, inbound, owners[0], "passed_to_nurse", now)


def _answer_by_robot(
    session: Session,
    inbound: InboundMessage,
    patient: Patient,
    template: str,
    now: datetime,
    *,
    facts: dict[str, object] | None = None,
    ignores_opt_out: bool = False,
) -> None:
    if inbound.opt_out_type:  # the provider answers STOP, START and HELP itself, and would refuse ours
        return
    enqueue(
        session,
        inbound.clinic_id,
        [
            NewMessage(
                identity=f"reply/{inbound.id}/{template}",
                patient_id=patient.id,
                purpose="acknowledge",
                template=template,
                facts=facts or {},
                due_at=now,
                expires_at=now + REPLY_USEFUL_FOR,
                ignores_quiet_hours=True,  # the patient has just written: it is no hour to be quiet
                ignores_opt_out=ignores_opt_out,
                why="answer to a text of the patient's",
            )
        ],
        now=now,
    )


def _done(inbound: InboundMessage, why: str, now: datetime) -> None:
    inbound.status = "handled"
    inbound.why = why
    inbound.handled_at = now
