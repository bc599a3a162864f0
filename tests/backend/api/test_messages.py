"""Conversations over HTTP: both directions in order, a nurse's own text, what waits for a person."""

import pytest

from tests.backend.api.callers import Caller, staff_caller
from tests.world import World


@pytest.fixture
def patient_id(world: World) -> str:
    """Ayşe, enrolled just now, welcomed."""
    enrolment = world.enrol()
    world.tick()
    return str(enrolment.care_plan.patient_id)


def test_a_nurses_own_text_is_queued_and_goes_out(nurse: Caller, patient_id: str, world: World) -> None:
    answer = nurse.post(f"/patients/{patient_id}/messages", {"body": "Please call us today."})

    assert answer.status_code == 201
    assert (answer.json["direction"], answer.json["status"]) == ("outbound", "scheduled")
    world.tick()
    assert world.sent()[-1] == "Please call us today."


def test_nobody_writes_to_a_patient_who_opted_out(nurse: Caller, patient_id: str, world: World) -> None:
    world.text_in("STOP")

    answer = nurse.post(f"/patients/{patient_id}/messages", {"body": "Please call us today."})

    assert answer.status_code == 403
    assert "opted out" in answer.json["detail"]


@pytest.mark.parametrize("body", ["", "   ", "x" * 1601, "a\x00b", "\ud800", 5, None])
def test_a_text_that_is_none_is_refused_by_name(nurse: Caller, patient_id: str, body: object) -> None:
    answer = nurse.post(f"/patients/{patient_id}/messages", {"body": body})

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"body"}


def test_a_conversation_has_both_directions_in_order(nurse: Caller, patient_id: str, world: World) -> None:
    world.advance(minutes=1)
    world.text_in("thank you")
    world.advance(minutes=1)
    nurse.post(f"/patients/{patient_id}/messages", {"body": "You are welcome."})
    world.tick()

    items = nurse.get(f"/patients/{patient_id}/conversation").json["items"]

    said = [(row["direction"], row["body"]) for row in items]
    assert said.index(("inbound", "thank you")) < said.index(("outbound", "You are welcome."))
    assert said[0][0] == "outbound"
    assert all(row["why"] for row in items)


def test_the_texts_still_to_come_are_no_part_of_the_conversation(nurse: Caller, patient_id: str) -> None:
    items = nurse.get(f"/patients/{patient_id}/conversation").json["items"]

    assert len(items) == 1


def test_a_conversation_is_read_backwards_page_by_page(nurse: Caller, patient_id: str, world: World) -> None:
    for place in range(5):
        world.advance(minutes=1)
        world.text_in(f"text {place}")
    whole = [row["id"] for row in nurse.get(f"/patients/{patient_id}/conversation").json["items"]]

    seen: list[str] = []
    query: dict[str, object] = {"limit": 2}
    while True:
        page = nurse.get(f"/patients/{patient_id}/conversation", **query).json
        seen = [row["id"] for row in page["items"]] + seen
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert seen == whole


def test_a_text_that_waits_for_a_person_is_listed(nurse: Caller, patient_id: str, world: World) -> None:
    world.text_in("Can I start swimming?")

    items = nurse.get("/messages", direction="inbound", status="needs_review").json["items"]

    assert [row["body"] for row in items] == ["Can I start swimming?"]
    assert items[0]["patient_id"] == patient_id
    assert items[0]["received_at"]


def test_a_text_from_nobody_known_is_listed_too(nurse: Caller, patient_id: str, world: World) -> None:
    world.text_in("who are you?", sender="+905550001122")

    items = nurse.get("/messages", direction="inbound", status="needs_review").json["items"]

    assert [row["patient_id"] for row in items] == [None]


def test_failed_texts_are_listed_by_status(nurse: Caller, patient_id: str, world: World) -> None:
    [welcome] = world.messages(status="accepted")
    world.report(welcome, "failed", code=30007)

    items = nurse.get("/messages", direction="outbound", status="failed").json["items"]

    assert [row["id"] for row in items] == [str(welcome.id)]


def test_all_messages_come_newest_first(nurse: Caller, patient_id: str, world: World) -> None:
    world.advance(minutes=1)
    world.text_in("hello")

    items = nurse.get("/messages", status="needs_review").json["items"]
    everything = nurse.get("/messages", limit=100).json["items"]

    assert [row["body"] for row in items] == ["hello"]
    assert {row["direction"] for row in everything} == {"inbound", "outbound"}


def test_staff_of_the_same_clinic_see_the_same(nurse: Caller, patient_id: str, world: World) -> None:
    other = staff_caller(nurse.app, world, nurse.clinic_id, "clinician")

    path = f"/patients/{patient_id}/conversation"
    assert nurse.get(path).json == other.get(path).json


def test_a_message_tells_all_that_happened_to_it_oldest_first(
    nurse: Caller, patient_id: str, world: World
) -> None:
    (welcome,) = world.messages(template="welcome")
    world.advance(minutes=1)
    world.report(welcome, "sent")
    world.advance(minutes=1)
    world.report(welcome, "delivered")

    (item,) = nurse.get(f"/patients/{patient_id}/conversation").json["items"]

    assert [(line["status"], line["why"]) for line in item["log"]] == [
        ("scheduled", "first text after enrolment"),
        ("accepted", "handed to the provider"),
        ("sent", "on its way"),
        ("delivered", "delivered to the phone"),
    ]
    assert item["log"][-1]["why"] == item["why"]


def test_of_one_instant_the_newest_reason_comes_last(nurse: Caller, patient_id: str, world: World) -> None:
    (welcome,) = world.messages(template="welcome")
    world.report(welcome, "undelivered", code=30003)

    items = nurse.get(f"/patients/{patient_id}/conversation").json["items"]

    (first,) = [item for item in items if item["id"] == str(welcome.id)]
    assert [line["why"] for line in first["log"]][-2:] == [
        "the phone did not get it (code 30003)",
        "the phone was off: a second try follows an hour later",
    ]


def test_a_text_from_a_patient_has_no_log(nurse: Caller, patient_id: str, world: World) -> None:
    world.text_in("thank you")

    items = nurse.get(f"/patients/{patient_id}/conversation").json["items"]

    assert [item["log"] for item in items if item["direction"] == "inbound"] == [[]]
