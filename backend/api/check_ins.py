"""Check-ins: an answer that a nurse was given by telephone."""

import uuid
from typing import Any

from backend.api.idempotency import idempotent
from backend.api.resources import EVERY_STAFF, Resource, columns_of, found, present, reading_language
from backend.api.schemas import care as schemas
from backend.auth import current_actor, staff, writes
from backend.db import db
from backend.models import CheckIn
from backend.queries.check_ins import answers_to, check_in_item
from backend.services.check_ins import GivenAnswer, answer_check_in

check_ins = Resource("check_ins", "Check-ins: the questions put to a patient.")


@check_ins.route("/check-ins/<uuid:check_in_id>/answer", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@check_ins.arguments(schemas.Answers)
@check_ins.response(200, schemas.CheckIn)
def answer(given: dict[str, Any], check_in_id: uuid.UUID) -> Any:
    """Record what a patient answered on the telephone; alerts follow from it."""
    return record_answers(found(CheckIn, check_in_id), given["answers"], source="nurse")


def record_answers(check_in: CheckIn, answers: list[dict[str, Any]], *, source: str) -> dict[str, Any]:
    """Answer a check-in for the current caller, and return it as it stands afterwards."""
    session = db.session()
    answer_check_in(
        session,
        current_actor(),
        check_in,
        [
            GivenAnswer(question=one["question"], value=one["value"], signs=tuple(one["signs"]))
            for one in answers
        ],
        source=source,
        now=present(),
    )
    session.flush()
    known = answers_to(session, [check_in.id]).get(check_in.id, [])
    return check_in_item(columns_of(check_in), known, reading_language({}))
