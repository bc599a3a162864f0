"""The why-logs of messages: each step a text took, with its reason in words, oldest first."""

import uuid
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import MessageEvent
from backend.queries.paging import Page

Item = dict[str, Any]
"""A message as the lists give it; with its `log`, a list of {at, status, attempt, why}."""

_ORDER: Final = (
    *("scheduled", "unknown", "accepted", "sent"),
    *("delivered", "undelivered", "failed", "expired", "cancelled"),
)
"""Of one instant, the line of an earlier state comes first."""


def with_logs(session: Session, page: Page[Item]) -> Page[Item]:
    """Return the page with each message's log, in one statement; a text that came in has none."""
    logs = _logs(session, {item["id"]: item for item in page.items if item["direction"] == "outbound"})
    return Page(tuple({**item, "log": logs.get(item["id"], [])} for item in page.items), page.next_cursor)


def _logs(session: Session, messages: Mapping[uuid.UUID, Item]) -> dict[uuid.UUID, list[Item]]:
    logs: dict[uuid.UUID, list[Item]] = {}
    for row in _lines(session, messages):
        logs.setdefault(row["message_id"], []).append(row)
    for message_id, lines in logs.items():
        newest = messages[message_id]["why"]
        lines.sort(key=lambda line: (line["at"], _rank(line["status"]), line["why"] == newest))
    return logs


def _lines(session: Session, ids: Collection[uuid.UUID]) -> list[Item]:
    if not ids:
        return []
    statement = select(
        MessageEvent.message_id, MessageEvent.at, MessageEvent.status, MessageEvent.attempt, MessageEvent.why
    ).where(MessageEvent.message_id.in_(ids))
    return [dict(row) for row in session.execute(statement).mappings()]


def _rank(status: str) -> int:
    return _ORDER.index(status) if status in _ORDER else len(_ORDER)
