"""A text the provider took twice: it cannot be taken back, so it is written down and told.

It is seen by two ids of the provider's for one message, whichever comes second: a callback of an attempt that
was thought absent (`reports`), or the receipt of the attempt after it (`dispatching`).
"""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import MessageEvent, OutboundMessage
from backend.outbox.queue import LogLine, log

SENT_TWICE: Final = (
    "sent twice: the provider took an earlier attempt as well, which it had not shown in its list"
)


def note_second_text(
    session: Session, message_id: uuid.UUID, attempt: int, provider_sid: str | None, *, now: datetime
) -> bool:
    """Write down, once, that a message has another text at the provider than the one we know.

    Returns whether that is news. An id that is another message's is none: of texts in the same words, each
    may have been given the other's (`evidence.Alike`).
    """
    known = session.execute(
        select(OutboundMessage.clinic_id, OutboundMessage.status, OutboundMessage.provider_sid).where(
            OutboundMessage.id == message_id
        )
    ).one_or_none()
    if known is None or None in (known.provider_sid, provider_sid) or known.provider_sid == provider_sid:
        return False
    owner = select(OutboundMessage.id).where(OutboundMessage.provider_sid == provider_sid).limit(1)
    told = select(MessageEvent.id).where(
        MessageEvent.message_id == message_id, MessageEvent.why == SENT_TWICE
    )
    if session.scalars(owner).first() or session.scalars(told.limit(1)).first():
        return False
    log(session, [LogLine(message_id, known.clinic_id, known.status, attempt, SENT_TWICE)], now=now)
    return True
