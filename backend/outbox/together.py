"""Texts of two plans of one patient that meet on a day: said once, or one after the other, never confused.

A patient may be followed after two procedures. The same question about the same region, and the same piece of
advice, goes once for both plans; a question about the other region waits until no answer can be mistaken.
Decides at the claim, from what went or is going to the patient on any worker; called by `spacing`.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session, aliased

from backend.db import UtcDateTime
from backend.models import CarePlan, CheckIn, OutboundMessage, Procedure
from backend.outbox.batches import ids_as_parameter, ids_from
from backend.outbox.queue import LogLine, log
from notifications.outbox_port import Claimed

QUESTIONS_APART: Final = timedelta(hours=2)
"""How long the question about one region stands alone, unless it is answered sooner (proposed)."""
ASKED_TOGETHER: Final = "asked together with "
"""How the reason begins of a question that another plan's text has put already."""

_SAID_TOGETHER: Final = "said together with "
_WAITS_FOR_SAME: Final = "waits: the same text is just going for the patient's other plan"
_WAITS_FOR_OTHER: Final = "waits: a question about another region is open"
_NEXT_QUESTION: Final = "the question about the other region is answered: this one is next"

_WHILE_SENDING: Final = timedelta(minutes=1)
_WHILE_UNKNOWN: Final = timedelta(minutes=10)
_REACH: Final = timedelta(days=2)  # as far back as the patient's present day may lie, and a night
_GONE: Final = frozenset({"accepted", "sent", "delivered"})
_UNANSWERED: Final = frozenset({"planned", "awaiting"})
_QUESTIONS: Final = frozenset({"ask", "nudge"})

_own = aliased(OutboundMessage)
_other = aliased(OutboundMessage)
_other_check_in = aliased(CheckIn)
_other_plan = aliased(CarePlan)
_MET: Final = {
    dialect: select(
        _own.id.label("own_id"),
        _other.id,
        _other.status,
        _other.purpose,
        _other.template,
        _other.facts,
        _other.sent_at,
        _other.step_key,
        _other_check_in.due_at.label("check_in_due_at"),
        _other_check_in.status.label("check_in_status"),
        Procedure.region,
    )
    .join(_other, _other.patient_id == _own.patient_id)
    .join(_other_plan, _other_plan.id == _other.care_plan_id)
    .join(Procedure, Procedure.id == _other_plan.procedure_id)
    .outerjoin(_other_check_in, _other_check_in.id == _other.check_in_id)
    .where(
        _own.id.in_(ids_from(dialect, "ids")),
        _own.care_plan_id != _other.care_plan_id,
        _own.step_key.is_not(None),
        _other.step_key.is_not(None),
        _other.due_at > bindparam("since", type_=UtcDateTime()),
        _other.due_at <= bindparam("now", type_=UtcDateTime()),
        _other.status.in_(("sending", "unknown", *sorted(_GONE))),
    )
    .order_by(_other.due_at, _other.id)
    for dialect in ("postgresql", "sqlite")
}


@dataclass(frozen=True, slots=True)
class Meetings:
    """Texts of the same patients' other plans that went lately or are going, by the claimed text they meet.

    `going` collects the claimed ones that go: of two in one claim, the first has the way.
    """

    met: Mapping[uuid.UUID, Sequence[Any]]
    claimed: frozenset[uuid.UUID]
    going: set[uuid.UUID]

    def settle(self, claimed: Claimed, row: Row[Any], now: datetime) -> Claimed:
        """Return a claimed text with what its meetings ask for: to go, to wait, or to be dropped as said."""
        if claimed.suppressed is not None:
            return claimed
        for other in self.met.get(row.id, ()):
            if other.id in self.claimed and other.id not in self.going:
                continue
            claimed = _meet(claimed, row, other, now)
            if claimed.suppressed is not None:
                return claimed
        self.going.add(row.id)
        return claimed


def read_meetings(session: Session, rows: Sequence[Row[Any]], now: datetime) -> Meetings:
    """Return what the texts just claimed meet; nothing, and no statement, where nobody has two plans."""
    met: dict[uuid.UUID, list[Any]] = defaultdict(list)
    ids = [row.id for row in rows if row.two_plans]
    if ids:
        values = {"ids": ids_as_parameter(ids), "since": now - _REACH, "now": now}
        for row in session.execute(_MET[session.get_bind().dialect.name], values):
            met[row.own_id].append(row)
    return Meetings(met, frozenset(ids), set())


def ask_next(session: Session, patient_id: uuid.UUID, *, now: datetime) -> int:
    """Let questions go that waited for the answer that has just come; return how many."""
    due = select(CheckIn.id).where(CheckIn.patient_id == patient_id, CheckIn.due_at <= now)
    freed = session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.patient_id == patient_id,
            OutboundMessage.status == "scheduled",
            OutboundMessage.purpose == "ask",
            OutboundMessage.due_at > now,
            OutboundMessage.why == _WAITS_FOR_OTHER,
            OutboundMessage.check_in_id.in_(due),
        )
        .values(due_at=now, why=_NEXT_QUESTION)
        .returning(OutboundMessage.id, OutboundMessage.clinic_id, OutboundMessage.attempt)
        .execution_options(synchronize_session=False)
    ).all()
    lines = [LogLine(row.id, row.clinic_id, "scheduled", row.attempt, _NEXT_QUESTION) for row in freed]
    log(session, lines, now=now)
    return len(freed)


def _meet(claimed: Claimed, row: Row[Any], other: Row[Any], now: datetime) -> Claimed:
    if row.purpose not in _QUESTIONS:
        same = (other.template, other.facts) == (row.template, row.facts)
        return _once(claimed, row, other, _SAID_TOGETHER, now) if same else claimed
    if other.purpose not in _QUESTIONS or other.check_in_status not in _UNANSWERED:
        return claimed
    if other.region != row.region:
        return _apart(claimed, other, now)
    same_day = _day(other.check_in_due_at, row) == _day(row.check_in_due_at, row)
    if other.purpose == row.purpose and same_day:
        return _once(claimed, row, other, ASKED_TOGETHER, now)
    return claimed


def _once(claimed: Claimed, row: Row[Any], other: Row[Any], said: str, now: datetime) -> Claimed:
    if other.status not in _GONE:
        return _waits(claimed, now + _while(other), _WAITS_FOR_SAME)
    if _day(other.sent_at or now, row) != _day(now, row):
        return claimed
    return replace(claimed, suppressed=f"{said}{other.step_key} of the patient's other plan")


def _apart(claimed: Claimed, other: Row[Any], now: datetime) -> Claimed:
    asked_at = other.sent_at if other.status in _GONE else None
    until = now + _while(other) if asked_at is None else asked_at + QUESTIONS_APART
    return _waits(claimed, until, _WAITS_FOR_OTHER) if until > now else claimed


def _waits(claimed: Claimed, until: datetime, why: str) -> Claimed:
    if claimed.not_before is not None and claimed.not_before >= until:
        return claimed
    return replace(claimed, not_before=until, not_before_why=why)


def _while(other: Row[Any]) -> timedelta:
    return _WHILE_UNKNOWN if other.status == "unknown" else _WHILE_SENDING


def _day(at: datetime, row: Row[Any]) -> object:
    return at.astimezone(ZoneInfo(row.timezone)).date()
