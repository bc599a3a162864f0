"""A clinic says on which days it is closed, and the plans made from then on give way."""

from datetime import date

import pytest

from backend.db import transaction
from backend.errors import Invalid
from backend.models import AuditEvent, Clinic
from backend.services.clinic_days import close_clinic
from tests.world import World


def close(world: World, **what: object) -> Clinic:
    """Close the world's clinic on some days."""
    with transaction(world.engine) as session:
        return close_clinic(session, world.nurse, now=world.now, **what)


def test_a_new_clinic_is_closed_at_the_weekend(world: World) -> None:
    (clinic,) = world.rows(Clinic)
    assert (clinic.closed_weekdays, clinic.closed_days) == ([6, 7], [])


def test_weekdays_and_days_are_set_apart(world: World) -> None:
    close(world, weekdays=[7])
    clinic = close(world, days=[date(2026, 12, 31), date(2026, 12, 31)])
    assert (clinic.closed_weekdays, clinic.closed_days) == ([7], ["2026-12-31"])


def test_plans_made_from_then_on_give_way(world: World) -> None:
    world.at(2026, 11, 23, 8)
    close(world, days=[date(2026, 12, 7)])
    (visit,) = [row for row in world.enrol().milestones if row.step_key == "first_follow_up"]
    assert visit.due_at.date() == date(2026, 12, 8)


def test_a_clinic_open_on_saturdays_keeps_them(world: World) -> None:
    world.at(2026, 11, 21, 8)  # D14 is Saturday 5 December
    close(world, weekdays=[7])
    (visit,) = [row for row in world.enrol().milestones if row.step_key == "first_follow_up"]
    assert visit.due_at.date() == date(2026, 12, 5)


def test_who_closed_the_clinic_is_recorded(world: World) -> None:
    close(world, weekdays=[])
    assert [row.action for row in world.rows(AuditEvent, AuditEvent.action == "close_clinic")] == [
        "close_clinic"
    ]


def test_a_day_of_years_ago_is_forgotten(world: World) -> None:
    world.at(2026, 11, 23, 8)
    assert close(world, days=[date(2024, 1, 1)]).closed_days == []


@pytest.mark.parametrize("weekdays", [[0], [8], [1, 2, 3, 4, 5, 6, 7]])
def test_a_weekday_there_is_not_and_a_clinic_that_never_opens_are_refused(world: World, weekdays) -> None:
    with pytest.raises(Invalid) as caught:
        close(world, weekdays=weekdays)
    assert set(caught.value.fields) == {"closed_weekdays"}
