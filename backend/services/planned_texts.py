"""The texts a new plan will need, as the outbox takes them; re-planning moves them later.

Nothing is written here. Called by enrolment, of one patient and of many.
"""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from backend.models.rows import Row
from backend.outbox import NewMessage
from backend.services.plan_rows import StepRows, step_ids
from schedules.timeline import Occurrence, PlannedText

WELCOME_USEFUL_FOR: Final = timedelta(days=2)


def welcome(plan: Row, *, now: datetime) -> NewMessage:
    """Return the text that greets a patient; a second plan's is the same text, so it goes once."""
    return NewMessage(
        identity=f"welcome/{plan['patient_id']}",
        patient_id=plan["patient_id"],
        care_plan_id=plan["id"],
        purpose="inform",
        template="welcome",
        due_at=now,
        expires_at=now + WELCOME_USEFUL_FOR,
        why="first text after enrolment",
    )


def planned_texts(plan: Row, steps: StepRows, timeline: Sequence[Occurrence]) -> Iterator[NewMessage]:
    """Yield the texts of a plan's timeline; those of a check-in or a milestone point to its row."""
    check_ins, milestones = step_ids(steps.check_ins), step_ids(steps.milestones)
    for step in timeline:
        place = (step.step_key, step.index)
        for text in step.texts:
            yield _planned_text(plan, place, text, check_ins.get(place), milestones.get(place))


def _planned_text(
    plan: Row,
    place: tuple[str, int],
    text: PlannedText,
    check_in_id: uuid.UUID | None,
    milestone_id: uuid.UUID | None,
) -> NewMessage:
    step_key, occurrence = place
    reason = f"planned by {plan['protocol']} {plan['protocol_version']}: {step_key}"
    return NewMessage(
        identity=f"{plan['id']}/{step_key}/{occurrence}/{text.key}",
        patient_id=plan["patient_id"],
        care_plan_id=plan["id"],
        check_in_id=check_in_id,
        milestone_id=milestone_id,
        step_key=step_key,
        purpose=text.purpose.value,
        template=text.template,
        facts=text.facts,
        due_at=text.due_at,
        expires_at=text.expires_at,
        lateness=text.lateness.value,
        why=f"{reason}; {text.moved}" if text.moved else reason,
    )
