"""The first way of data: a procedure becomes a text on a phone."""

from tests.stories.conftest import House
from tests.world import PHONE

PATIENT = {
    "given_name": "Ayşe",
    "family_name": "Yılmaz",
    "phone": PHONE,
    "language": "en",
    "timezone": "Europe/Istanbul",
    "sms_consent": {"given_at": "2026-11-23T08:00:00+03:00", "source": "clinic"},
}
PROCEDURE = {
    "performed_at": "2026-11-23T11:00:00+03:00",
    "protocol": "nucleoplasty_lumbar",
    "region": "lumbar",
    "levels": ["L4-L5"],
    "technique": "radiofrequency",
    "baseline_pain": 8,
}


def test_a_procedure_becomes_a_text_that_is_delivered(house: House) -> None:
    # the clinic records a patient and what was done this morning
    patient = house.api.post("/patients", json=PATIENT).raise_for_status().json()
    made = house.api.post(f"/patients/{patient['id']}/procedures", json=PROCEDURE).raise_for_status().json()
    plan = made["care_plan"]["id"]
    assert house.on_the_phone(PHONE) == []

    # the worker's next tick greets her; the provider reports it delivered
    house.tick()
    (welcome,) = house.on_the_phone(PHONE)
    assert welcome.startswith("Bosphorus Spine Clinic")
    sent = house.api.get(f"/care-plans/{plan}/messages").raise_for_status().json()["items"]
    assert [message["status"] for message in sent if message["body"] == welcome] == ["delivered"]

    # the next morning at ten, her time, she is asked how she is
    house.world.at(2026, 11, 24, 6, 59)
    house.tick()
    assert len(house.on_the_phone(PHONE)) == 1
    house.world.at(2026, 11, 24, 7, 0)
    house.tick()
    question = house.on_the_phone(PHONE)[-1]
    assert "0" in question
    assert "10" in question
    assert "112" in question

    # and the plan knows that the question is open
    house.sign_in()
    (open_one,) = [
        item
        for item in house.api.get(f"/care-plans/{plan}/check-ins").raise_for_status().json()["items"]
        if item["status"] == "awaiting"
    ]
    assert open_one["asked_at"]
