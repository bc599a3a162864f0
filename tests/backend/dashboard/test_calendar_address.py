"""A nurse ends the address of a patient's calendar, for a phone that was lost."""

from flask import Flask

from backend.models import CalendarFeed
from tests.backend.api.callers import patient_caller
from tests.backend.dashboard.readers import Reader, words
from tests.world import World

OFFER = "End the calendar's address"


def test_a_nurse_ends_the_address_and_the_page_says_who_did(nurse: Reader, app: Flask, world: World) -> None:
    patient_id = world.enrol().care_plan.patient_id
    page = f"/patients/{patient_id}"
    assert OFFER not in words(nurse.open(page))
    patient_caller(app, world, patient_id).get("/me/calendar")
    assert OFFER in words(nurse.open(page))

    nurse.submit(f"{page}/calendar/end", next=page)

    [feed] = world.rows(CalendarFeed)
    assert feed.revoked_at == world.now
    said = words(nurse.open(page))
    assert OFFER not in said
    assert "ended the calendar's address" in said


def test_another_clinics_nurse_ends_nothing(
    nurse: Reader, stranger: Reader, app: Flask, world: World
) -> None:
    patient_id = world.enrol().care_plan.patient_id
    patient_caller(app, world, patient_id).get("/me/calendar")

    assert stranger.submit(f"/patients/{patient_id}/calendar/end").status_code == 404

    [feed] = world.rows(CalendarFeed)
    assert feed.revoked_at is None
