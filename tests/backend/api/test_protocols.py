"""Protocols over HTTP: the clinic's list, checking a file, trying one out."""

from dataclasses import replace

import pytest
from flask import Flask

from backend.db import transaction
from backend.services.clinics import create_clinic
from backend.services.protocols import sign_protocol
from schedules.catalogue import SHIPPED
from tests.backend.api.callers import Caller, staff_caller
from tests.schedules.test_broken_anchors import WHOLE
from tests.world import CLINIC, World

ORDER = {"performed_at": "2026-11-30T10:00:00+03:00", "timezone": "Europe/Istanbul", "language": "en"}


def test_the_clinics_protocols_are_listed_as_it_signed_them(nurse: Caller) -> None:
    items = nurse.get("/protocols").json["items"]

    assert {row["id"] for row in items} == {"nucleoplasty_lumbar", "nucleoplasty_cervical"}
    assert {row["status"] for row in items} == {"active"}
    assert items[0]["overrides"] == {"heavy_lifting.ends": "P6W"}
    assert items[0]["approved_by"] == "Dr Test"


def test_a_protocol_nobody_signed_is_a_draft_that_says_what_is_undecided(app: Flask, world: World) -> None:
    with transaction(world.engine) as session:
        clinic_id = create_clinic(session, replace(CLINIC, name="A New Clinic"), now=world.now).id
    caller = staff_caller(app, world, clinic_id, "admin")

    said = caller.get("/protocols/nucleoplasty_lumbar").json

    assert said["status"] == "draft"
    assert said["undecided"] == ["heavy_lifting"]


def test_a_protocol_shows_each_step_with_the_source_of_its_date(nurse: Caller) -> None:
    said = nurse.get("/protocols/nucleoplasty_lumbar", language="tr").json

    steps = {step["key"]: step for step in said["steps"]}
    assert steps["mri_3_months"]["due"] == "P3M"
    assert steps["heavy_lifting"]["ends"] == "P6W"
    assert steps["mri_3_months"]["lateness"] == "call"
    assert steps["heavy_lifting"]["lateness"] is None
    assert all(step["source"] and step["title"] for step in said["steps"])
    assert {"emergency", "same_day"} <= {rule["tier"] for rule in said["rules"]}


def test_a_protocol_shows_its_checklist_its_instruments_and_what_dates_hang_on(nurse: Caller) -> None:
    said = nurse.get("/protocols/nucleoplasty_lumbar", language="en").json

    steps = {step["key"]: step for step in said["steps"]}
    assert (steps["flight_home"]["after"], steps["flight_home"]["by"]) == ("flies_home", "date")
    assert (steps["annual_review"]["until"], steps["annual_review"]["times"]) == ("P5Y", 5)
    assert steps["mri_3_months"]["open_days"] == "next"
    assert steps["check_in_month_3"]["instruments"] == ["peg"]
    assert [one["key"] for one in said["instruments"]] == ["peg"]
    assert said["selection"][0]["key"] == "contained_herniation"
    assert said["selection"][0]["expects"] == "yes"


def test_a_protocol_shows_the_clinics_own_figures_beside_the_files(nurse: Caller) -> None:
    said = nurse.get("/protocols/nucleoplasty_lumbar").json

    assert said["figures"] == [
        {
            "key": "heavy_lifting.ends",
            "base": "",
            "value": "P6W",
            "by": "Dr Test",
            "on": said["approved_on"],
            "reason": "",
        }
    ]


def test_a_simulation_says_what_gave_way_to_a_holiday(nurse: Caller) -> None:
    order = ORDER | {"performed_at": "2026-12-18T10:00:00+03:00"}

    items = nurse.post("/protocols/nucleoplasty_lumbar/simulate", order).json["items"]

    moved = {item["key"]: item["moved"] for item in items if item["moved"]}
    assert moved["first_follow_up"] == "moved to Mon 4 Jan: New Year's Day, a public holiday"


def test_a_simulation_is_of_the_patient_it_is_told(nurse: Caller) -> None:
    order = ORDER | {"job": "heavy", "flies_home_on": "2026-12-04", "levels": ["L4-L5"]}

    answer = nurse.post("/protocols/nucleoplasty_lumbar/simulate", order).json

    assert "desk_work" not in {item["key"] for item in answer["items"]}
    assert "2026-12-03" in {one["due_at"][:10] for one in answer["messages"] if one["key"] == "flight_home"}
    assert answer["waiting"] == []


def test_an_unknown_protocol_is_not_found(nurse: Caller) -> None:
    assert nurse.get("/protocols/spinal_fusion").status_code == 404
    assert nurse.post("/protocols/spinal_fusion/simulate", ORDER).status_code == 404


def test_a_simulation_shows_every_step_and_every_text(nurse: Caller, world: World) -> None:
    answer = nurse.post("/protocols/nucleoplasty_lumbar/simulate", ORDER)

    assert answer.status_code == 200
    keys = {row["key"] for row in answer.json["items"]}
    assert {"discharge", "light_activity", "physical_therapy", "mri_3_months", "annual_review"} <= keys
    messages = answer.json["messages"]
    assert [row["due_at"] for row in messages] == sorted(row["due_at"] for row in messages)
    assert all(row["body"] and row["segments"] >= 1 and row["channel"] == "sms" for row in messages)
    assert messages[0]["due_at"] < "2026-11-30"  # the texts before the procedure
    assert all(9 <= int(row["local_time"][11:13]) < 20 for row in messages)
    assert world.messages() == []


