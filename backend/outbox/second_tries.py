"""A text that was taken and certainly not delivered goes once more, as a row of its own.

A final status never goes back, so the first row keeps its end. Whether a second try makes sense is judged
by `backend.services.second_tries`, which calls this.
"""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.models import OutboundMessage
from backend.outbox.queue import LogLine, NewMessage, enqueue, log

_AGAIN: Final = "/again"


def is_second_try(identity: str) -> bool:
    """Tell whether a text of this identity is a second try, after which there is no third."""
    return identity.endswith(_AGAIN)


def queue_second_try(
    session: Session, message_id: uuid.UUID, *, due_at: datetime, said: str, why: str, now: datetime
) -> bool:
    """Queue the same words once more for `due_at`; return whether that was new.

    `said` goes to the first text's log, `why` to the second's.
    """
    first = session.scalars(
        select(OutboundMessage)
        .where(OutboundMessage.id == message_id)
        .execution_options(populate_existing=True)
    ).one()
    if is_second_try(first.identity) or not enqueue(
        session, first.clinic_id, [_second(first, due_at, why)], now=now
    ):
        return False
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id)
        .values(why=said)
        .execution_options(synchronize_session=False)
    )
    log(session, [LogLine(first.id, first.clinic_id, first.status, first.attempt, said)], now=now)
    return True


def _second(first: OutboundMessage, due_at: datetime, why: str) -> NewMessage:
    return NewMessage(
        identity=f"{first.identity}{_AGAIN}",
        patient_id=first.patient_id,
        care_plan_id=first.care_plan_id,
        check_in_id=first.check_in_id,
        milestone_id=first.milestone_id,
        step_key=first.step_key,
        purpose=first.purpose,
        template=first.template,
        facts=first.facts,
        body=first.body,
        language=first.language,
        ignores_quiet_hours=first.ignores_quiet_hours,
        ignores_opt_out=first.ignores_opt_out,
        lateness=first.lateness,
        written_by=first.written_by,
        due_at=due_at,
        expires_at=first.expires_at,
        why=why,
    )
