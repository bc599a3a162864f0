"""Moving a procedure on the pages: seen first, done, and taken back."""

import re

import pytest

from backend.models import CarePlan, PlanRevision, Procedure
from tests.backend.dashboard.readers import Reader, words
from tests.world import World

LATER = "2026-12-30T10:00"


@pytest.fixture
def page(world: World) -> str:
    """The address of the page; the procedure is planned for 20 December, 10:00 at the clinic."""
    plan = world.enrol(performed_at=world.now.replace(month=12, day=20, hour=7)).care_plan
    return f"/plans/{plan.id}/change"


def foreseen(reader: Reader, page: str, **fields: str) -> str:
    return reader.submit(page, **{"performed_at": LATER} | fields).text


def version_in(shown: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', shown)
    assert found, "nothing to apply"
    return found[1]


def test_the_patients_page_leads_here(world: World, nurse: Reader, page: str) -> None:
    (plan,) = world.rows(CarePlan)
    assert f'href="{page}"' in nurse.open(f"/patients/{plan.patient_id}")


def test_what_would_move_is_shown_with_both_dates_and_why(world: World, nurse: Reader, page: str) -> None:
    said = words(foreseen(nurse, page))
    assert "MRI" in said
    assert "Wed 30 Dec 12:00" in said
    assert "follows the procedure's new date" in said
    assert world.rows(PlanRevision) == []


def test_a_date_left_as_it_is_moves_nothing(nurse: Reader, page: str) -> None:
    assert " 0 move, 0 come in, 0 go." in words(foreseen(nurse, page, performed_at="2026-12-20T10:00"))


def test_what_was_shown_is_done_and_can_be_taken_back(world: World, nurse: Reader, page: str) -> None:
    version = version_in(foreseen(nurse, page))

    nurse.submit(f"{page}/apply", performed_at=LATER, reason="theatre full", version=version)

    (moved,) = world.rows(Procedure)
    assert moved.performed_at.isoformat() == "2026-12-30T07:00:00+00:00"
    assert "theatre full" in nurse.read(page)
    (revision,) = world.rows(PlanRevision)
    nurse.submit(f"/revisions/{revision.id}/undo")
    assert world.rows(Procedure)[0].performed_at.day == 20
    assert "taken back" in nurse.read(page)


def test_what_somebody_changed_meanwhile_is_not_overwritten(
    world: World, nurse: Reader, clinician: Reader, page: str
) -> None:
    version = version_in(foreseen(nurse, page))
    clinician.submit(f"{page}/apply", performed_at="2026-12-28T10:00", version=version)

    nurse.submit(f"{page}/apply", performed_at=LATER, version=version)

    assert world.rows(Procedure)[0].performed_at.day == 28
    assert "look at it anew" in nurse.read(page)


def test_a_mistake_is_said_and_shown_in_its_field(nurse: Reader, page: str) -> None:
    answer = nurse.submit(page, performed_at="2031-01-01T10:00")
    assert answer.status_code == 422
    assert "next twelve months" in words(answer.text)
    assert 'value="2031-01-01T10:00"' in answer.text


def test_a_procedure_that_does_not_take_place_is_cancelled_here(
    world: World, nurse: Reader, page: str
) -> None:
    shown = foreseen(nurse, page, performed_at="2026-12-20T10:00", status="cancelled")
    version = version_in(shown)
    fields = {"performed_at": "2026-12-20T10:00", "status": "cancelled", "version": version}

    nurse.submit(f"{page}/apply", **fields)

    assert world.rows(CarePlan)[0].status == "revoked"


def test_a_turkish_nurse_reads_why_in_turkish(turkish_nurse: Reader, page: str) -> None:
    assert "işlemin yeni tarihini izliyor" in words(foreseen(turkish_nurse, page))


def test_the_lists_are_tables_with_headings_that_a_screen_reader_finds(nurse: Reader, page: str) -> None:
    shown = foreseen(nurse, page)
    assert shown.count('role="status"') >= 1
    assert set(re.findall(r'role="region" aria-labelledby="(\w+)"', shown)) == {"moves", "stays"} & set(
        re.findall(r'<h3 class="d-inline" id="(\w+)"', shown)
    )
    assert shown.count('<th scope="row">') > 20
