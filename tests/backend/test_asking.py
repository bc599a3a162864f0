"""When the provider is asked: soon while it decides what we do, then ever more seldom, at last no more."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.outbox.asking import absent_after, provable_at, redact_again, report_again, unknown_again

TRIED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PROVEN_AFTER = absent_after(timedelta(seconds=60))
PROVABLE = TRIED + PROVEN_AFTER


def test_absence_needs_the_lease_the_call_and_the_providers_own_time() -> None:
    assert absent_after(timedelta(minutes=5)) == timedelta(minutes=5, seconds=30)


def test_a_text_taken_from_its_worker_late_has_time_to_show_up_from_then_on() -> None:
    lost_at = TRIED + timedelta(hours=1)
    assert provable_at(TRIED, None, PROVEN_AFTER) == PROVABLE
    assert provable_at(TRIED, lost_at, PROVEN_AFTER) == lost_at + timedelta(seconds=30)
    assert provable_at(TRIED, TRIED, PROVEN_AFTER) == PROVABLE


@pytest.mark.parametrize(
    ("age", "distance"),
    [
        (timedelta(seconds=-5), timedelta(seconds=10)),  # another worker's clock is ahead
        (timedelta(seconds=30), timedelta(seconds=10)),
        (timedelta(seconds=80), timedelta(seconds=10)),
        (timedelta(seconds=87), timedelta(seconds=3)),
        (timedelta(seconds=90), timedelta(seconds=22.5)),
        (timedelta(minutes=40), timedelta(minutes=10)),
        (timedelta(hours=9), timedelta(hours=1)),
    ],
)
def test_a_text_of_unknown_fate_is_asked_about_again_after(age: timedelta, distance: timedelta) -> None:
    now = TRIED + age
    assert unknown_again(TRIED, now, provable_at=PROVABLE) - now == distance


@pytest.mark.parametrize(
    ("age", "distance"),
    [
        (timedelta(minutes=1), timedelta(minutes=30)),
        (timedelta(hours=4), timedelta(hours=2)),
        (timedelta(hours=47), timedelta(hours=12)),
        (timedelta(hours=48), None),
    ],
)
def test_a_text_without_a_report_is_asked_about_again_after(
    age: timedelta, distance: timedelta | None
) -> None:
    now = TRIED + age
    again = report_again(TRIED, now)
    assert (again and again - now) == distance


def test_two_days_of_silence_cost_about_ten_questions() -> None:
    asked, now = 0, TRIED + timedelta(hours=1)
    while (again := report_again(TRIED, now)) is not None:
        asked, now = asked + 1, again
    assert asked == 10


@pytest.mark.parametrize(
    ("age", "distance"),
    [
        (timedelta(), timedelta(minutes=1)),
        (timedelta(hours=4), timedelta(hours=1)),
        (timedelta(days=30), timedelta(hours=12)),
    ],
)
def test_a_text_that_could_not_be_emptied_is_tried_again_after(age: timedelta, distance: timedelta) -> None:
    now = TRIED + age
    assert redact_again(TRIED, now) - now == distance
