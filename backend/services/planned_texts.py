"""The texts a plan will need, written to the outbox when the plan is made and moved when its dates move."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from backend.models import CarePlan, CheckIn, Milestone
from backend.outbox import NewMessage, enqueue
from schedules.timeline import Occurrence, PlannedText

WELCOME_USEFUL_FOR: Final = timedelta(days=2)


def write_texts(
    session: Session,
    plan: CarePlan,
    rows: Sequence[Milestone | CheckIn],
    timeline: Sequence[Occurrence],
    *,
    now: datetime,
) -> None:
    """Put a new plan's texts in the outbox, and one that greets the patient; `rows` are its own steps."""
    steps = {(row.step_key, row.occurrence): row for row in rows}
    planned = [
        planned_message(plan, step.step_key, step.index, text, steps.get((step.step_key, step.index)))
        for step in timeline
        for text in step.texts
    ]
    welcome = NewMessage(
        identity=f"welcome/{plan.patient_id}",
        patient_id=plan.patient_id,
        care_plan_id=plan.id,
        purpose="inform",
        template="welcome",
        due_at=now,
        expires_at=now + WELCOME_USEFUL_FOR,
        why="first text after enrolment",
    )
    enqueue(session, plan.clinic_id, [welcome, *planned], now=now)


def text_identity(plan_id: uuid.UUID, step_key: str, occurrence: int, text_key: str) -> str:
    """Return what a planned text is about; its date may move, this does not."""
    return f"{plan_id}/{step_key}/{occurrence}/{text_key}"


def why_planned(reason: str, text: PlannedText) -> str:
    """Return a planned text's line for the why-log: its reason, and what moved its hour if anything did."""
    return f"{reason}; {text.moved}" if text.moved else reason


def planned_message(
    plan: CarePlan,
    step_key: str,
    occurrence: int,
    text: PlannedText,
    row: Milestone | CheckIn | None,
) -> NewMessage:
    """Return the outbox row for a text of the timeline."""
    return NewMessage(
        identity=text_identity(plan.id, step_key, occurrence, text.key),
        patient_id=plan.patient_id,
        care_plan_id=plan.id,
        check_in_id=row.id if isinstance(row, CheckIn) else None,
        milestone_id=row.id if isinstance(row, Milestone) else None,
        step_key=step_key,
        purpose=text.purpose.value,
        template=text.template,
        facts=text.facts,
        due_at=text.due_at,
        expires_at=text.expires_at,
        lateness=text.lateness.value,
        why=why_planned(f"planned by {plan.protocol} {plan.protocol_version}: {step_key}", text),
    )
