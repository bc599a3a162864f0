"""Check-ins with the answers given, for one plan or for the patients an account may see."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import CheckIn, Observation
from backend.queries.paging import LIMIT, Order, Page, fetch_page
from backend.queries.timelines import in_language

_ORDER: Final = Order((CheckIn.due_at, CheckIn.id), (datetime, uuid.UUID))


def list_check_ins(
    session: Session,
    *,
    language: str,
    plan_id: uuid.UUID | None = None,
    patient_ids: Collection[uuid.UUID] | None = None,
    status: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[dict[str, Any]]:
    """Return check-ins by date, with their questions in `language` and every answer. Two statements.

    Without `plan_id` and `patient_ids`: the whole clinic's.
    """
    statement = select(
        CheckIn.id,
        CheckIn.step_key.label("key"),
        CheckIn.occurrence,
        CheckIn.title,
        CheckIn.questions,
        CheckIn.day,
        CheckIn.status,
        CheckIn.due_at,
        CheckIn.expires_at,
        CheckIn.asked_at,
        CheckIn.answered_at,
        CheckIn.care_plan_id,
        CheckIn.patient_id,
    )
    if plan_id is not None:
        statement = statement.where(CheckIn.care_plan_id == plan_id)
    if patient_ids is not None:
        statement = statement.where(CheckIn.patient_id.in_(patient_ids))
    if status is not None:
        statement = statement.where(CheckIn.status == status)
    page = fetch_page(session, statement, _ORDER, cursor=cursor, limit=limit, shape=dict)
    answers = answers_to(session, [row["id"] for row in page.items])
    return Page(
        tuple(check_in_item(row, answers.get(row["id"], ()), language) for row in page.items),
        page.next_cursor,
    )


def answers_to(
    session: Session, check_in_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, list[Mapping[str, Any]]]:
    """Return the answers to each of these check-ins, oldest first: a later one amends, none is lost."""
    if not check_in_ids:
        return {}
    found: dict[uuid.UUID, list[Mapping[str, Any]]] = {}
    for row in session.execute(
        select(
            Observation.check_in_id,
            Observation.question,
            Observation.value,
            Observation.source,
            Observation.observed_at,
        )
        .where(Observation.check_in_id.in_(check_in_ids))
        .order_by(Observation.observed_at, Observation.id)
    ).mappings():
        found.setdefault(row["check_in_id"], []).append(dict(row))
    return found


def check_in_item(
    row: Mapping[str, Any], answers: Sequence[Mapping[str, Any]], language: str
) -> dict[str, Any]:
    """Return a check-in's columns (`key` is its step's) in the shape of the lists."""
    return {
        **row,
        "title": in_language(row["title"], language),
        "questions": [
            {**question, "text": in_language(question["text"], language)} for question in row["questions"]
        ],
        "answers": list(answers),
    }
