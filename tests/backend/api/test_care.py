"""A plan over HTTP: its timeline, its texts, its questions, and what a nurse does to it."""

from typing import Any

import pytest

from tests.backend.api.callers import Caller, staff_caller
from tests.world import World


@pytest.fixture
def plan(world: World) -> str:
    """The id of Ayşe's plan; her procedure was just now."""
    return str(world.enrol().care_plan.id)


def item(nurse: Caller, plan: str, key: str) -> dict[str, Any]:
    """One step of the plan's timeline."""
    items = nurse.get(f"/care-plans/{plan}/timeline").json["items"]
    found: dict[str, Any] = next(row for row in items if row["key"] == key)
    return found


def a_day_later(nurse: Caller, world: World) -> Caller:
    """Let a day pass, and the nurse sign in again."""
    world.advance(days=1, hours=2)
    world.tick()
    return staff_caller(nurse.app, world, nurse.clinic_id, "nurse")


def test_a_timeline_holds_every_kind_of_step_in_order(nurse: Caller, plan: str) -> None:
    items = nurse.get(f"/care-plans/{plan}/timeline").json["items"]

    assert {row["kind"] for row in items} == {"milestone", "restriction", "check_in", "education"}
    assert [row["due_at"] for row in items] == sorted(row["due_at"] for row in items)
    assert {"id", "title", "earliest_at", "overdue_at", "expires_at", "ends_at", "status", "why"} <= items[
        0
    ].keys()


def test_a_timeline_speaks_the_language_asked_for(nurse: Caller, plan: str) -> None:
    english = nurse.get(f"/care-plans/{plan}/timeline", language="en").json["items"]
    turkish = nurse.get(f"/care-plans/{plan}/timeline", language="tr").json["items"]

    assert [row["title"] for row in english] != [row["title"] for row in turkish]


def test_a_milestone_becomes_due_and_overdue_by_the_clock(nurse: Caller, plan: str, world: World) -> None:
    seen = []
    for days in (0, 7, 15):
        world.advance(days=days)
        nurse = staff_caller(nurse.app, world, nurse.clinic_id, "nurse")  # the token of a new day
        seen.append(item(nurse, plan, "physical_therapy")["status"])

    assert seen == ["planned", "due", "overdue"]


def test_a_booked_milestone_carries_its_appointment(nurse: Caller, plan: str) -> None:
    milestone = item(nurse, plan, "physical_therapy")

    answer = nurse.patch(f"/milestones/{milestone['id']}", {"booked_at": "2026-12-02T14:30:00+03:00"})

    assert answer.status_code == 200
    assert answer.json["status"] == "booked"
    assert answer.json["booked_at"] == "2026-12-02T11:30:00+00:00"
    assert item(nurse, plan, "physical_therapy")["status"] == "booked"


def test_a_milestone_is_ticked(nurse: Caller, plan: str) -> None:
    milestone = item(nurse, plan, "discharge")

    answer = nurse.patch(f"/milestones/{milestone['id']}", {"status": "done", "note": "walked out"})

    assert (answer.json["status"], answer.json["note"]) == ("done", "walked out")
    assert answer.json["completed_at"] is not None


def test_a_milestone_that_somebody_changed_meanwhile_is_not_changed_blindly(nurse: Caller, plan: str) -> None:
    milestone = item(nurse, plan, "physical_therapy")
    read = f'"{milestone["version"]}"'
    nurse.patch(f"/milestones/{milestone['id']}", {"booked_at": "2026-12-02T14:30:00+03:00"})

    answer = nurse.patch(f"/milestones/{milestone['id']}", {"status": "cancelled"}, If_Match=read)

    assert answer.status_code == 412
    assert item(nurse, plan, "physical_therapy")["status"] == "booked"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"booked_at": "2020-01-01T10:00:00Z"}, "booked_at"),
        ({"status": "lost"}, "status"),
        ({"due_at": "soon"}, "due_at"),
        ({"weather": "fine"}, "weather"),
    ],
)
def test_an_impossible_change_names_its_field(
    nurse: Caller, plan: str, change: dict[str, str], field: str
) -> None:
    milestone = item(nurse, plan, "physical_therapy")

    answer = nurse.patch(f"/milestones/{milestone['id']}", change)

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {field}


def test_a_plan_is_held_and_resumed_and_completed(nurse: Caller, plan: str) -> None:
    seen = [
        nurse.post(f"/care-plans/{plan}/{verb}", {"reason": "in hospital"}).json["status"]
        for verb in ("hold", "resume", "complete")
    ]

    assert seen == ["on_hold", "active", "completed"]


def test_a_plan_is_held_without_a_word(nurse: Caller, plan: str) -> None:
    answer = nurse.call("POST", f"/care-plans/{plan}/hold")

    assert (answer.status_code, answer.json["status"]) == (200, "on_hold")


def test_a_revoked_plan_stays_revoked(nurse: Caller, plan: str) -> None:
    nurse.post(f"/care-plans/{plan}/revoke")

    assert nurse.post(f"/care-plans/{plan}/resume").status_code == 409
    assert nurse.get(f"/care-plans/{plan}").json["status"] == "revoked"


def test_a_plans_texts_are_listed_by_date_page_by_page(nurse: Caller, plan: str) -> None:
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 7}
    while True:
        page = nurse.get(f"/care-plans/{plan}/messages", **query).json
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert len({row["id"] for row in seen}) == len(seen) > 14
    assert [row["due_at"] for row in seen] == sorted(row["due_at"] for row in seen)
    assert {row["status"] for row in seen} == {"scheduled"}


def test_an_answer_given_by_telephone_is_recorded_with_its_source(
    nurse: Caller, plan: str, world: World
) -> None:
    nurse = a_day_later(nurse, world)
    [check_in] = nurse.get(f"/care-plans/{plan}/check-ins", status="awaiting").json["items"]

    answer = nurse.post(
        f"/check-ins/{check_in['id']}/answer", {"answers": [{"question": "pain", "value": 6}]}
    )

    assert answer.status_code == 200
    assert answer.json["status"] == "answered"
    [given] = answer.json["answers"]
    assert (given["question"], given["value"], given["source"]) == ("pain", 6, "nurse")
    listed = nurse.get(f"/care-plans/{plan}/check-ins", status="answered").json["items"]
    assert listed[0]["answers"] == answer.json["answers"]


@pytest.mark.parametrize(
    "answers",
    [
        [{"question": "pain", "value": 11}],
        [{"question": "pain", "value": "3"}],
        [{"question": "weather", "value": 3}],
        [],
        [{"question": "pain", "value": 3}, {"question": "pain", "value": 4}],
    ],
)
def test_an_answer_that_is_none_is_refused(
    nurse: Caller, plan: str, world: World, answers: list[Any]
) -> None:
    nurse = a_day_later(nurse, world)
    [check_in] = nurse.get(f"/care-plans/{plan}/check-ins", status="awaiting").json["items"]

    answer = nurse.post(f"/check-ins/{check_in['id']}/answer", {"answers": answers})

    assert answer.status_code == 422
    assert all(name.startswith("answers") for name in answer.json["errors"])


def test_a_check_in_to_come_cannot_be_answered_yet(nurse: Caller, plan: str) -> None:
    check_in = nurse.get(f"/care-plans/{plan}/check-ins").json["items"][-1]

    answer = nurse.post(
        f"/check-ins/{check_in['id']}/answer", {"answers": [{"question": "pain", "value": 6}]}
    )

    assert answer.status_code == 409
