"""How many statements a request costs, sign-in included: exact, so that none is added unnoticed."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from backend.db import db
from tests.backend.api.callers import Caller, staff_caller
from tests.world import World

COSTS = {
    "/patients": 4,
    "/patients/{patient}": 3,
    "/patients/{patient}/conversation": 5,
    "/care-plans/{plan}/timeline": 7,
    "/care-plans/{plan}/check-ins": 4,
    "/care-plans/{plan}/messages": 4,
    "/alerts": 2,
    "/messages": 4,
}


@pytest.mark.parametrize("path", COSTS)
def test_a_request_costs_a_fixed_number_of_statements(app: Flask, world: World, path: str) -> None:
    plan = world.enrol().care_plan
    world.advance(days=1)
    world.tick()
    world.text_in("I have a fever of 39")
    nurse: Caller = staff_caller(app, world, plan.clinic_id, "nurse")
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    answer = nurse.get(path.format(patient=plan.patient_id, plan=plan.id))

    assert answer.status_code == 200
    assert len(seen) == COSTS[path], "\n".join(seen)
