"""Days unlike others: near midnight, across zones, month ends, leap days, half-hour zones, days skipped.

The policy is section 7 of the clinical facts: what happens at the clinic is counted on its calendar, what
the patient is asked on the patient's own, at the patient's hour.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from schedules.catalogue import Catalogue
from schedules.timeline import Occurrence, build_timeline, day_number

LUMBAR = Catalogue.shipped().get("nucleoplasty_lumbar")


def laid_out(local: str, clinic_zone: str, patient_zone: str | None = None) -> dict[str, Occurrence]:
    """The first occurrence of each step after a procedure at this wall time of the clinic's."""
    anchor = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(clinic_zone)).astimezone(UTC)
    found = build_timeline(
        LUMBAR,
        anchor=anchor,
        clinic_zone=clinic_zone,
        patient_zone=patient_zone or clinic_zone,
        facts={"anaesthesia": "local"},
        now=anchor,
    )
    return {item.step_key: item for item in reversed(found) if item.index == 0}


def due(item: Occurrence, zone: str) -> str:
    assert item.due_at is not None
    return f"{item.due_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def test_a_procedure_at_half_past_eleven_at_night_has_its_day_1_the_next_morning() -> None:
    plan = laid_out("2026-11-23T23:30", "Europe/Istanbul")
    assert due(plan["check_in_d1"], "Europe/Istanbul") == "2026-11-24 10:00"
    assert plan["check_in_d1"].day == 1


@pytest.mark.parametrize(
    ("patient_zone", "asked"),
    [
        ("America/Los_Angeles", "2026-11-24 10:00"),
        ("Asia/Kolkata", "2026-11-25 10:00"),
        ("Pacific/Kiritimati", "2026-11-25 10:00"),
    ],
)
def test_a_patient_elsewhere_is_asked_at_their_own_ten_on_their_own_next_day(
    patient_zone: str, asked: str
) -> None:
    plan = laid_out("2026-11-23T23:30", "Europe/Istanbul", patient_zone)
    assert due(plan["check_in_d1"], patient_zone) == asked


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide", "America/St_Johns"])
def test_half_hour_zones_keep_the_hour_of_the_wall(zone: str) -> None:
    plan = laid_out("2026-11-23T11:00", zone)
    assert {due(item, zone)[-5:] for key, item in plan.items() if key.startswith("check_in")} == {"10:00"}


@pytest.mark.parametrize(
    ("performed", "three_months_on"),
    [
        ("2026-11-30T11:00", "2027-02-28"),
        ("2027-11-30T11:00", "2028-02-29"),
        ("2026-08-31T11:00", "2026-11-30"),
        ("2028-02-29T11:00", "2028-05-29"),
    ],
)
def test_months_end_where_the_month_does(performed: str, three_months_on: str) -> None:
    plan = laid_out(performed, "Europe/Istanbul")
    assert due(plan["check_in_month_3"], "Europe/Istanbul")[:10] == three_months_on


def test_a_year_after_a_leap_day_is_the_last_of_february() -> None:
    plan = laid_out("2028-02-29T11:00", "Europe/Istanbul")
    assert due(plan["check_in_month_12"], "Europe/Istanbul")[:10] == "2029-02-28"


def test_a_day_the_zone_skipped_is_asked_about_on_the_next_at_the_same_hour() -> None:
    plan = laid_out("2011-12-29T11:00", "Pacific/Apia")
    day_1 = plan["check_in_d1"]
    assert due(day_1, "Pacific/Apia") == "2011-12-31 10:00"
    assert day_1.due_at is not None
    anchor = datetime(2011, 12, 29, 21, 0, tzinfo=UTC)
    assert day_number(anchor, day_1.due_at, "Pacific/Apia") == 2
