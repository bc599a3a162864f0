"""Patients over HTTP: registered, found, changed, enrolled."""

import uuid

import pytest

from tests.backend.api.callers import Caller
from tests.world import World

AYSE = {
    "given_name": "Ayşe",
    "family_name": "Yılmaz",
    "phone": "+905321234567",
    "language": "tr",
    "timezone": "Europe/Istanbul",
    "sms_consent": {"given_at": "2026-11-23T11:00:00+03:00", "source": "clinic"},
}
PROCEDURE = {
    "performed_at": "2026-11-23T10:00:00+03:00",
    "protocol": "nucleoplasty_lumbar",
    "region": "lumbar",
    "levels": ["L4-L5"],
    "technique": "radiofrequency",
    "baseline_pain": 8,
}


def register(nurse: Caller, **changes: object) -> str:
    """Register Ayşe, and return her id."""
    answer = nurse.post("/patients", AYSE | changes)
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def test_a_registered_patient_is_answered_as_posted(nurse: Caller) -> None:
    answer = nurse.post("/patients", AYSE | {"external_id": "A-17", "birth_date": "1980-05-17"})

    assert answer.status_code == 201
    said = answer.json
    for name in ("given_name", "family_name", "phone", "language", "timezone"):
        assert said[name] == AYSE[name]
    assert said["external_id"] == "A-17"
    assert said["birth_date"] == "1980-05-17"
    assert said["status"] == "active"
    assert said["sms_consent"]["source"] == "clinic"
    assert said["consent"] == {"state": "opted_in", "since": "2026-11-23T08:00:00+00:00"}
    assert uuid.UUID(said["id"])


def test_a_patient_can_be_read_again(nurse: Caller) -> None:
    patient_id = register(nurse)

    answer = nurse.get(f"/patients/{patient_id}")

    assert answer.status_code == 200
    assert answer.json["family_name"] == "Yılmaz"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "+902125550100"),
        ("phone", "12"),
        ("timezone", "Europe/Byzantium"),
        ("language", "xx"),
        ("given_name", ""),
        ("birth_date", "2027-01-01"),
        ("birth_date", "17.05.1980"),
        ("colour", "blue"),
        ("sms_consent", {"source": "clinic"}),
    ],
)
def test_what_cannot_be_used_is_refused_naming_the_field(nurse: Caller, field: str, value: object) -> None:
    answer = nurse.post("/patients", AYSE | {field: value})

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert any(name.split(".")[0] == field for name in answer.json["errors"])


def test_a_missing_field_is_named(nurse: Caller) -> None:
    answer = nurse.post("/patients", {name: value for name, value in AYSE.items() if name != "phone"})

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"phone"}


def test_a_second_patient_of_the_same_external_id_is_a_conflict(nurse: Caller) -> None:
    register(nurse, external_id="A-17")

    answer = nurse.post("/patients", AYSE | {"external_id": "A-17", "phone": "+905339876543"})

    assert answer.status_code == 409


@pytest.mark.parametrize(
    "query", ["yil", "YILMAZ ay", "Ayşe", "ayse yil", "4567", "+90 532 123 45 67", "A-17"]
)
def test_a_patient_is_found_by_name_number_or_external_id(nurse: Caller, query: str) -> None:
    register(nurse, external_id="A-17")
    register(nurse, given_name="Mehmet", family_name="Demir", phone="+905339876543")

    answer = nurse.get("/patients", query=query)

    assert [row["family_name"] for row in answer.json["items"]] == ["Yılmaz"]


def test_patients_come_page_by_page_in_order_and_each_once(nurse: Caller) -> None:
    names = ["Ak", "Çelik", "Demir", "Işık", "Öz"]
    for place, name in enumerate(names):
        register(nurse, family_name=name, phone=f"+90532123450{place}")

    seen, cursor = [], {}
    while True:
        page = nurse.get("/patients", limit=2, **cursor).json
        seen += [row["family_name"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert seen == names


def test_a_foreign_cursor_is_refused_by_name(nurse: Caller) -> None:
    answer = nurse.get("/patients", cursor="bm9uc2Vuc2U")

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"cursor"}


def test_a_change_changes_what_it_names_and_nothing_else(nurse: Caller) -> None:
    patient_id = register(nurse)

    answer = nurse.patch(f"/patients/{patient_id}", {"language": "en", "preferred_time": "18:00"})

    assert answer.status_code == 200
    assert answer.json["language"] == "en"
    assert answer.json["preferred_time"] == "18:00:00"
    assert answer.json["given_name"] == "Ayşe"


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(nurse: Caller) -> None:
    patient_id = register(nurse)
    read = nurse.get(f"/patients/{patient_id}").headers["ETag"]
    nurse.patch(f"/patients/{patient_id}", {"language": "en"})

    answer = nurse.patch(f"/patients/{patient_id}", {"language": "tr"}, If_Match=read)

    assert answer.status_code == 412
    assert nurse.get(f"/patients/{patient_id}").json["language"] == "en"


def test_a_change_of_what_was_just_read_is_carried_out(nurse: Caller) -> None:
    patient_id = register(nurse)
    read = nurse.get(f"/patients/{patient_id}").headers["ETag"]

    answer = nurse.patch(f"/patients/{patient_id}", {"language": "en"}, If_Match=read)

    assert answer.status_code == 200
    assert answer.headers["ETag"] != read


def test_a_procedure_sets_a_plan_its_steps_and_its_texts_in_motion(nurse: Caller, world: World) -> None:
    patient_id = register(nurse)

    answer = nurse.post(f"/patients/{patient_id}/procedures", PROCEDURE)

    assert answer.status_code == 201
    said = answer.json
    assert said["procedure"]["performed_at"] == "2026-11-23T07:00:00+00:00"
    assert said["care_plan"]["status"] == "active"
    assert said["care_plan"]["protocol"] == "nucleoplasty_lumbar"
    assert {"discharge", "physical_therapy", "mri_3_months"} <= {row["key"] for row in said["milestones"]}
    assert "heavy_lifting" in {row["key"] for row in said["restrictions"]}
    assert said["check_ins"]
    assert world.messages(status="scheduled")


def test_the_same_procedure_twice_is_a_conflict(nurse: Caller) -> None:
    patient_id = register(nurse)
    nurse.post(f"/patients/{patient_id}/procedures", PROCEDURE)

    answer = nurse.post(f"/patients/{patient_id}/procedures", PROCEDURE)

    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("performed_at", "2028-01-01T10:00:00+03:00"),
        ("performed_at", "2010-01-01T10:00:00+03:00"),
        ("performed_at", "2026-11-23T10:00:00"),
        ("performed_at", "0001-01-01T00:00:00+14:00"),
        ("baseline_pain", 11),
        ("baseline_pain", "8"),
        ("levels", []),
        ("levels", ["C5-C6"]),
        ("technique", "magic"),
        ("protocol", "unknown"),
        ("region", "cervical"),
    ],
)
def test_a_procedure_that_cannot_be_is_refused_naming_the_field(
    nurse: Caller, world: World, field: str, value: object
) -> None:
    patient_id = register(nurse)

    answer = nurse.post(f"/patients/{patient_id}/procedures", PROCEDURE | {field: value})

    assert answer.status_code == 422
    named = {name.split(".")[0] for name in answer.json["errors"]}
    assert named & {field, "levels" if field == "region" else field}
    assert world.messages() == []
