"""Whether a text that the provider took and could not deliver is worth a second try.

Queueing it is the outbox's. A text that was never taken is tried again by the dispatcher itself.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import AuditEvent, CarePlan, CheckIn, Milestone, OutboundMessage, Patient
from backend.outbox import Outcome, is_second_try, queue_second_try
from backend.services.ended_texts import EndedText
from notifications.gateway import ErrorClass


class _Reason(NamedTuple):
    pause: timedelta
    said: str
    why: str


_REASONS: Final = {
    ErrorClass.PHONE_OFF: _Reason(
        timedelta(hours=1),
        "the phone was off: a second try follows an hour later",
        "second try: the phone was off an hour before",
    ),
    ErrorClass.TEMPORARY: _Reason(
        timedelta(minutes=5),
        "the network had no room: a second try follows five minutes later",
        "second try: the network had no room five minutes before",
    ),
}
"""What passes by itself: a phone may be on again by then, a network have room."""


def try_again(session: Session, outcome: Outcome, text: EndedText, *, now: datetime) -> bool:
    """Queue a text once more where that makes sense; return whether it was.

    It does when it was certainly not delivered for a reason that passes, it was the first try, it is still
    useful by then, and nothing has happened since that makes it needless or wrong.
    """
    reason = _REASONS.get(outcome.error_class) if outcome.error_class else None
    if reason is None or not text.was_taken or outcome.status not in {"undelivered", "failed"}:
        return False
    due_at = now + reason.pause
    if is_second_try(text.identity) or due_at >= text.expires_at or not _still_wanted(session, text):
        return False
    return queue_second_try(session, text.id, due_at=due_at, said=reason.said, why=reason.why, now=now)


def _still_wanted(session: Session, text: EndedText) -> bool:
    """Tell whether the question is open, the milestone as announced, the plan running, texts welcome."""
    row = session.execute(
        select(
            CheckIn.status.label("check_in"),
            Milestone.status.label("milestone"),
            CarePlan.status.label("plan"),
            Patient.consent_state,
            Patient.phone_unreachable_since,
        )
        .select_from(OutboundMessage)
        .outerjoin(CheckIn, CheckIn.id == OutboundMessage.check_in_id)
        .outerjoin(Milestone, Milestone.id == OutboundMessage.milestone_id)
        .outerjoin(CarePlan, CarePlan.id == OutboundMessage.care_plan_id)
        .outerjoin(Patient, Patient.id == OutboundMessage.patient_id)
        .where(OutboundMessage.id == text.id)
    ).one()
    return (
        row.check_in in {None, "planned", "awaiting"}
        and row.milestone in {None, "planned", "booked"}
        and row.plan in {None, "active"}
        and (text.ignores_opt_out or row.consent_state == "opted_in")
        and row.phone_unreachable_since is None
        and not _changed_since(session, text)
    )


def _changed_since(session: Session, text: EndedText) -> bool:
    """Tell whether a person touched the milestone after the text had left: its words may be wrong now."""
    if text.milestone_id is None or text.sent_at is None:
        return False
    touched = (
        select(AuditEvent.id)
        .where(
            AuditEvent.patient_id == text.patient_id,
            AuditEvent.subject_id == text.milestone_id,
            AuditEvent.at >= text.sent_at,
        )
        .limit(1)
    )
    return session.scalars(touched).first() is not None
