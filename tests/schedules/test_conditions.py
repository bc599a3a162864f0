"""For whom a step is meant: facts with one value, with several, and facts nobody has told."""

from datetime import UTC, date, datetime

import pytest

from schedules.conditions import Condition, known_facts
from schedules.timeline import build_timeline
from tests.schedules.shapes import protocol, step

TWO_LEVELS = known_facts({"technique": "laser", "levels": ("L4-L5", "L5-S1")})


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        (Condition(), True),
        (Condition({"technique": ("laser", "ozone")}), True),
        (Condition({"technique": ("ozone",)}), False),
        (Condition({"levels": ("L5-S1",)}), True),
        (Condition({"levels": ("L1-L2",)}), False),
        (Condition({"technique": ("laser",), "levels": ("L1-L2",)}), False),
        (Condition({"job": ("desk",)}), False),
        (Condition(excluded={"technique": ("laser",)}), False),
        (Condition(excluded={"technique": ("ozone",)}), True),
        (Condition(excluded={"levels": ("L5-S1",)}), False),
        (Condition(excluded={"job": ("heavy",)}), True),
        (Condition({"technique": ("laser",)}, {"levels": ("L4-L5",)}), False),
    ],
)
def test_a_condition_is_met_by_any_value_and_an_exclusion_by_none(condition, met):
    assert condition.met_by(TWO_LEVELS) is met


@pytest.mark.parametrize(
    ("written", "facts", "planned"),
    [
        ('{ language = ["tr"] }', {"language": "tr"}, True),
        ('{ language = ["tr"] }', {"language": "en"}, False),
        ('{ levels = ["L4-L5"] }', {"levels": ["L3-L4", "L4-L5"]}, True),
        ('{ not = { job = ["heavy"] } }', {"job": "heavy"}, False),
        ('{ not = { job = ["heavy"] } }', {}, True),
        ('{ region = ["lumbar"], not = { technique = ["laser"] } }', {"technique": "ozone"}, True),
        ('{ region = ["cervical"] }', {}, False),
    ],
)
def test_a_step_is_planned_for_those_its_conditions_name(written, facts, planned):
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    visit = step("visit", "milestone", f'window = {{ due = "P7D" }}\nconditions = {written}')
    found = build_timeline(
        protocol(visit), anchor=now, clinic_zone="UTC", patient_zone="UTC", facts=facts, now=now
    )
    assert bool(found) is planned


@pytest.mark.parametrize(("day", "planned"), [(date(2026, 11, 28), True), (None, False)])
def test_whether_the_patient_flies_home_follows_from_the_day(day, planned):
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    visit = step("visit", "milestone", 'window = { due = "P1D" }\nconditions = { flies_home = ["yes"] }')
    found = build_timeline(
        protocol(visit),
        anchor=now,
        clinic_zone="UTC",
        patient_zone="UTC",
        facts={},
        now=now,
        flies_home_on=day,
    )
    assert bool(found) is planned
