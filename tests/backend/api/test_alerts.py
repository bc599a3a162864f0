"""Alerts over HTTP: listed by urgency, taken, resolved."""

from typing import Any

import pytest
from flask import Flask

from tests.backend.api.callers import Caller, staff_caller
from tests.world import World


@pytest.fixture
def alert(world: World, app: Flask) -> dict[str, Any]:
    """Ayşe's fever on day 1, as a nurse of her clinic sees it."""
    world.enrol()
    world.advance(days=1)
    world.tick()
    world.text_in("I have a fever of 39")
    nurse = staff_caller(app, world, world.nurse.clinic_id, "nurse")
    found: dict[str, Any] = nurse.get("/alerts", status="open").json["items"][0]
    return found


@pytest.fixture
def nurse(app: Flask, world: World, alert: dict[str, Any]) -> Caller:
    """A nurse who signs in after the alert was raised."""
    return staff_caller(app, world, world.nurse.clinic_id, "nurse")


def test_an_alert_says_whose_how_urgent_and_why(alert: dict[str, Any]) -> None:
    assert alert["tier"] == "same_day"
    assert alert["status"] == "open"
    assert "ever" in alert["reason"]
    assert alert["quote"] == "I have a fever of 39"
    assert (alert["given_name"], alert["family_name"]) == ("Ayşe", "Yılmaz")
    assert alert["patient_id"]
    assert alert["care_plan_id"]


def test_the_most_urgent_alert_comes_first(nurse: Caller, world: World) -> None:
    world.advance(minutes=5)
    world.text_in("I cannot pass urine since morning")

    tiers = [row["tier"] for row in nurse.get("/alerts", status="open").json["items"]]

    assert tiers[0] == "emergency"
    assert len(tiers) >= 2


def test_alerts_come_page_by_page(nurse: Caller, world: World) -> None:
    world.text_in("I cannot pass urine since morning")
    first = nurse.get("/alerts", limit=1).json
    second = nurse.get("/alerts", limit=1, cursor=first["next_cursor"]).json

    assert first["items"][0]["id"] != second["items"][0]["id"]


def test_an_alert_is_taken_by_one_person(nurse: Caller, alert: dict[str, Any], world: World) -> None:
    other = staff_caller(nurse.app, world, nurse.clinic_id, "nurse")

    taken = nurse.post(f"/alerts/{alert['id']}/acknowledge")

    assert taken.json["status"] == "acknowledged"
    assert taken.json["acknowledged_at"] is not None
    assert other.post(f"/alerts/{alert['id']}/acknowledge").status_code == 409
    assert nurse.post(f"/alerts/{alert['id']}/acknowledge").status_code == 200


def test_an_alert_is_resolved_with_an_outcome(nurse: Caller, alert: dict[str, Any]) -> None:
    answer = nurse.post(f"/alerts/{alert['id']}/resolve", {"outcome": "called", "note": "sees us at four"})

    assert (answer.json["status"], answer.json["outcome"]) == ("resolved", "called")
    assert nurse.get("/alerts", status="open").json["items"] == []
    assert nurse.get("/alerts", status="resolved").json["items"][0]["note"] == "sees us at four"


def test_an_unknown_outcome_is_refused_by_name(nurse: Caller, alert: dict[str, Any]) -> None:
    answer = nurse.post(f"/alerts/{alert['id']}/resolve", {"outcome": "whatever"})

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"outcome"}


def test_a_resolved_alert_is_not_resolved_again(nurse: Caller, alert: dict[str, Any]) -> None:
    nurse.post(f"/alerts/{alert['id']}/resolve", {"outcome": "called"})

    assert nurse.post(f"/alerts/{alert['id']}/resolve", {"outcome": "seen"}).status_code == 409


def test_an_alert_that_changed_since_it_was_read_is_not_closed_blindly(
    nurse: Caller, alert: dict[str, Any]
) -> None:
    nurse.post(f"/alerts/{alert['id']}/acknowledge")

    answer = nurse.post(
        f"/alerts/{alert['id']}/resolve", {"outcome": "called"}, If_Match=f'"{alert["version"]}"'
    )

    assert answer.status_code == 412


def test_a_plans_alerts_are_its_own(nurse: Caller, alert: dict[str, Any]) -> None:
    listed = nurse.get(f"/care-plans/{alert['care_plan_id']}/alerts").json["items"]

    assert [row["id"] for row in listed] == [alert["id"]]


@pytest.mark.parametrize(("language", "word"), [("en", "ever"), ("tr", "teş")])
def test_the_reason_is_told_in_the_language_asked_for(
    nurse: Caller, alert: dict[str, Any], language: str, word: str
) -> None:
    assert word in nurse.get("/alerts", language=language).json["items"][0]["reason"]
