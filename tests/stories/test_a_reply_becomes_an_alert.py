"""The second way of data: what a patient texts reaches a nurse, who takes it."""

from tests.stories.conftest import House
from tests.world import PHONE


def test_a_reply_becomes_an_alert_that_a_nurse_takes(house: House) -> None:
    # Ayşe is in her third day, and has been asked this morning
    plan = house.world.enrol().care_plan
    house.world.at(2026, 11, 26, 7, 0)
    house.tick()

    # she answers nine
    house.reply(PHONE, "9")
    house.sign_in()
    (alert,) = house.api.get("/alerts", params={"status": "open"}).raise_for_status().json()["items"]
    assert alert["tier"] == "same_day"
    assert "9" in alert["reason"]
    assert alert["care_plan_id"] == str(plan.id)

    # she gets an answer that promises nothing
    house.tick()
    assert "9" in house.on_the_phone(PHONE)[-1]

    # the nurse takes it, calls her, and closes it with what came of it
    taken = house.api.post(f"/alerts/{alert['id']}/acknowledge").raise_for_status().json()
    assert taken["status"] == "acknowledged"
    closing = {"outcome": "called", "note": "Sitting too long; comes tomorrow."}
    closed = house.api.post(f"/alerts/{alert['id']}/resolve", json=closing).raise_for_status().json()
    assert closed["status"] == "resolved"
    assert house.api.get("/alerts", params={"status": "open"}).raise_for_status().json()["items"] == []


def test_a_red_flag_at_night_pages_and_is_answered_at_once(house: House) -> None:
    house.world.enrol()
    house.tick()
    house.world.at(2026, 11, 25, 21, 30)  # half past midnight in Istanbul
    house.reply(PHONE, "I cannot pass urine since the evening")
    house.tick()
    house.sign_in()
    (alert,) = house.api.get("/alerts", params={"status": "open"}).raise_for_status().json()["items"]
    assert alert["tier"] == "emergency"
    assert "112" in house.on_the_phone(PHONE)[-1]
