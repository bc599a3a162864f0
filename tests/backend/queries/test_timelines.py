"""What the clock makes of a step: planned, due, overdue; active, ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.db import transaction
from backend.queries.timelines import milestone_status, restriction_status, timeline
from tests.world import World

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def status(stored: str = "planned", **moments: datetime | None) -> str:
    """A milestone due in ten days, from the fifth to the fifteenth, unless told otherwise."""
    given: dict[str, Any] = {
        "earliest_at": NOW + 5 * DAY,
        "due_at": NOW + 10 * DAY,
        "overdue_at": NOW + 15 * DAY,
        "booked_at": None,
        "now": NOW,
    }
    return milestone_status(stored, **(given | moments))


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, "planned"), (4.9, "planned"), (5, "due"), (10, "due"), (14.9, "due"), (15, "overdue")],
)
def test_a_milestone_is_due_within_its_window_and_overdue_after_it(days: float, expected: str) -> None:
    assert status(now=NOW + days * DAY) == expected


def test_without_a_window_it_is_due_on_its_date_and_never_overdue() -> None:
    assert status(earliest_at=None, overdue_at=None, now=NOW + 9 * DAY) == "planned"
    assert status(earliest_at=None, overdue_at=None, now=NOW + 400 * DAY) == "due"


@pytest.mark.parametrize("stored", ["done", "cancelled", "before_enrolment"])
def test_what_a_person_said_is_not_overruled_by_the_clock(stored: str) -> None:
    assert status(stored, now=NOW + 400 * DAY) == stored


def test_what_is_booked_stays_booked_until_the_appointment() -> None:
    assert status("booked", booked_at=NOW + 20 * DAY, now=NOW + 16 * DAY) == "booked"


def test_an_appointment_that_passed_unticked_is_overdue_again() -> None:
    assert status("booked", booked_at=NOW + 12 * DAY, now=NOW + 16 * DAY) == "overdue"


def test_a_restriction_ends_with_its_time_or_its_event() -> None:
    ends_at = NOW + DAY

    assert restriction_status("active", ends_at=ends_at, ended_by_event=False, now=NOW) == "active"
    assert restriction_status("active", ends_at=ends_at, ended_by_event=False, now=ends_at) == "ended"
    assert restriction_status("active", ends_at=None, ended_by_event=True, now=NOW) == "ended"
    assert restriction_status("lifted", ends_at=None, ended_by_event=False, now=NOW) == "lifted"


def test_a_clearance_never_comes_by_itself() -> None:
    assert restriction_status("active", ends_at=None, ended_by_event=False, now=NOW + 4000 * DAY) == "active"


def test_an_unknown_plan_has_no_steps(world: World) -> None:
    with transaction(world.engine) as session:
        assert timeline(session, world.nurse.clinic_id, now=world.now, language="en") == []


def test_every_language_names_every_step(world: World) -> None:
    plan = world.enrol().care_plan
    for language in ("en", "tr"):
        with transaction(world.engine, plan.clinic_id) as session:
            items = timeline(session, plan.id, now=world.now, language=language)
        assert all(item["title"] and item["why"] for item in items)
