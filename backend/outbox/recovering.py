"""What nobody holds any more: leases that ran out, texts never confirmed, codes that must not stay.

Called by the jobs `recover_sends` and `forget_secrets`; what a closed text means for the patient is theirs to
hand on.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend.models import OutboundMessage
from backend.outbox.dispatching import Outcome
from backend.outbox.queue import LogLine, log

# The condition of the partial index, word for word: SQLite's planner takes no other, PostgreSQL's generic
# plan no bound one.
_IN_FLIGHT: Final = text("outbound_messages.status in ('sending', 'unknown')")


def expire_leases(session: Session, *, now: datetime) -> int:
    """Move texts whose worker died while sending to `unknown`; return how many.

    Never back to `scheduled`: the provider may have taken them.
    """
    why = "the worker stopped while sending: whether it went is not known yet"
    lost = session.execute(
        update(OutboundMessage)
        .where(_IN_FLIGHT, OutboundMessage.status == "sending", OutboundMessage.lease_until <= now)
        .values(status="unknown", why=why, lease_until=now, ask_at=now)
        .returning(OutboundMessage.id, OutboundMessage.clinic_id, OutboundMessage.attempt)
        .execution_options(synchronize_session=False)
    ).all()
    log(session, [LogLine(row.id, row.clinic_id, "unknown", row.attempt, why) for row in lost], now=now)
    return len(lost)


def give_up_unknown(session: Session, *, now: datetime) -> list[Outcome]:
    """Close texts of unknown outcome that are too late to be useful, so that a person sees them."""
    why = "whether it was sent was never confirmed, and it is too late to send it again"
    ids = session.scalars(
        select(OutboundMessage.id).where(
            _IN_FLIGHT, OutboundMessage.status == "unknown", OutboundMessage.expires_at <= now
        )
    ).all()
    closed = session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(ids), OutboundMessage.status == "unknown")
        .values(status="failed", why=why, lease_until=None, ask_at=None)
        .returning(OutboundMessage.id, OutboundMessage.clinic_id, OutboundMessage.attempt)
        .execution_options(synchronize_session=False)
    ).all()
    log(session, [LogLine(row.id, row.clinic_id, "failed", row.attempt, why) for row in closed], now=now)
    return [Outcome(row.id, "failed", None, None) for row in closed]


def forget_codes(session: Session, *, now: datetime) -> int:
    """Blank the sign-in codes that can no longer be used, so that none stays readable; return how many."""
    blanked = session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.purpose == "sign_in",
            OutboundMessage.template.is_not(None),
            OutboundMessage.status.not_in(("scheduled", "sending")),
            OutboundMessage.expires_at < now,
        )
        .values(facts={}, body="", template=None)
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(blanked)
