"""The patient's calendar: one secret address, entries with stable identities, and not a word about health."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.db import transaction
from backend.models import AuditEvent, CalendarFeed, CarePlan, Milestone, Patient
from backend.services.milestones import change_milestone
from backend.services.plans import revoke
from schedules.catalogue import Catalogue
from tests.backend.api.callers import Caller, patient_caller
from tests.backend.api.ics_reader import Component, read_calendar
from tests.world import OTHER_PHONE, World

SCAN_AT = datetime(2027, 2, 22, 6, 30, tzinfo=UTC)


def address(patient: Caller) -> str:
    """The path of a patient's calendar."""
    url: str = patient.get("/me/calendar").json["url"]
    assert url.startswith("http://127.0.0.1:8000/calendar/")
    return url.removeprefix("http://127.0.0.1:8000")


def fetch(app: Flask, path: str, **headers: str) -> TestResponse:
    """Fetch a calendar as a phone does, with nothing but its address."""
    return app.test_client().get(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def events(app: Flask, path: str) -> dict[str, Component]:
    """The entries of a calendar by identity."""
    answer = fetch(app, path)
    assert answer.status_code == 200
    return {event["UID"].value: event for event in read_calendar(answer.data)[1]}


def book(world: World, key: str = "mri_3_months", **changes: object) -> None:
    """Change a milestone as a nurse does."""
    with transaction(world.engine) as session:
        row = world.milestone(world.rows(CarePlan)[0], key)
        change_milestone(session, world.nurse, session.get_one(Milestone, row.id), now=world.now, **changes)  # type: ignore[arg-type]


def test_the_address_is_the_same_each_time_it_is_asked_for(patient: Caller) -> None:
    assert address(patient) == address(patient)


def test_the_address_alone_opens_the_calendar(patient: Caller, app: Flask) -> None:
    answer = fetch(app, address(patient))

    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    calendar, found = read_calendar(answer.data)
    assert calendar["X-WR-CALNAME"].text == "My appointments"
    assert len(found) > 5


def test_a_booked_appointment_stands_at_its_hour_and_what_is_only_due_on_its_day(
    patient: Caller, app: Flask, world: World
) -> None:
    book(world, booked_at=SCAN_AT)

    found = list(events(app, address(patient)).values())

    [booked] = [event for event in found if event["STATUS"].value == "CONFIRMED"]
    assert (booked["DTSTART"].value, booked["SUMMARY"].text) == ("20270222T063000Z", "Appointment")
    day = world.milestone(world.rows(CarePlan)[0], "physical_therapy").due_at
    due = {event["DTSTART"].value for event in found if event["SUMMARY"].text == "Make an appointment"}
    assert f"{day:%Y%m%d}" in due
    assert all(event["DTSTART"].parameters == {"VALUE": "DATE"} for event in found if event is not booked)


def test_not_a_word_of_it_is_about_health(patient: Caller, app: Flask, world: World) -> None:
    book(world, booked_at=SCAN_AT, note="bring the old pictures")
    file = fetch(app, address(patient)).text.replace("\r\n ", "").lower()

    protocol = Catalogue.shipped().get("nucleoplasty_lumbar")
    telling = [
        word for step in protocol.steps for word in (step.key, *step.title.values(), *step.why.values())
    ]
    assert [word for word in telling if word.lower() in file] == []
    for word in (
        "nucleoplasty",
        "lumbar",
        "spine",
        "pain",
        "mri",
        "l4",
        "bosphorus",
        "ayşe",
        "yılmaz",
        "pictures",
    ):
        assert not re.search(rf"\b{word}", file), word


def test_nothing_changed_means_the_same_bytes_and_the_same_tag(
    patient: Caller, app: Flask, world: World
) -> None:
    path = address(patient)
    first = fetch(app, path)
    world.advance(hours=5)
    second = fetch(app, path)

    assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])
    again = fetch(app, path, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_a_moved_appointment_keeps_its_identity_and_only_its_number_rises(
    patient: Caller, app: Flask, world: World
) -> None:
    path = address(patient)
    book(world, booked_at=SCAN_AT)
    before = events(app, path)
    book(world, note="a note changes nothing a calendar shows")
    assert events(app, path) == before
    world.advance(hours=1)
    book(world, status="booked", booked_at=SCAN_AT + timedelta(days=1))
    after = events(app, path)

    assert after.keys() == before.keys()
    changed = {uid for uid in after if after[uid] != before[uid]}
    [uid] = changed
    assert (before[uid]["SEQUENCE"].value, after[uid]["SEQUENCE"].value) == ("0", "1")
    assert after[uid]["DTSTART"].value == "20270223T063000Z"
    assert after[uid]["DTSTAMP"].value > before[uid]["DTSTAMP"].value


def test_what_was_published_and_is_cancelled_stays_as_cancelled(
    patient: Caller, app: Flask, world: World
) -> None:
    path = address(patient)
    book(world, booked_at=SCAN_AT)
    before = events(app, path)
    book(world, status="cancelled")
    after = events(app, path)

    [uid] = {uid for uid in after if after[uid] != before[uid]}
    assert after.keys() == before.keys()
    assert (after[uid]["STATUS"].value, after[uid]["SEQUENCE"].value) == ("CANCELLED", "1")
    assert after[uid]["DTSTART"] == before[uid]["DTSTART"]
    assert events(app, path) == after


def test_what_was_never_published_is_not_published_as_cancelled(
    patient: Caller, app: Flask, world: World
) -> None:
    book(world, status="cancelled")

    assert "CANCELLED" not in fetch(app, address(patient)).text


def test_what_comes_back_is_the_same_entry_with_the_next_number(
    patient: Caller, app: Flask, world: World
) -> None:
    path = address(patient)
    first = events(app, path)
    book(world, status="cancelled")
    events(app, path)
    book(world, status="planned")
    last = events(app, path)

    assert last.keys() == first.keys()
    assert sorted(event["SEQUENCE"].value for event in last.values())[-1] == "2"


def test_a_milestone_done_before_its_day_leaves_the_calendar(
    patient: Caller, app: Flask, world: World
) -> None:
    path = address(patient)
    before = events(app, path)
    book(world, "physical_therapy", status="done")
    after = events(app, path)

    [uid] = {uid for uid in after if after[uid] != before[uid]}
    assert after[uid]["STATUS"].value == "CANCELLED"


def test_an_appointment_that_took_place_stays(patient: Caller, app: Flask, world: World) -> None:
    path = address(patient)
    book(world, booked_at=SCAN_AT)
    before = events(app, path)
    world.now = SCAN_AT + timedelta(hours=1)
    book(world, status="done")

    assert events(app, path) == before


def test_a_procedure_planned_ahead_is_an_appointment_and_a_withdrawn_plan_cancels_all(
    app: Flask, world: World
) -> None:
    ahead = world.now + timedelta(days=20)
    enrolment = world.enrol(performed_at=ahead)
    path = address(patient_caller(app, world, enrolment.care_plan.patient_id))
    found = events(app, path)
    assert f"{ahead:%Y%m%dT%H%M%SZ}" in {event["DTSTART"].value for event in found.values()}

    with transaction(world.engine) as session:
        revoke(session, world.nurse, session.get_one(CarePlan, enrolment.care_plan.id), now=world.now)

    after = events(app, path)
    assert after.keys() == found.keys()
    assert {event["STATUS"].value for event in after.values()} == {"CANCELLED"}


def test_two_episodes_share_one_calendar(patient: Caller, app: Flask, world: World) -> None:
    path = address(patient)
    before = events(app, path)
    world.advance(days=30)
    world.enrol(world.rows(Patient)[0], levels=("L5-S1",))
    after = events(app, path)

    assert before.keys() < after.keys()


def test_it_speaks_the_patients_language(app: Flask, world: World) -> None:
    enrolment = world.enrol(world.patient(language="tr"))
    file = fetch(app, address(patient_caller(app, world, enrolment.care_plan.patient_id))).text

    assert "SUMMARY:Randevu alın" in file
    assert "X-WR-CALNAME:Randevularım" in file


def test_a_renewed_address_makes_the_old_one_void(patient: Caller, app: Flask) -> None:
    old = address(patient)
    renewed = patient.post("/me/calendar/renew").json["url"].removeprefix("http://127.0.0.1:8000")

    assert fetch(app, old).status_code == 404
    assert fetch(app, renewed).status_code == 200
    assert address(patient) == renewed


def test_a_revoked_address_opens_nothing_until_it_is_renewed(patient: Caller, app: Flask) -> None:
    path = address(patient)
    answer = patient.post("/me/calendar/revoke").json

    assert answer["url"] is None
    assert answer["revoked_at"] is not None
    assert patient.get("/me/calendar").json["url"] is None
    assert fetch(app, path).status_code == 404
    patient.post("/me/calendar/renew")
    assert fetch(app, address(patient)).status_code == 200
    assert fetch(app, path).status_code == 404


def test_a_nurse_revokes_it_for_a_phone_that_was_lost(
    patient: Caller, nurse: Caller, stranger: Caller, app: Flask, world: World
) -> None:
    path = address(patient)
    assert stranger.post(f"/patients/{patient.patient_id}/calendar/revoke").status_code == 404
    assert fetch(app, path).status_code == 200

    assert nurse.post(f"/patients/{patient.patient_id}/calendar/revoke").status_code == 204

    assert fetch(app, path).status_code == 404
    actions = [row.action for row in world.rows(AuditEvent, AuditEvent.subject == "calendar")]
    assert sorted(actions) == ["issue_calendar", "revoke_calendar"]


def test_a_wrong_secret_and_an_unknown_calendar_are_answered_alike(patient: Caller, app: Flask) -> None:
    path = address(patient)
    wrong = path.replace(".ics", "x.ics")
    unknown = re.sub(r"/calendar/[0-9a-f]{8}", "/calendar/00000000", path)
    other = path.rsplit("/", 1)[0] + "/ünïcode.ics"

    answers = [fetch(app, one) for one in (wrong, unknown, other)]

    assert [(answer.status_code, answer.data) for answer in answers] == [
        (404, b"there is no such calendar")
    ] * 3


def test_each_patient_has_an_address_of_ones_own(patient: Caller, app: Flask, world: World) -> None:
    other = world.enrol(world.patient(given_name="Fatma", phone=OTHER_PHONE))
    theirs = patient_caller(app, world, other.care_plan.patient_id)

    feed, secret = address(patient).rsplit("/", 1)
    other_feed, other_secret = address(theirs).rsplit("/", 1)

    assert len({feed, other_feed, secret, other_secret}) == 4
    assert fetch(app, f"{feed}/{other_secret}").status_code == 404


def test_the_database_holds_no_secret_and_the_log_no_address(
    patient: Caller, app: Flask, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        path = address(patient)
        fetch(app, path)
    secret = path.rsplit("/", 1)[1].removesuffix(".ics")

    [feed] = world.rows(CalendarFeed)
    assert secret not in {str(value) for value in vars(feed).values()}
    assert secret not in caplog.text


def test_a_failure_names_no_address_in_the_log(
    patient: Caller, app: Flask, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    path = address(patient)
    with transaction(world.engine) as session:
        session.get_one(Patient, patient.patient_id).language = "xx"  # what no release has words for
    with caplog.at_level(logging.DEBUG):
        answer = fetch(app, path)

    assert answer.status_code == 500
    assert path.rsplit("/", 1)[1] not in caplog.text


def test_a_calendar_is_not_fetched_without_end(patient: Caller, app: Flask) -> None:
    path = address(patient)
    answers = [fetch(app, path) for _ in range(121)]

    assert [answer.status_code for answer in answers] == [*[200] * 120, 429]
    assert int(answers[-1].headers["Retry-After"]) <= 3600


def test_a_procedure_moved_by_the_clinic_moves_in_the_calendar(
    app: Flask, world: World, nurse: Caller
) -> None:
    ahead = world.now + timedelta(days=20)
    enrolment = world.enrol(performed_at=ahead)
    path = address(patient_caller(app, world, enrolment.care_plan.patient_id))
    before = events(app, path)
    moved = ahead + timedelta(days=7)

    answer = nurse.patch(f"/procedures/{enrolment.procedure.id}", {"performed_at": moved.isoformat()})

    assert answer.status_code == 200, answer.text
    after = events(app, path)
    assert after.keys() == before.keys()
    [uid] = [uid for uid, event in before.items() if event["DTSTART"].value == f"{ahead:%Y%m%dT%H%M%SZ}"]
    assert after[uid]["DTSTART"].value == f"{moved:%Y%m%dT%H%M%SZ}"
    assert {event["SEQUENCE"].value for event in after.values()} == {"1"}


def test_phones_that_fetch_at_once_are_told_the_same_and_a_change_is_numbered_once(
    patient: Caller, app: Flask, world: World
) -> None:
    path = address(patient)
    fetch(app, path)
    book(world, booked_at=SCAN_AT)

    with ThreadPoolExecutor(4) as phones:
        answers = list(phones.map(lambda _: fetch(app, path), range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].text.count("SEQUENCE:1") == 1


def test_apps_that_ask_for_the_address_at_once_are_given_one(app: Flask, world: World) -> None:
    caller = patient_caller(app, world, world.enrol().care_plan.patient_id)

    with ThreadPoolExecutor(4) as phones:
        urls = list(phones.map(lambda _: caller.get("/me/calendar").json["url"], range(8)))

    assert len(set(urls)) == 1
    assert None not in urls
