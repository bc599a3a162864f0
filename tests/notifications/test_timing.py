"""When a text may leave, and when a failed one is tried again."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.gateway import ErrorClass
from notifications.timing import (
    MAX_ATTEMPTS,
    next_local,
    retry_at,
    validity_seconds,
    within_window,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NINE, TWENTY = time(9), time(20)
ZONES = st.sampled_from(sorted(available_timezones()))
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("hour", "minute", "zone", "inside"),
    [
        (5, 59, "Europe/Istanbul", False),
        (6, 0, "Europe/Istanbul", True),
        (16, 59, "Europe/Istanbul", True),
        (17, 0, "Europe/Istanbul", False),
        (10, 0, "America/New_York", False),
        (14, 0, "America/New_York", True),
    ],
)
def test_the_window_is_counted_on_the_patients_clock(hour: int, minute: int, zone: str, inside: bool) -> None:
    assert within_window(NOW.replace(hour=hour, minute=minute), zone, NINE, TWENTY) is inside


def test_a_window_may_pass_midnight() -> None:
    assert within_window(NOW.replace(hour=23), "UTC", time(22), time(2))
    assert within_window(NOW.replace(hour=1), "UTC", time(22), time(2))
    assert not within_window(NOW, "UTC", time(22), time(2))


def test_a_window_without_length_is_the_whole_day() -> None:
    assert within_window(NOW.replace(hour=3), "UTC", NINE, NINE)


def test_a_time_in_the_gap_of_the_clock_moves_forward_by_the_gap() -> None:
    before = datetime(2026, 3, 8, 5, 0, tzinfo=UTC)
    assert next_local(before, "America/New_York", time(2, 30)) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_a_time_that_comes_twice_means_the_first() -> None:
    before = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    assert next_local(before, "America/New_York", time(1, 30)) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@given(INSTANTS, ZONES, st.times().map(lambda at: at.replace(microsecond=0)))
def test_the_next_local_time_is_ahead_within_two_days(now: datetime, zone: str, at: time) -> None:
    assert now < next_local(now, zone, at) <= now + timedelta(days=2, hours=1)


@given(INSTANTS, ZONES)
def test_the_opening_of_the_window_lies_inside_the_window(now: datetime, zone: str) -> None:
    opening = next_local(now, zone, NINE)
    shown = opening.astimezone(ZoneInfo(zone))
    assert within_window(opening, zone, NINE, TWENTY) or shown.hour > NINE.hour


@pytest.mark.parametrize(
    ("expires_in", "window_ends_in", "seconds"),
    [
        (None, None, 36_000),
        (timedelta(days=3), None, 36_000),
        (timedelta(hours=2), None, 7_200),
        (timedelta(hours=2), timedelta(hours=1), 3_600),
        (timedelta(seconds=5), None, 60),
        (None, timedelta(seconds=1), 60),
    ],
)
def test_a_text_waits_no_longer_than_it_is_useful_and_welcome(
    expires_in: timedelta | None, window_ends_in: timedelta | None, seconds: int
) -> None:
    expires_at = None if expires_in is None else NOW + expires_in
    window_ends_at = None if window_ends_in is None else NOW + window_ends_in
    assert validity_seconds(NOW, expires_at, window_ends_at) == seconds


def pause(
    error_class: ErrorClass, attempt: int, jitter: float = 1.0, retry_after: float | None = None
) -> float | None:
    again = retry_at(error_class, attempt=attempt, now=NOW, jitter=lambda: jitter, retry_after=retry_after)
    return None if again is None else (again - NOW).total_seconds()


def test_a_temporary_fault_waits_twice_as_long_each_time_up_to_half_an_hour() -> None:
    pauses = [pause(ErrorClass.TEMPORARY, attempt) for attempt in range(1, MAX_ATTEMPTS)]
    assert pauses == [30, 60, 120, 240, 480, 960, 1800, 1800, 1800, 1800, 1800]


def test_chance_spreads_a_pause_over_its_upper_half() -> None:
    assert pause(ErrorClass.TEMPORARY, 3, jitter=0.0) == 60
    assert pause(ErrorClass.TEMPORARY, 3, jitter=0.5) == 90


def test_a_pause_is_at_least_what_the_provider_asked_for() -> None:
    assert pause(ErrorClass.TEMPORARY, 1, retry_after=300) == 300


def test_a_temporary_fault_is_given_up_after_the_last_attempt() -> None:
    assert pause(ErrorClass.TEMPORARY, MAX_ATTEMPTS) is None


def test_a_phone_that_is_off_gets_one_more_try() -> None:
    assert pause(ErrorClass.PHONE_OFF, 1) == 3600
    assert pause(ErrorClass.PHONE_OFF, 2) is None


@pytest.mark.parametrize(
    "error_class", sorted(set(ErrorClass) - {ErrorClass.TEMPORARY, ErrorClass.PHONE_OFF})
)
def test_nothing_else_is_tried_again(error_class: ErrorClass) -> None:
    assert pause(error_class, 1) is None
