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
from backend.services.actors import Actor
from backend.services.automatic_answers import answer_by_robot, answer_safely
from backend.services.check_ins import GivenAnswer, answer_check_in, judge_signs
from backend.services.consent import record_consent
from backend.services.episodes import Mistakable, question_meant
from backend.services.inbound import may_be_from
from backend.services.watching import raise_opted_out
from notifications import replies
from notifications.naming import Person, named_in

_FOR_ALL: Final = (replies.RedFlag, replies.OptOut, replies.OptIn, replies.Help)
"""What counts for everybody who may have written it, whomever it names."""
ONE_HOLDING_REPLY_PER: Final = timedelta(hours=1)
"""Between two "a person will read this" texts to one patient, so that a thread is not answered by a robot."""


def handle_inbound(session: Session, inbound: InboundMessage, *, now: datetime) -> InboundMessage:
    """Understand a stored text and do what it asks for. A text already handled is left alone.

    Locks the row first: the webhook and the job may take up the same text at once.
    """
    session.refresh(inbound, with_for_update=True)
    if inbound.status != "received":
        return inbound
    owners = may_be_from(session, inbound.sender, inbound.recipient)
    reply = replies.parse_reply(inbound.body, owners[0].language if owners else "en")
    if not isinstance(reply, _FOR_ALL):
        owners, reply = _by_name(inbound, owners, reply)
    inbound.understood = {"kind": reply.kind, "parser": replies.PARSER_VERSION, **asdict(reply)}
    match reply:
        case replies.RedFlag():
            _red_flag(session, inbound, owners, reply, now)
        case replies.OptOut() if owners:
            _opt_out(session, inbound, owners, now)
        case replies.OptIn() if owners:
            _opt_in(session, inbound, owners, now)
        case replies.Help() if owners:
            answer_by_robot(session, inbound, owners, "help", now=now)
            _done(inbound, "asked for help: told how", now)
        case replies.Answer() if len(owners) == 1:
            _number(session, inbound, owners[0], reply, now)
        case _:
            _to_a_person(session, inbound, owners, _why_a_person(owners, reply), now)
    session.flush()
    return inbound


def _by_name(
    inbound: InboundMessage, owners: list[Patient], reply: replies.Reply
) -> tuple[list[Patient], replies.Reply]:
    """Take an answer on a shared phone for the one it names; anything else stays whoever's it may be.

    A name beside other words may be somebody's the text speaks of, so that only a number is taken.
    """
    if len(owners) < 2:
        return owners, reply
    people = [Person(owner.given_name, owner.family_name) for owner in owners]
    named = named_in(inbound.body, people)
    if named is None:
        return owners, reply
    owner = owners[named.place]
    rest = replies.parse_reply(named.rest, owner.language)
    if not isinstance(rest, replies.Answer) or rest.says_more:
        return owners, reply
    inbound.clinic_id, inbound.patient_id = owner.clinic_id, owner.id
    return [owner], rest


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
        if len(owners) == 1 and reply.value is not None:
            _keep_score(session, inbound, patient, reply.value, now)
        plans = _plans_of(session, patient)
        raised += judge_signs(session, plans, reply.signs, now=now, quote=inbound.body)
    answer_safely(session, inbound, owners, reply.signs, now=now)
    if raised and len(owners) == 1:
        _done(inbound, f"red flag: {', '.join(reply.signs)}; alert raised", now)
    else:
        inbound.status = "needs_review"
        inbound.why = (
            f"red flag ({', '.join(reply.signs)}), but whose is not certain: {_why_a_person(owners, reply)}"
        )


def _keep_score(
    session: Session, inbound: InboundMessage, patient: Patient, value: int, now: datetime
) -> None:
    try:
        check_in = question_meant(session, patient, inbound.body, now=now)
    except Mistakable:
        return
    if check_in is not None:
        _record_score(session, inbound, check_in, value, now)


def _opt_out(session: Session, inbound: InboundMessage, owners: list[Patient], now: datetime) -> None:
    for patient in owners:
        if patient.consent_state != "opted_out":
            _consent(session, inbound, patient, "opted_out", now)
            for plan in _plans_of(session, patient)[:1]:
                raise_opted_out(session, plan, now=now)
    answer_by_robot(session, inbound, owners, "opted_out", now=now, ignores_opt_out=True)
    _done(inbound, "opted out", now)


def _opt_in(session: Session, inbound: InboundMessage, owners: list[Patient], now: datetime) -> None:
    for patient in owners:
        if patient.consent_state != "opted_in":
            _consent(session, inbound, patient, "opted_in", now)
    answer_by_robot(session, inbound, owners, "opted_in", now=now)
    _done(inbound, "opted in", now)


def _consent(session: Session, inbound: InboundMessage, patient: Patient, state: str, now: datetime) -> None:
    record_consent(
        session,
        Actor.system(patient.clinic_id),
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
    try:
        check_in = question_meant(session, patient, inbound.body, now=now)
    except Mistakable:
        why = f"the number {reply.value}, which could be meant for either of two questions"
        _to_a_person(session, inbound, [patient], why, now)
        return
    if check_in is None:
        why = f"the number {reply.value}, but no question was open"
        _to_a_person(session, inbound, [patient], why, now)
        return
    _record_score(session, inbound, check_in, reply.value, now)
    if reply.says_more:
        why = f"answer {reply.value}, day {check_in.day}, and more words to read"
        _to_a_person(session, inbound, [patient], why, now)
        return
    answer_by_robot(session, inbound, [patient], "answer_received", now=now, facts={"value": reply.value})
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


def _plans_of(session: Session, patient: Patient) -> list[CarePlan]:
    """Return the plans a text may concern, newest first: those that are running, else the newest at all."""
    plans = session.scalars(
        select(CarePlan).where(CarePlan.patient_id == patient.id).order_by(CarePlan.created_at.desc())
    ).all()
    running = [plan for plan in plans if plan.status in {"active", "on_hold"}]
    return running or list(plans[:1])


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
        answer_by_robot(session, inbound, owners, "passed_to_nurse", now=now)


def _done(inbound: InboundMessage, why: str, now: datetime) -> None:
    inbound.status = "handled"
    inbound.why = why
    inbound.handled_at = now
