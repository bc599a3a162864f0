"""What an enrolment writes, as rows: the procedure, the plan, and each step of its timeline.

Pure: rows are made here and written elsewhere, one patient's by `enrolment`, many patients' by
`bulk_enrolment`; so both write the same. The texts are `planned_texts`'.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.models.rows import Row
from backend.services.procedure_orders import ProcedureOrder
from schedules.protocol import CareProtocol, StepKind
from schedules.questions import Question
from schedules.timeline import Occurrence
from schedules.vocabulary import Text


@dataclass(frozen=True, slots=True)
class StepRows:
    """A plan's steps, each kind in the order of its dates."""

    milestones: list[Row]
    restrictions: list[Row]
    check_ins: list[Row]


def procedure_row(
    clinic_id: uuid.UUID, patient_id: uuid.UUID, order: ProcedureOrder, *, now: datetime
) -> Row:
    """Return the row of a procedure: planned while it lies ahead, performed after."""
    return {
        "id": uuid.uuid4(),
        "clinic_id": clinic_id,
        "patient_id": patient_id,
        "performed_at": order.performed_at,
        "status": "planned" if order.performed_at > now else "performed",
        "region": order.region,
        "levels": list(order.levels),
        "technique": order.technique,
        "anaesthesia": order.anaesthesia,
        "baseline_pain": order.baseline_pain,
        "clinician": order.clinician,
        "job": order.job,
        "flies_home_on": order.flies_home_on,
        "selection": dict(order.selection),
        "created_at": now,
    }


def plan_row(procedure: Row, protocol: CareProtocol, overrides: Mapping[str, Any], *, now: datetime) -> Row:
    """Return the row of the plan that a protocol makes of a procedure."""
    return {
        "id": uuid.uuid4(),
        "clinic_id": procedure["clinic_id"],
        "patient_id": procedure["patient_id"],
        "procedure_id": procedure["id"],
        "protocol": protocol.id,
        "protocol_version": protocol.version,
        "overrides": dict(overrides),
        "timing_hash": protocol.timing_hash,
        "status": "active",
        "status_since": now,
        "anchor_at": procedure["performed_at"],
        "created_at": now,
    }


class PlainWords:
    """A protocol's words and questions as JSON holds them, made once for all the plans that say the same.

    Ten thousand patients share a few dozen sentences; copying them for each is a third of the work.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[object, Any]] = {}

    def said(self, words: Text) -> Any:
        """Return a sentence in its languages."""
        return self._once(words, dict)

    def asked(self, questions: tuple[Question, ...]) -> Any:
        """Return the questions of a check-in."""
        return self._once(questions, lambda asked: [_question(question) for question in asked])

    def _once(self, source: Any, make: Callable[[Any], Any]) -> Any:
        """Know a value by its identity; holding it keeps the identity from being another's."""
        if id(source) not in self._made:
            self._made[id(source)] = (source, make(source))
        return self._made[id(source)][1]


def step_rows(plan: Row, timeline: Sequence[Occurrence], words: PlainWords, *, now: datetime) -> StepRows:
    """Return the rows of a plan's steps; education has none, it is texts only."""
    steps = StepRows([], [], [])
    for occurrence in timeline:
        shared = {
            "id": uuid.uuid4(),
            "clinic_id": plan["clinic_id"],
            "care_plan_id": plan["id"],
            "patient_id": plan["patient_id"],
            "step_key": occurrence.step_key,
            "occurrence": occurrence.index,
            "title": words.said(occurrence.title),
        }
        if occurrence.kind is StepKind.MILESTONE:
            steps.milestones.append(shared | _milestone(occurrence, words, now))
        elif occurrence.kind is StepKind.RESTRICTION:
            steps.restrictions.append(shared | _restriction(plan, occurrence, words))
        elif occurrence.kind is StepKind.CHECK_IN:
            steps.check_ins.append(shared | _check_in(occurrence, words))
    return steps


def step_ids(rows: Sequence[Row]) -> dict[tuple[str, int], uuid.UUID]:
    """Return the ids of rows by step and occurrence."""
    return {(row["step_key"], row["occurrence"]): row["id"] for row in rows}


def _milestone(occurrence: Occurrence, words: PlainWords, now: datetime) -> Row:
    due_at = _required(occurrence.due_at)
    past = (occurrence.overdue_at or due_at) < now
    return {
        "why": words.said(occurrence.why),
        "bookable": occurrence.bookable,
        "earliest_at": occurrence.earliest_at,
        "due_at": due_at,
        "overdue_at": occurrence.overdue_at,
        "expires_at": occurrence.expires_at,
        "moved": dict(occurrence.moved),
        # what lay wholly before the enrolment was nobody's to tick: not known, and no alert
        "status": "before_enrolment" if past else "planned",
    }


def _restriction(plan: Row, occurrence: Occurrence, words: PlainWords) -> Row:
    return {
        "why": words.said(occurrence.why),
        "starts_at": occurrence.earliest_at or occurrence.due_at or plan["anchor_at"],
        "ends_at": occurrence.ends_at,
        "ends_with": occurrence.ends_with,
    }


def _check_in(occurrence: Occurrence, words: PlainWords) -> Row:
    return {
        "questions": words.asked(occurrence.questions),
        "day": occurrence.day,
        "due_at": _required(occurrence.due_at),
        "expires_at": _required(occurrence.expires_at),
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "key": question.key,
        "text": dict(question.text),
        "minimum": question.minimum,
        "maximum": question.maximum,
        "required": question.required,
        "signs": list(question.signs),
        "loinc": question.loinc,
    }


def _required(instant: datetime | None) -> datetime:
    assert instant is not None, "the protocol's validation gives every such step this moment"
    return instant
