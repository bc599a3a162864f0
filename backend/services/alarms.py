"""Operator alarms: what no nurse can mend, one row a cause, raised, noticed again and cleared.

A cause is `kind` or `kind/subject`: `credentials`, `provider_down`, `provider_code/<code>`,
`uncomposable/<template>`, `daily_limit/<clinic id>`, `sent_twice`. A detail never holds a name, a number or a
text. Reading them is `backend.queries.alarms`; `delivery`, `limits` and the outbox's senders raise them.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import case, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.errors import NotFound
from backend.models import OperatorAlarm
from backend.queries.alarms import open_alarms
from backend.services.actors import Actor, record

_log = structlog.get_logger(__name__)

_INSERT: Final[Mapping[str, Callable[..., Any]]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


def raise_alarm(session: Session, cause: str, detail: str, *, now: datetime, times: int = 1) -> bool:
    """Raise an alarm, or add `times` to the open one of this cause; return whether it was not open before.

    Safe when two processes raise the same cause at once. A new one leaves an error line in the log.
    """
    insert = _INSERT[session.get_bind().dialect.name]
    given = insert(OperatorAlarm).values(
        id=uuid.uuid4(), cause=cause, detail=detail, raised_at=now, last_at=now, times=times
    )
    was_cleared = OperatorAlarm.cleared_at.is_not(None)
    upsert = given.on_conflict_do_update(
        index_elements=["cause"],
        set_={
            "detail": given.excluded.detail,
            "last_at": given.excluded.last_at,
            "raised_at": case((was_cleared, given.excluded.raised_at), else_=OperatorAlarm.raised_at),
            "times": case((was_cleared, times), else_=OperatorAlarm.times + times),
            "cleared_at": None,
        },
    ).returning(OperatorAlarm.times)
    is_new: bool = session.execute(upsert).scalar_one() == times
    if is_new:
        _log.error("operator alarm", cause=cause, detail=detail)
    return is_new


def clear_alarm(session: Session, cause: str, *, now: datetime) -> bool:
    """Clear the open alarm of this cause; return whether there was one."""
    cleared = session.execute(
        update(OperatorAlarm)
        .where(OperatorAlarm.cause == cause, OperatorAlarm.cleared_at.is_(None))
        .values(cleared_at=now)
        .returning(OperatorAlarm.id)
        .execution_options(synchronize_session=False)
    ).all()
    if cleared:
        _log.info("operator alarm cleared", cause=cause)
    return bool(cleared)


def dismiss_alarm(session: Session, actor: Actor, alarm_id: uuid.UUID, *, now: datetime) -> None:
    """Clear an alarm by hand; it comes back when its cause is noticed again.

    Raises NotFound when it is not open, or another clinic's.
    """
    for alarm in open_alarms(session, clinic_id=actor.clinic_id):
        if alarm.id == alarm_id and clear_alarm(session, alarm.cause, now=now):
            record(
                session,
                actor,
                "clear_alarm",
                "operator_alarm",
                alarm.id,
                now=now,
                detail={"cause": alarm.cause},
            )
            return
    raise NotFound("this alarm is not open any more")


def tell_operators(session: Session, cause: str, detail: str | None, *, now: datetime) -> None:
    """Raise the alarm of this cause, or clear it where there is nothing to tell any more; for the outbox."""
    if detail is None:
        clear_alarm(session, cause, now=now)
    else:
        raise_alarm(session, cause, detail, now=now)
