"""Writing a re-planning down: rows moved, added, withdrawn; for many plans in a few statements.

Steps are written here, texts by the outbox. What becomes of what is decided by `schedules.replan`. Called by
re-planning, in its transaction.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.models import CheckIn, Milestone, Restriction
from backend.models.updating import update_rows
from backend.outbox import MovedText, NewMessage, enqueue, move_texts, want_again, withdraw_texts
from backend.services.plan_standings import Standings
from backend.services.plan_terms import Terms
from backend.services.plan_wanted import identity
from schedules.plan_parts import Key, Planned
from schedules.replan import Entry, Replan
from schedules.steps import StepKind

_Step = type[Milestone] | type[Restriction] | type[CheckIn]

_MODELS: Final[Mapping[str, _Step]] = {
    StepKind.MILESTONE.value: Milestone,
    StepKind.RESTRICTION.value: Restriction,
    StepKind.CHECK_IN.value: CheckIn,
}
_OPEN: Final = {Milestone: "planned", Restriction: "active", CheckIn: "planned"}


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What becomes of one plan, and the terms it has from now on."""

    terms: Terms
    standings: Standings
    replan: Replan


@dataclass(slots=True)
class _Rows:
    """What is to be written, by the statement that writes it."""

    dated: dict[_Step, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    dropped: dict[_Step, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    added: dict[_Step, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    moved: list[MovedText] = field(default_factory=list)
    returned: list[MovedText] = field(default_factory=list)
    withdrawn: dict[uuid.UUID, str] = field(default_factory=dict)
    new: dict[uuid.UUID, list[NewMessage]] = field(default_factory=lambda: defaultdict(list))


def write_changes(session: Session, changes: Iterable[PlanChange], *, now: datetime) -> None:
    """Write what becomes of these plans' parts; their own terms are left to the caller."""
    rows = _Rows()
    for change in changes:
        ids = {key: row.id for key, row in change.standings.rows.items()}
        steps = [entry for entry in change.replan.changes if not entry.part.key.text]
        for entry in steps:
            _write_step(rows, entry, change, ids, now)
        for entry in change.replan.changes:
            if entry.part.key.text:
                _write_text(rows, entry, change.terms, ids, change.standings)
    _send(session, rows, now)


def _send(session: Session, rows: _Rows, now: datetime) -> None:
    for model, added in rows.added.items():
        session.execute(insert(model), added)
    for model, dated in rows.dated.items():
        update_rows(session, model, dated)
    for model, dropped in rows.dropped.items():
        update_rows(session, model, dropped)
    move_texts(session, rows.moved, now=now)
    want_again(session, rows.returned, now=now)
    withdraw_texts(session, rows.withdrawn, now=now)
    for clinic_id, messages in rows.new.items():
        enqueue(session, clinic_id, messages, now=now)


def _write_step(
    rows: _Rows, entry: Entry, change: PlanChange, ids: dict[Key, uuid.UUID], now: datetime
) -> None:
    part = entry.part
    model = _MODELS[part.kind]
    if entry.after is None:
        rows.dropped[model].append({"id": ids[part.key], "status": "cancelled", "withdrawn_at": now})
    elif entry.before is None:
        ids[part.key] = uuid.uuid4()
        terms = change.terms
        rows.added[model].append(
            {
                "id": ids[part.key],
                "clinic_id": terms.clinic_id,
                "care_plan_id": terms.plan_id,
                "patient_id": terms.patient_id,
                "step_key": part.key.step,
                "occurrence": part.key.occurrence,
                "status": _OPEN[model],
                **_columns(part),
            }
        )
    else:
        status = _status(change.standings.rows[part.key].status, entry, model, now)
        rows.dated[model].append(
            {"id": ids[part.key], "status": status, "withdrawn_at": None, **_columns(part)}
        )


def _status(stored: str, entry: Entry, model: _Step, now: datetime) -> str:
    """A row's status with its new date: open again where it was withdrawn, or where its day is to come."""
    after = entry.part
    ahead = (after.overdue_at or after.due_at) > now
    if stored == "cancelled" or (stored == "before_enrolment" and ahead):
        return _OPEN[model]
    if stored == "awaiting" and after.due_at > now:
        return _OPEN[model]  # it was due and not asked; now it is due later
    return stored


def _columns(part: Planned) -> dict[str, Any]:
    if part.kind == StepKind.RESTRICTION:
        return {**part.content, "starts_at": part.due_at, "ends_at": part.ends_at}
    dates = {"due_at": part.due_at, "expires_at": part.expires_at}
    if part.kind == StepKind.MILESTONE:
        dates |= {"earliest_at": part.earliest_at, "overdue_at": part.overdue_at}
    return {**part.content, **dates}


def _write_text(
    rows: _Rows, entry: Entry, terms: Terms, ids: Mapping[Key, uuid.UUID], standings: Standings
) -> None:
    part = entry.part
    why = f"{entry.reason['en']}; {part.note}" if part.note else entry.reason["en"]
    if entry.after is None:
        rows.withdrawn[ids[part.key]] = f"not needed any more: {why}"
    elif entry.before is None:
        rows.new[terms.clinic_id].append(_new_text(part, terms, ids, why))
    else:
        waits = standings.rows[part.key].status == "scheduled"
        (rows.moved if waits else rows.returned).append(_moved_text(part, ids[part.key], why))


def _moved_text(part: Planned, message_id: uuid.UUID, why: str) -> MovedText:
    content: Mapping[str, Any] = part.content
    return MovedText(
        id=message_id,
        due_at=part.due_at,
        expires_at=_until(part),
        template=content["template"],
        facts=content["facts"],
        lateness=content["lateness"],
        why=why,
    )


def _new_text(part: Planned, terms: Terms, ids: Mapping[Key, uuid.UUID], why: str) -> NewMessage:
    content: Mapping[str, Any] = part.content
    step_id = ids.get(part.key.of_step)
    asks = part.kind in {"ask", "nudge"}
    return NewMessage(
        identity=identity(terms.plan_id, part.key),
        patient_id=terms.patient_id,
        care_plan_id=terms.plan_id,
        check_in_id=step_id if asks else None,
        milestone_id=step_id if part.kind == "remind" else None,
        step_key=part.key.step,
        purpose=part.kind,
        template=content["template"],
        facts=content["facts"],
        due_at=part.due_at,
        expires_at=_until(part),
        lateness=content["lateness"],
        why=why,
    )


def _until(part: Planned) -> datetime:
    assert part.expires_at is not None, "every text of a timeline has an end"
    return part.expires_at