def test_a_simulation_says_what_becomes_of_each_text_that_is_late_or_moved(
    nurse: Caller, world: World
) -> None:
    with transaction(world.engine) as session:
        dates = {"heavy_lifting.ends": "P6W", "check_in_d1.local_time": "18:00"}
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", dates, now=world.now)

    messages = nurse.post("/protocols/nucleoplasty_lumbar/simulate", ORDER).json["messages"]

    told = {(row["key"], row["text_key"]): (row["lateness"], row["moved"]) for row in messages}
    assert told["physical_therapy", "remind_P2D"] == ("call", "")
    assert told["check_in_d1", "ask"] == ("newest_only", "")
    assert told["check_in_d1", "nudge"] == ("newest_only", "moved to 09:00: quiet hours Europe/Istanbul")


def test_a_simulation_tells_language_segments_and_about_what_they_cost(nurse: Caller) -> None:
    said = nurse.post("/protocols/nucleoplasty_lumbar/simulate", ORDER).json

    totals = said["totals"]
    assert totals["texts"] == len(said["messages"])
    assert totals["segments"] == sum(row["segments"] for row in said["messages"])
    assert (totals["currency"], totals["price_proposed"]) == ("USD", True)  # Turkey: nobody has looked it up
    assert "order of magnitude" in totals["price_source"]
    assert float(totals["price"]) == round(totals["segments"] * 0.04, 2)
    assert {row["language"] for row in said["messages"]} == {"en"}


def test_a_simulation_shows_what_scripted_replies_lead_to(nurse: Caller, world: World) -> None:
    order = ORDER | {"replies": "D3=8, D7=none", "baseline_pain": 5, "language": "tr"}
    said = nurse.post("/protocols/nucleoplasty_lumbar/simulate", order).json

    told = [(event["day"], event["kind"], event["tier"]) for event in said["events"]]
    assert told == [
        (3, "answer", None),
        (3, "alert", "same_day"),
        (7, "nudge", None),
        (9, "missed", None),
    ]
    assert "8" in said["events"][1]["reason"]
    kept = [row for row in said["messages"] if row["text_key"] == "nudge"]
    assert "check_in_d3" not in {row["key"] for row in kept}
    assert world.alerts() == []


def test_a_simulation_compares_the_clinics_figures_with_the_file(nurse: Caller, world: World) -> None:
    with transaction(world.engine) as session:
        dates = {"heavy_lifting.ends": "P6W", "check_in_d3.window.due": "P4D"}
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", dates, now=world.now)

    said = nurse.post("/protocols/nucleoplasty_lumbar/simulate", ORDER | {"compare": "file"}).json

    comparison = said["comparison"]
    assert {(row["key"], row["text_key"], row["change"]) for row in comparison["messages"]} == {
        ("check_in_d3", "ask", "moved"),
        ("check_in_d3", "nudge", "moved"),
    }
    assert {row["key"] for row in comparison["items"]} == {"check_in_d3", "heavy_lifting"}
    assert comparison["counts"]["moved"] == 2
    assert comparison["rules"] == []
    assert comparison["before"]["timing_hash"] != comparison["after"]["timing_hash"]
    assert comparison["before"]["wording_hash"] == comparison["after"]["wording_hash"]
    assert (comparison["before"]["status"], comparison["after"]["status"]) == ("draft", "active")
    assert comparison["after"]["totals"] == said["totals"]


def test_without_something_to_compare_there_is_no_comparison(nurse: Caller) -> None:
    assert "comparison" not in nurse.post("/protocols/nucleoplasty_lumbar/simulate", ORDER).json


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"language": "de"}, "language"),
        ({"performed_at": "tomorrow"}, "performed_at"),
        ({"replies": "D3=sad"}, "replies"),
        ({"compare": "9"}, "compare"),
        ({"baseline_pain": 11}, "baseline_pain"),
    ],
)
def test_an_impossible_simulation_names_its_field(nurse: Caller, change: dict[str, str], field: str) -> None:
    answer = nurse.post("/protocols/nucleoplasty_lumbar/simulate", ORDER | change)

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {field}


def test_a_good_file_is_said_to_be_good(nurse: Caller) -> None:
    text = (SHIPPED / "nucleoplasty_lumbar.toml").read_text(encoding="utf-8")

    answer = nurse.post("/protocols/validate", {"text": text})

    assert answer.json["valid"] is True
    assert answer.json["id"] == "nucleoplasty_lumbar"


def test_a_file_that_names_a_text_nobody_has_written_is_bad(nurse: Caller) -> None:
    answer = nurse.post("/protocols/validate", {"text": WHOLE, "file": "mine.toml"})

    [complaint] = answer.json["errors"]
    assert complaint["key"] == "steps.ask.template"
    assert "a text nobody has written" in complaint["reason"]


@pytest.mark.parametrize("text", ["", "not = toml =", 'id = "x"', "include = '../secret_steps.toml'"])
def test_a_bad_file_is_answered_with_file_key_and_reason(nurse: Caller, text: str) -> None:
    answer = nurse.post("/protocols/validate", {"text": text, "file": "mine.toml"})

    assert answer.status_code == 200
    assert answer.json["valid"] is False
    [complaint] = answer.json["errors"]
    assert complaint["file"] == "mine.toml"
    assert complaint["reason"]
