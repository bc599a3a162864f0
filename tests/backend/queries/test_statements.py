"""How many statements each hot list costs, exactly: a list that asks once more per row fails here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from backend.db import transaction
from backend.models import CarePlan
from backend.queries.alerts import list_alerts
from backend.queries.check_ins import list_check_ins
from backend.queries.conversations import conversation, list_messages, plan_messages
from backend.queries.patients import list_patients
from backend.queries.timelines import timeline
from tests.world import World


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that run meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def plan(world: World) -> CarePlan:
    """The first of three enrolled patients, all with an alert, an answer and a text to read."""
    plans = []
    for place in range(3):
        phone = f"+90532123450{place}"
        plans.append(world.enrol(world.patient(phone=phone)).care_plan)
    world.advance(days=1)
    world.tick()
    for place in range(3):
        for text in ("3", "I have a fever of 39", "what is this?"):
            world.text_in(text, sender=f"+90532123450{place}")
    return plans[0]


LISTS: dict[str, tuple[Callable[[Session, CarePlan, World], object], int]] = {
    "patients": (lambda s, p, w: list_patients(s).items, 3),
    "alerts": (lambda s, p, w: list_alerts(s, language="en").items, 1),
    "check-ins": (lambda s, p, w: list_check_ins(s, plan_id=p.id, language="en").items, 2),
    "conversation": (lambda s, p, w: conversation(s, p.patient_id).items, 3),
    "inbox": (lambda s, p, w: list_messages(s, direction="inbound").items, 1),
    "texts of a plan": (lambda s, p, w: plan_messages(s, p.id).items, 2),
    "timeline": (lambda s, p, w: timeline(s, p.id, now=w.now, language="en"), 5),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_a_fixed_number_of_statements(world: World, plan: CarePlan, name: str) -> None:
    read, statements = LISTS[name]

    with transaction(world.engine, plan.clinic_id) as session, counted(world.engine) as seen:
        found = read(session, plan, world)

    assert found
    assert len(seen) == statements, "\n".join(seen)
