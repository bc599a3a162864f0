"""The timeline of one plan: every step in one list, with its state at a given moment.

States that follow from the clock (due, overdue, ended) are not stored; they are
told here, in one place, for every page and list.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import CarePlan, CheckIn, Milestone, OutboundMessage, Restriction
from schedules.catalogue import Catalogue
from schedules.protocol import ProtocolError

_FIELDS: Final = ("earliest_at", "due_at", "overdue_at", "expires_at", "ends_at", "booked_at")
_EDUCATION: Final = {
    "scheduled": "planned",
    "sending": "planned",
    "unknown": "planned",
    "accepted": "sent",
    "sent": "sent",
    "delivered": "sent",
}
"""How far a text of advice has come, in a word for the timeline; other states keep their own."""

Sentences = Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]
"""A protocol's steps by key: title and reason, each by language."""

_NONE: Final[tuple[Mapping[str, str], Mapping[str, str]]] = ({}, {})


def timeline(session: Session, plan_id: uuid.UUID, *, now: datetime, language: str) -> list[dict[str, Any]]:
    """Return the steps of a plan in order of their dates, sentences in `language`. Five statements.

    Each row has `id`, `key`, `kind` (milestone, restriction, check_in, education),
    `occurrence`, `title`, `why`, `status` and the instants `earliest_at`, `due_at`,
    `overdue_at`, `expires_at`, `ends_at`, `booked_at` (None where they do not apply);
    milestones also `bookable`, `note`, `completed_at` and `version`, restrictions
    `ends_with`. An unknown plan has no steps.
    """
    sentences = _sentences_of(session, plan_id)
    milestones = _milestones(session, plan_id, now, language)
    done = {row["key"]: row["completed_at"] for row in milestones if row["status"] == "done"}
    items = [
        *milestones,
        *_restrictions(session, plan_id, now, language, done),
        *_check_ins(session, plan_id, language, sentences),
        *_education(session, plan_id, language, sentences),
    ]
    return sorted(items, key=lambda item: (item["due_at"], item["kind"], item["key"], item["occurrence"]))


def current_plan_id(session: Session, patient_id: uuid.UUID) -> uuid.UUID | None:
    """Return the plan a patient's app shows: the newest one that was not revoked."""
    return session.scalars(
        select(CarePlan.id)
        .where(CarePlan.patient_id == patient_id, CarePlan.status != "revoked")
        .order_by(CarePlan.anchor_at.desc(), CarePlan.id)
        .limit(1)
    ).first()


def milestone_status(
    stored: str,
    *,
    earliest_at: datetime | None,
    due_at: datetime,
    overdue_at: datetime | None,
    booked_at: datetime | None,
    now: datetime,
) -> str:
    """Return planned, due, overdue, booked, done, cancelled or before_enrolment, as of `now`.

    Due from the window's beginning (or the date itself), overdue from its end. What is
    booked stays booked until the appointment is over without being ticked.
    """
    if stored not in {"planned", "booked"}:
        return stored
    if stored == "booked" and (booked_at is None or booked_at >= now):
        return "booked"
    if overdue_at is not None and now >= overdue_at:
        return "overdue"
    if now >= (earliest_at or due_at):
        return "due"
    return stored


def restriction_status(stored: str, *, ends_at: datetime | None, ended_by_event: bool, now: datetime) -> str:
    """Return active, ended (its time or its event has come) or lifted (a person said so)."""
    if stored != "active":
        return stored
    over = ended_by_event or (ends_at is not None and now >= ends_at)
    return "ended" if over else "active"


def in_language(sentence: Mapping[str, str], language: str) -> str:
    """Return a sentence in `language`, in English where it is not written in that."""
    return sentence.get(language) or sentence.get("en", "")


def _milestones(session: Session, plan_id: uuid.UUID, now: datetime, language: str) -> list[dict[str, Any]]:
    rows = session.execute(
        select(
            Milestone.id,
            Milestone.step_key.label("key"),
            Milestone.occurrence,
            Milestone.title,
            Milestone.why,
            Milestone.bookable,
            Milestone.moved,
            Milestone.earliest_at,
            Milestone.due_at,
            Milestone.overdue_at,
            Milestone.expires_at,
            Milestone.status,
            Milestone.booked_at,
            Milestone.completed_at,
            Milestone.note,
            Milestone.version,
        ).where(Milestone.care_plan_id == plan_id)
    ).mappings()
    return [milestone_item(dict(row), now=now, language=language) for row in rows]


