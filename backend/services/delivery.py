"""What the fate of a text means: for the patient's record, for a nurse, for whoever runs the installation.

Called with the outcomes of a batch in the transaction that records them, and for
each delivery report; the statuses themselves are the outbox's.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import case, func, literal, or_, select, update
from sqlalchemy.orm import Session

from backend.db import UtcDateTime
from backend.models import CheckIn, OutboundMessage, Patient
from backend.outbox import ASKED_TOGETHER, Outcome, record_report
from backend.services.actors import Actor
from backend.services.alarms import raise_alarm
from backend.services.consent import record_consent
from backend.services.ended_texts import EndedText, ended_texts, report_lost, running_plans
from backend.services.episodes import twins_of
from backend.services.second_tries import try_again
from backend.services.watching import raise_opted_out, raise_unreachable
from notifications.gateway import DeliveryReport, ErrorClass

_REACHED: Final = frozenset({"accepted", "sent", "delivered"})
_UNANSWERED: Final = ("planned", "awaiting")
_LOST: Final = frozenset({"failed", "undelivered", "expired"})
_ALARMING: Final = {
    ErrorClass.CONFIGURATION: "the provider refuses texts because of how the account or its sender is set up",
    ErrorClass.OTHER: "the provider refuses texts with a code this product does not know",
}
_TWICE: Final = ("sent_twice", "two attempts at one text are known to have left: somebody got it twice")
_UNCOMPOSABLE: Final = "a text could not be written: its template, its facts, the number or the time zone"


def record_delivery(
    session: Session, message_id: uuid.UUID, attempt: int, report: DeliveryReport, *, now: datetime
) -> bool:
    """Take in a delivery report; return whether it changed anything."""
    outcome = record_report(session, message_id, attempt, report, now=now)
    if outcome is None:
        return False
    draw_conclusions(session, [outcome], now)
    return True


def draw_conclusions(session: Session, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Note what was asked, who opted out, which number is dead; see to texts that were lost.

    docs/messages.md says what each class of error code does. A batch that went well costs no more than one
    statement.
    """
    reached = [outcome.message_id for outcome in outcomes if outcome.status in _REACHED and outcome.asks]
    _note_asked(session, reached, now)
    _note_asked_together(session, [one.message_id for one in outcomes if one.status == "cancelled"], now)
    ended = [outcome for outcome in outcomes if outcome.status in _LOST or outcome.error_class is not None]
    texts = ended_texts(session, [outcome.message_id for outcome in ended])
    alarms = Counter(_TWICE for outcome in outcomes if outcome.sent_twice)
    for outcome in ended:
        text = texts[outcome.message_id]
        if alarm := _alarm(outcome, text):
            alarms[alarm] += 1
        if outcome.error_class is ErrorClass.OPTED_OUT:
            _opted_out(session, outcome, text, now)
        elif outcome.error_class is ErrorClass.BAD_NUMBER:
            _unreachable(session, text, now)
        if outcome.status in _LOST and not try_again(session, outcome, text, now=now):
            _note_not_asked(session, text)
            if outcome.error_class not in {ErrorClass.OPTED_OUT, ErrorClass.BAD_NUMBER}:
                report_lost(session, outcome, text, now)
    for cause, detail in sorted(alarms):  # in one order, so that two workers never wait for each other
        raise_alarm(session, cause, detail, now=now, times=alarms[cause, detail])


def _note_asked(session: Session, reached: Sequence[uuid.UUID], now: datetime) -> None:
    """A question that the provider took is asked: from now on its check-in waits for the answer."""
    if not reached:
        return
    check_ins = select(OutboundMessage.check_in_id).where(
        OutboundMessage.id.in_(reached),
        OutboundMessage.purpose == "ask",
        OutboundMessage.check_in_id.is_not(None),
    )
    session.execute(
        update(CheckIn)
        .where(CheckIn.id.in_(check_ins), or_(CheckIn.asked_at.is_(None), CheckIn.status == "planned"))
        .values(
            asked_at=func.coalesce(CheckIn.asked_at, literal(now, UtcDateTime())),
            status=case((CheckIn.status == "planned", "awaiting"), else_=CheckIn.status),
        )
        .execution_options(synchronize_session=False)
    )


def _note_asked_together(session: Session, dropped: Sequence[uuid.UUID], now: datetime) -> None:
    """A question that another plan's text has put is asked as well, though its own text never goes."""
    if not dropped:
        return
    check_ins = select(OutboundMessage.check_in_id).where(
        OutboundMessage.id.in_(dropped),
        OutboundMessage.purpose == "ask",
        OutboundMessage.why.startswith(ASKED_TOGETHER),
    )
    session.execute(
        update(CheckIn)
        .where(CheckIn.id.in_(check_ins), CheckIn.asked_at.is_(None), CheckIn.status.in_(_UNANSWERED))
        .values(asked_at=now, status="awaiting")
        .execution_options(synchronize_session=False)
    )


def _note_not_asked(session: Session, text: EndedText) -> None:
    """A question that was lost after all is not asked, nor is the one it was asked together with."""
    if text.purpose != "ask" or text.check_in_id is None:
        return
    lost = session.get_one(CheckIn, text.check_in_id)
    carried = select(OutboundMessage.check_in_id).where(
        OutboundMessage.patient_id == text.patient_id,
        OutboundMessage.purpose == "ask",
        OutboundMessage.status == "cancelled",
        OutboundMessage.why.startswith(ASKED_TOGETHER),
        OutboundMessage.check_in_id.in_([twin.id for twin in twins_of(session, lost)]),
    )
    session.execute(
        update(CheckIn)
        .where(
            or_(CheckIn.id == lost.id, CheckIn.id.in_(carried)),
            CheckIn.status.in_(_UNANSWERED),
        )
        .values(asked_at=None)
        .execution_options(synchronize_session=False)
    )


def _alarm(outcome: Outcome, text: EndedText) -> tuple[str, str] | None:
    """Return the cause and the detail of what only an operator can mend, if this is such a thing."""
    if outcome.error_class not in _ALARMING:
        return None
    if outcome.code is None and not text.has_words:
        return f"uncomposable/{text.template}", _UNCOMPOSABLE
    return f"provider_code/{outcome.code or 'none'}", _ALARMING[outcome.error_class]


def _opted_out(session: Session, outcome: Outcome, text: EndedText, now: datetime) -> None:
    patient = _patient_of(session, text)
    if patient is None or patient.consent_state == "opted_out":
        return
    record_consent(
        session,
        Actor.system(patient.clinic_id),
        patient,
        state="opted_out",
        source="phone",
        wording=f"reported by the provider (code {outcome.code})",
        given_at=now,
        now=now,
    )
    for plan in running_plans(session, patient.id):
        raise_opted_out(session, plan, now=now)


def _unreachable(session: Session, text: EndedText, now: datetime) -> None:
    patient = _patient_of(session, text)
    if patient is None or patient.phone_unreachable_since is not None:
        return
    patient.phone_unreachable_since = now
    for plan in running_plans(session, patient.id):
        raise_unreachable(session, plan, now=now)


def _patient_of(session: Session, text: EndedText) -> Patient | None:
    return session.get(Patient, text.patient_id) if text.patient_id else None
