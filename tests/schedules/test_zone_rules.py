"""What is kept of a zone's rules is enough to see that a law has changed them, and to keep a wall time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schedules.zone_rules import ZoneChange, differ, rules_of, same_wall_time
from tests.zones import law

NOW = datetime(2026, 11, 23, 9, 0, 41, tzinfo=UTC)


def test_the_changes_of_a_zone_are_found_to_the_minute() -> None:
    first, spring, autumn, *_ = rules_of("Europe/Berlin", NOW)
    assert first == ZoneChange(datetime(2026, 11, 23, 9, 0, tzinfo=UTC), timedelta(hours=1))
    assert spring == ZoneChange(datetime(2027, 3, 28, 1, 0, tzinfo=UTC), timedelta(hours=2))
    assert autumn == ZoneChange(datetime(2027, 10, 31, 1, 0, tzinfo=UTC), timedelta(hours=1))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Istanbul"])
def test_rules_read_later_are_the_same_rules(zone: str) -> None:
    later = NOW + timedelta(days=400, seconds=17)
    assert not differ(rules_of(zone, NOW), rules_of(zone, later), later)


def test_a_day_that_a_zone_skips_is_a_change() -> None:
    before = datetime(2011, 12, 1, tzinfo=UTC)
    skipped = [change for change in rules_of("Pacific/Apia", before, 1) if change.at.year == 2011][-1]
    assert skipped == ZoneChange(datetime(2011, 12, 30, 10, 0, tzinfo=UTC), timedelta(hours=14))


@pytest.mark.parametrize("becomes", ["Etc/GMT-2", "Europe/Berlin"])
def test_a_law_is_seen(tmp_path: Path, becomes: str) -> None:
    old = rules_of("Europe/Istanbul", NOW)
    with law(tmp_path, "Europe/Istanbul", becomes):
        assert differ(old, rules_of("Europe/Istanbul", NOW), NOW)


def test_a_law_that_begins_in_years_is_seen(tmp_path: Path) -> None:
    summer_ahead = datetime(2026, 6, 1, tzinfo=UTC)
    always_summer = (ZoneChange(summer_ahead, timedelta(hours=2)),)
    assert differ(always_summer, rules_of("Europe/Berlin", summer_ahead), summer_ahead)


def test_a_wall_time_is_kept(tmp_path: Path) -> None:
    visit = datetime(2027, 1, 11, 7, 30, tzinfo=UTC)  # 10:30 in Istanbul
    old = rules_of("Europe/Istanbul", NOW)
    assert same_wall_time(visit, old, "Europe/Istanbul") == visit
    with law(tmp_path, "Europe/Istanbul", "Etc/GMT-2"):
        assert same_wall_time(visit, old, "Europe/Istanbul") == visit + timedelta(hours=1)