def milestone_item(row: Mapping[str, Any], *, now: datetime, language: str) -> dict[str, Any]:
    """Return a milestone's columns (`key` is its step's) as a timeline item."""
    status = milestone_status(
        row["status"],
        earliest_at=row["earliest_at"],
        due_at=row["due_at"],
        overdue_at=row["overdue_at"],
        booked_at=row["booked_at"],
        now=now,
    )
    moved = in_language(row["moved"] or {}, language)
    return _item("milestone", row, language, status=status, moved=moved)


def _restrictions(
    session: Session,
    plan_id: uuid.UUID,
    now: datetime,
    language: str,
    done: Mapping[str, datetime | None],
) -> list[dict[str, Any]]:
    rows = session.execute(
        select(
            Restriction.id,
            Restriction.step_key.label("key"),
            Restriction.occurrence,
            Restriction.title,
            Restriction.why,
            Restriction.starts_at.label("due_at"),
            Restriction.starts_at.label("earliest_at"),
            Restriction.ends_at,
            Restriction.ends_with,
            Restriction.status,
        ).where(Restriction.care_plan_id == plan_id)
    ).mappings()
    return [restriction_item(dict(row), now=now, language=language, done=done) for row in rows]


def restriction_item(
    row: Mapping[str, Any], *, now: datetime, language: str, done: Mapping[str, datetime | None]
) -> dict[str, Any]:
    """Return a restriction's columns as a timeline item; `done` maps finished milestones to when."""
    by_event = row["ends_with"] in done
    status = restriction_status(row["status"], ends_at=row["ends_at"], ended_by_event=by_event, now=now)
    ends_at = done[row["ends_with"]] if by_event and row["ends_at"] is None else row["ends_at"]
    return _item("restriction", row, language, status=status, ends_at=ends_at)


def _check_ins(
    session: Session, plan_id: uuid.UUID, language: str, sentences: Sentences
) -> Iterable[dict[str, Any]]:
    rows = session.execute(
        select(
            CheckIn.id,
            CheckIn.step_key.label("key"),
            CheckIn.occurrence,
            CheckIn.title,
            CheckIn.due_at,
            CheckIn.expires_at,
            CheckIn.status,
        ).where(CheckIn.care_plan_id == plan_id)
    ).mappings()
    for row in rows:
        _, why = sentences.get(row["key"], _NONE)
        yield _item("check_in", {**row, "why": why}, language)


def _education(
    session: Session, plan_id: uuid.UUID, language: str, sentences: Sentences
) -> Iterable[dict[str, Any]]:
    rows = session.execute(
        select(
            OutboundMessage.id,
            OutboundMessage.step_key.label("key"),
            OutboundMessage.due_at,
            OutboundMessage.expires_at,
            OutboundMessage.status,
        )
        .where(
            OutboundMessage.care_plan_id == plan_id,
            OutboundMessage.purpose == "inform",
            OutboundMessage.step_key.is_not(None),
        )
        .order_by(OutboundMessage.due_at, OutboundMessage.id)
    ).mappings()
    seen: Counter[str] = Counter()
    for row in rows:
        title, why = sentences.get(row["key"], ({"en": row["key"]}, {}))
        columns = {**row, "occurrence": seen[row["key"]], "title": title, "why": why}
        seen[row["key"]] += 1
        yield _item("education", columns, language, status=_EDUCATION.get(row["status"], row["status"]))


def _sentences_of(session: Session, plan_id: uuid.UUID) -> Sentences:
    plan = session.execute(
        select(CarePlan.protocol, CarePlan.protocol_version).where(CarePlan.id == plan_id)
    ).one_or_none()
    return _sentences(plan.protocol, plan.protocol_version) if plan is not None else {}


@lru_cache(maxsize=32)
def _sentences(protocol: str, version: int) -> Sentences:
    """Each step's title and reason; none when that version no longer ships."""
    try:
        steps = _shipped().get(protocol, version).steps
    except ProtocolError:
        return {}
    return {step.key: (step.title, step.why) for step in steps}


@lru_cache(maxsize=1)
def _shipped() -> Catalogue:
    return Catalogue.shipped()


def _item(kind: str, row: Mapping[str, Any], language: str, **said: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(_FIELDS),
        **row,
        "kind": kind,
        "title": in_language(row["title"], language),
        "why": in_language(row.get("why") or {}, language),
        **said,
    }
