"""Messages in both directions, as one list: a patient's conversation, a plan's texts, a clinic's inbox.

A sign-in code is never in any of them: who reads a conversation must not be able
to sign in as the patient.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, bindparam, func, or_, select
from sqlalchemy.orm import Session

from backend.models import InboundMessage, OutboundMessage
from backend.queries.message_logs import Item, with_logs
from backend.queries.paging import LIMIT, Order, Page, Statement, fetch_page, write_cursor

_WENT_AT: Final = func.coalesce(
    OutboundMessage.sent_at, OutboundMessage.due_at, type_=OutboundMessage.due_at.type
)
_NEWEST_OUT: Final = Order((_WENT_AT, OutboundMessage.id), (datetime, uuid.UUID), descending=True)
_NEWEST_IN: Final = Order(
    (InboundMessage.received_at, InboundMessage.id), (datetime, uuid.UUID), descending=True
)
_BY_DATE: Final = Order((OutboundMessage.due_at, OutboundMessage.id), (datetime, uuid.UUID))
_NO_CODES: Final = OutboundMessage.purpose != "sign_in"
_SPOKEN: Final = or_(
    OutboundMessage.step_key.is_(None),
    OutboundMessage.attempt > 0,
    OutboundMessage.status.not_in(("scheduled", "cancelled")),
)
"""Said, or tried, or written by a person; not the year of texts a plan still has before it."""


def conversation(
    session: Session,
    patient_id: uuid.UUID,
    *,
    cursor: str | None = None,
    limit: int = LIMIT,
    logs: bool = True,
) -> Page[Item]:
    """Return what was said with a patient, both directions, oldest first within the page.

    The first page holds the newest messages; `next_cursor` leads to older ones. Three statements, two
    without the why-logs.
    """
    page = _merged(
        session,
        _outbound().where(OutboundMessage.patient_id == patient_id, _NO_CODES, _SPOKEN),
        _inbound().where(InboundMessage.patient_id == patient_id),
        cursor=cursor,
        limit=limit,
    )
    page = Page(tuple(reversed(page.items)), page.next_cursor)
    return with_logs(session, page) if logs else page


def plan_messages(
    session: Session, plan_id: uuid.UUID, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[Item]:
    """Return every text of a plan by its date, those to come and those called off included. Two reads."""
    page = fetch_page(
        session,
        _outbound().where(OutboundMessage.care_plan_id == plan_id, _NO_CODES),
        _BY_DATE,
        cursor=cursor,
        limit=limit,
        shape=_sent_item,
    )
    return with_logs(session, page)


def list_messages(
    session: Session,
    *,
    direction: str | None = None,
    status: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[Item]:
    """Return the clinic's messages, newest first; `direction` inbound or outbound, None for both.

    A status is rendered as a literal, for the partial index of what needs work.
    """
    inbound, outbound = _inbound(), _outbound().where(_NO_CODES)
    if status is not None:
        inbound = inbound.where(_is(InboundMessage.status, status))
        outbound = outbound.where(_is(OutboundMessage.status, status))
    if direction is None:
        return with_logs(session, _merged(session, outbound, inbound, cursor=cursor, limit=limit))
    statement, order, shape = (
        (inbound, _NEWEST_IN, _received_item)
        if direction == "inbound"
        else (outbound, _NEWEST_OUT, _sent_item)
    )
    page = fetch_page(session, statement, order, cursor=cursor, limit=limit, shape=shape)
    return with_logs(session, page)


def sent_message(session: Session, message_id: uuid.UUID) -> Item:
    """Return one outbound message as an item of the lists; it must exist."""
    row = session.execute(_outbound().where(OutboundMessage.id == message_id)).mappings().one()
    return with_logs(session, Page((_sent_item(row),), None)).items[0]


def _is(column: Any, status: str) -> ColumnElement[bool]:
    same: ColumnElement[bool] = column == bindparam("status", status, literal_execute=True, unique=True)
    return same


def _merged(
    session: Session, outbound: Statement, inbound: Statement, *, cursor: str | None, limit: int
) -> Page[Item]:
    """Both directions, newest first: a page of each, cut to one. The cursors of the two are alike."""
    sides: Sequence[tuple[Statement, Order, Callable[[RowMapping], Item]]] = (
        (outbound, _NEWEST_OUT, _sent_item),
        (inbound, _NEWEST_IN, _received_item),
    )
    found: list[Item] = []
    more = False
    for statement, order, shape in sides:
        page = fetch_page(session, statement, order, cursor=cursor, limit=limit, shape=shape)
        found.extend(page.items)
        more = more or page.next_cursor is not None
    found.sort(key=lambda item: (item["at"], item["id"]), reverse=True)
    items = found[:limit]
    more = more or len(found) > limit
    last = write_cursor([items[-1]["at"], items[-1]["id"]]) if more and items else None
    return Page(tuple(items), last)


def _outbound() -> Statement:
    return select(
        OutboundMessage.id,
        OutboundMessage.patient_id,
        OutboundMessage.care_plan_id,
        OutboundMessage.check_in_id,
        OutboundMessage.step_key,
        OutboundMessage.purpose,
        OutboundMessage.template,
        OutboundMessage.body,
        OutboundMessage.language,
        OutboundMessage.channel,
        OutboundMessage.status,
        OutboundMessage.why,
        OutboundMessage.due_at,
        OutboundMessage.expires_at,
        OutboundMessage.sent_at,
        OutboundMessage.delivered_at,
        OutboundMessage.segments,
        OutboundMessage.error_code,
        OutboundMessage.written_by,
        _WENT_AT.label("at"),
    )


def _inbound() -> Statement:
    return select(
        InboundMessage.id,
        InboundMessage.patient_id,
        InboundMessage.body,
        InboundMessage.status,
        InboundMessage.why,
        InboundMessage.media_count,
        InboundMessage.received_at,
        InboundMessage.handled_at,
        InboundMessage.received_at.label("at"),
    )


def _sent_item(row: RowMapping) -> Item:
    return {**row, "direction": "outbound", "received_at": None}


def _received_item(row: RowMapping) -> Item:
    return {
        **row,
        "direction": "inbound",
        "channel": "sms",
        "due_at": None,
        "sent_at": None,
        "segments": None,
    }
