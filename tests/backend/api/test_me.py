"""The patient's own app: who one is, what comes, what is asked, what was said."""

from tests.backend.api.callers import Caller, patient_caller
from tests.world import OTHER_PHONE, World

ANSWER = {"answers": [{"question": "pain", "value": 4}]}


def test_one_sees_oneself_and_whom_to_call(patient: Caller) -> None:
    said = patient.get("/me").json

    assert (said["given_name"], said["language"]) == ("Ayşe", "en")
    assert said["clinic"]["emergency_number"] == "112"
    assert "phone" not in said


def test_one_sees_ones_own_timeline_without_the_nurses_notes(patient: Caller, world: World) -> None:
    items = patient.get("/me/timeline").json["items"]

    assert "physical_therapy" in {row["key"] for row in items}
    assert all(not row.get("note") for row in items)


def test_an_awaiting_check_in_is_answered_once_and_is_then_no_longer_asked(patient: Caller) -> None:
    [check_in] = patient.get("/me/check-ins", status="awaiting").json["items"]

    answer = patient.post(f"/me/check-ins/{check_in['id']}/answer", ANSWER)

    assert answer.status_code == 200
    assert answer.json["status"] == "answered"
    assert answer.json["answers"][0]["source"] == "app"
    assert patient.get("/me/check-ins", status="awaiting").json["items"] == []


def test_a_question_comes_in_words_with_its_range(patient: Caller) -> None:
    [check_in] = patient.get("/me/check-ins", status="awaiting", language="tr").json["items"]

    pain = next(question for question in check_in["questions"] if question["key"] == "pain")
    assert (pain["minimum"], pain["maximum"]) == (0, 10)
    assert "ğrı" in pain["text"]


def test_a_red_flag_answered_in_the_app_raises_an_alert(patient: Caller, world: World) -> None:
    [check_in] = patient.get("/me/check-ins", status="awaiting").json["items"]
    answers = [
        {"question": "pain", "value": 2},
        {"question": "red_flag", "value": 1, "signs": ["bladder"]},
    ]

    answer = patient.post(f"/me/check-ins/{check_in['id']}/answer", {"answers": answers})

    assert answer.status_code == 200
    assert [alert.tier for alert in world.alerts(status="open")] == ["emergency"]


def test_an_answer_sent_twice_by_a_shaky_network_counts_once(patient: Caller, world: World) -> None:
    [check_in] = patient.get("/me/check-ins", status="awaiting").json["items"]
    path = f"/me/check-ins/{check_in['id']}/answer"

    first = patient.post(path, ANSWER, Idempotency_Key="a1")
    second = patient.post(path, ANSWER, Idempotency_Key="a1")

    assert first.json == second.json
    assert len(second.json["answers"]) == 1


def test_another_patients_check_in_does_not_exist_even_in_the_same_clinic(
    patient: Caller, world: World
) -> None:
    other = world.enrol(world.patient(given_name="Fatma", phone=OTHER_PHONE))
    world.advance(days=1)
    world.tick()
    theirs = world.check_ins(other.care_plan)[0]
    patient = patient_caller(patient.app, world, patient.patient_id)  # type: ignore[arg-type]

    assert patient.post(f"/me/check-ins/{theirs.id}/answer", ANSWER).status_code == 404
    seen = patient.get("/me/check-ins", limit=100).json["items"]
    assert {row["patient_id"] for row in seen} == {str(patient.patient_id)}


def test_one_reads_what_was_said_but_no_code(patient: Caller, world: World) -> None:
    items = patient.get("/me/messages").json["items"]

    assert items
    assert {"outbound"} == {row["direction"] for row in items}
    assert all("why" not in row for row in items)


def test_a_patient_without_a_plan_has_an_empty_timeline(patient: Caller, world: World) -> None:
    alone = patient_caller(patient.app, world, world.patient(phone=OTHER_PHONE).id)

    assert alone.get("/me/timeline").json == {"items": [], "next_cursor": None}
