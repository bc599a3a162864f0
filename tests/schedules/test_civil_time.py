"""Section 7 of the clinical facts, on chosen days and as laws over every IANA zone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.civil_time import Offset, add_offset, day_number, resolve_local
from schedules.errors import ProtocolError

ZONES = sorted(available_timezones())
zones = st.sampled_from(ZONES)
instants = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
wall_times = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1))


def local(text: str, zone: str) -> datetime:
    return resolve_local(datetime.fromisoformat(text), zone)


def shown(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


@pytest.mark.parametrize("text", ["P7D", "-P7D", "PT2H", "P3M", "P1Y2M3W4DT5H6M", "P0D", "P3M7D"])
def test_a_duration_is_written_as_it_was_read(text):
    assert str(Offset.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "P", "7D", "PT", "P1H", "PT1D", "P-1D", "P1.5D", "+P1D", "p7d", "P7", "P1D ", "P٣D"]
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ProtocolError, match="write a duration such as P7D"):
        Offset.parse(text)


@pytest.mark.parametrize(
    ("start", "offset", "end"),
    [
        ("2026-11-30T11:00", "P3M", "2027-02-28T11:00+03:00"),
        ("2027-11-30T11:00", "P3M", "2028-02-29T11:00+03:00"),
        ("2028-02-29T11:00", "P12M", "2029-02-28T11:00+03:00"),
        ("2028-02-29T11:00", "P4Y", "2032-02-29T11:00+03:00"),
        ("2026-01-31T11:00", "P1M", "2026-02-28T11:00+03:00"),
        ("2026-03-31T11:00", "-P1M", "2026-02-28T11:00+03:00"),
        ("2026-12-31T23:59", "P1D", "2027-01-01T23:59+03:00"),
        ("2026-01-31T11:00", "P1M1D", "2026-03-01T11:00+03:00"),
        ("2026-01-15T11:00", "-P2M", "2025-11-15T11:00+03:00"),
    ],
)
def test_months_clamp_to_the_end_of_the_month(start, offset, end):
    anchor = local(start, "Europe/Istanbul")
    assert shown(add_offset(anchor, Offset.parse(offset), "Europe/Istanbul", None), "Europe/Istanbul") == end


def test_a_wall_time_in_a_gap_moves_forward_by_the_gap():
    assert shown(local("2027-03-28T02:30", "Europe/Berlin"), "Europe/Berlin") == "2027-03-28T03:30+02:00"


def test_a_gap_of_half_an_hour_moves_by_half_an_hour():
    at = local("2027-10-03T02:10", "Australia/Lord_Howe")
    assert shown(at, "Australia/Lord_Howe") == "2027-10-03T02:40+11:00"


def test_a_wall_time_in_an_overlap_is_the_first():
    assert shown(local("2027-10-31T02:30", "Europe/Berlin"), "Europe/Berlin") == "2027-10-31T02:30+02:00"


@pytest.mark.parametrize(
    ("zone", "skipped", "next_day"),
    [
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-31T10:00+14:00"),
        ("Pacific/Fakaofo", "2011-12-30T10:00", "2011-12-31T10:00+13:00"),
        ("Pacific/Kwajalein", "1993-08-21T10:00", "1993-08-22T10:00+12:00"),
    ],
)
def test_a_day_the_zone_skipped_becomes_the_same_hour_of_the_next(zone, skipped, next_day):
    assert shown(local(skipped, zone), zone) == next_day


def test_days_keep_the_wall_time_over_a_change_of_the_clocks():
    anchor = local("2027-03-27T11:00", "Europe/Berlin")
    after = add_offset(anchor, Offset.parse("P1D"), "Europe/Berlin", None)
    assert after - anchor == timedelta(hours=23)


def test_hours_are_elapsed_time_over_a_change_of_the_clocks():
    anchor = local("2027-03-28T01:00", "Europe/Berlin")
    after = add_offset(anchor, Offset.parse("PT2H"), "Europe/Berlin", None)
    assert shown(after, "Europe/Berlin") == "2027-03-28T04:00+02:00"


def test_hours_from_the_second_half_of_an_overlap_stay_in_it():
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert add_offset(second, Offset.parse("PT0H"), "Europe/Berlin", None) == second


def test_the_steps_own_hour_replaces_the_procedures():
    anchor = local("2026-11-23T16:20", "Europe/Istanbul")
    after = add_offset(anchor, Offset.parse("P1D"), "Europe/Istanbul", time(10))
    assert shown(after, "Europe/Istanbul") == "2026-11-24T10:00+03:00"


def test_the_day_is_counted_in_the_zone_given():
    anchor = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # already the 24th in Istanbul
    assert day_number(anchor, datetime(2026, 11, 24, 12, tzinfo=UTC), "Europe/Istanbul") == 0
    assert day_number(anchor, datetime(2026, 11, 24, 12, tzinfo=UTC), "UTC") == 1


@given(zones, wall_times)
@settings(max_examples=400, deadline=None, derandomize=True)
def test_a_wall_time_is_kept_unless_a_gap_swallows_it(zone, wall):
    there = resolve_local(wall, zone).astimezone(ZoneInfo(zone))
    moved = there.replace(tzinfo=None, fold=0) - wall
    assert timedelta() <= moved <= timedelta(days=1)
    if moved:
        exists = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
        assert exists.replace(tzinfo=None, fold=0) != wall


@given(zones, wall_times)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_no_earlier_instant_shows_the_same_wall_time(zone, wall):
    at = resolve_local(wall, zone)
    second = wall.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    shows_wall = second.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == wall
    assert at <= second or not shows_wall


@given(zones, instants, st.integers(0, 90), st.integers(0, 59))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_hours_and_minutes_are_elapsed_in_every_zone(zone, anchor, hours, minutes):
    offset = Offset(hours=hours, minutes=minutes)
    assert add_offset(anchor, offset, zone, None) - anchor == timedelta(hours=hours, minutes=minutes)


@given(zones, instants, st.integers(0, 60), st.times().map(lambda at: at.replace(tzinfo=None)))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_more_days_are_never_earlier(zone, anchor, days, at):
    one = add_offset(anchor, Offset(days=days), zone, at)
    assert one <= add_offset(anchor, Offset(days=days + 1), zone, at)


@given(zones, instants, st.integers(1, 120))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_months_land_in_the_month_counted_and_never_later_in_it(zone, anchor, months):
    start = anchor.astimezone(ZoneInfo(zone))
    end = add_offset(anchor, Offset(months=months), zone, time(12)).astimezone(ZoneInfo(zone))
    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end.day <= start.day + 1  # a day more only where the zone skipped the day itself


@given(zones, instants, st.integers(1, 24), st.integers(0, 9))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_recurrence_counts_from_the_procedure_and_never_drifts(zone, anchor, every, times):
    first = Offset(months=1)
    again = first.plus(Offset(months=every), times)
    direct = add_offset(anchor, Offset(months=1 + every * times), zone, None)
    assert add_offset(anchor, again, zone, None) == direct
