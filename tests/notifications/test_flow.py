"""A sender's standing: its rate, its pauses, the breaker, and how a backlog drains afterwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.flow import (
    CALM,
    FAULTS_TO_OPEN,
    Standing,
    Tally,
    is_paused,
    reserve,
    room,
    segment_rate,
    standing_after,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def after(standing: Standing, tally: Tally, now: datetime = NOW, rate: float | None = None) -> Standing:
    return standing_after(standing, tally, now, rate=rate, jitter=lambda: 1.0)


DOWN = after(CALM, Tally(faults=FAULTS_TO_OPEN))


# the rate


@pytest.mark.parametrize(
    ("sender", "rate"),
    [
        ("+14155550100", 1.0),
        ("+905550000000", 1.0),
        ("+18885550100", 3.0),
        ("MARMARA", 10.0),
        ("12345", 100.0),
        ("whatsapp:+14155550100", 80.0),
        ("MG" + "b" * 32, None),
    ],
)
def test_a_senders_kind_says_how_many_segments_a_second_it_carries(sender: str, rate: float | None) -> None:
    assert segment_rate(sender) == rate


def test_without_a_rate_there_is_room_for_a_whole_batch() -> None:
    assert room(CALM, NOW, rate=None, most=100) == 100


def test_no_more_than_ten_seconds_of_segments_wait_at_the_provider() -> None:
    assert room(CALM, NOW, rate=3.0, most=100) == 30


def test_what_was_taken_leaves_less_room() -> None:
    taken = reserve(CALM, 20, NOW, rate=3.0)
    assert room(taken, NOW, rate=3.0, most=100) == 10


def test_room_comes_back_as_time_passes() -> None:
    taken = reserve(CALM, 30, NOW, rate=3.0)
    assert room(taken, NOW, rate=3.0, most=100) == 0
    assert room(taken, NOW + timedelta(seconds=4), rate=3.0, most=100) == 12


def test_a_text_of_three_segments_takes_three_places() -> None:
    taken = reserve(CALM, 10, NOW, rate=1.0)
    longer = after(taken, Tally(accepted=10, extra_segments=20), rate=1.0)
    assert longer.free_at == NOW + timedelta(seconds=30)


def test_texts_that_did_not_leave_give_their_place_back() -> None:
    taken = reserve(CALM, 10, NOW, rate=1.0)
    assert after(taken, Tally(extra_segments=-4), rate=1.0).free_at == NOW + timedelta(seconds=6)


@given(
    st.lists(st.integers(1, 100), max_size=30),
    st.sampled_from([1.0, 3.0, 10.0, 100.0]),
    st.floats(0.01, 30.0),
)
def test_over_time_no_sender_is_handed_more_than_its_rate(asked: list[int], rate: float, step: float) -> None:
    standing, now, taken = CALM, NOW, 0
    for most in asked:
        count = room(standing, now, rate=rate, most=most)
        standing = reserve(standing, count, now, rate=rate)
        taken += count
        now += timedelta(seconds=step)
    assert taken <= (len(asked) * step + 10) * rate + 1


# pauses


def test_a_pause_the_provider_asks_for_is_kept() -> None:
    paused = after(CALM, Tally(accepted=3, slow_down=7.0))
    assert is_paused(paused, NOW + timedelta(seconds=6))
    assert not is_paused(paused, NOW + timedelta(seconds=7))


def test_no_pause_is_longer_than_five_minutes() -> None:
    assert not is_paused(after(CALM, Tally(slow_down=86_400.0)), NOW + timedelta(minutes=5))


def test_a_shorter_pause_never_ends_a_longer_one() -> None:
    long = after(CALM, Tally(slow_down=60.0))
    assert after(long, Tally(slow_down=1.0)).paused_until == long.paused_until


def test_nothing_goes_through_a_paused_sender() -> None:
    assert room(after(CALM, Tally(slow_down=7.0)), NOW, rate=None, most=100) == 0


def test_refused_credentials_pause_for_five_minutes_and_then_one_text_tries() -> None:
    refused = after(CALM, Tally(refused="the provider refuses our credentials"))
    assert is_paused(refused, NOW + timedelta(minutes=4))
    later = NOW + timedelta(minutes=5)
    assert room(refused, later, rate=None, most=100) == 1


# the breaker


def test_single_faults_never_open_it() -> None:
    standing = CALM
    for _ in range(100):
        standing = after(standing, Tally(accepted=19, faults=1))
    assert not is_paused(standing, NOW)


def test_faults_in_a_row_open_it_even_over_batches() -> None:
    standing = CALM
    for _ in range(FAULTS_TO_OPEN):
        standing = after(standing, Tally(faults=1))
    assert is_paused(standing, NOW)
    assert standing.pause_reason == "the provider does not answer"


def test_it_stays_open_longer_each_time_but_never_over_a_minute() -> None:
    standing, now, pauses = CALM, NOW, []
    for _ in range(6):
        standing = after(standing, Tally(faults=FAULTS_TO_OPEN), now)
        assert standing.paused_until
        pauses.append((standing.paused_until - now).total_seconds())
        now = standing.paused_until
    assert pauses == [10, 20, 40, 60, 60, 60]


def test_results_of_before_do_not_open_it_twice() -> None:
    assert after(DOWN, Tally(faults=30)).openings == 1


def test_one_text_probes_when_it_closes() -> None:
    assert DOWN.paused_until
    assert room(DOWN, DOWN.paused_until, rate=None, most=100) == 1


def test_a_probe_that_fails_opens_it_again_at_once() -> None:
    assert DOWN.paused_until
    again = after(DOWN, Tally(faults=1), DOWN.paused_until)
    assert is_paused(again, DOWN.paused_until)


def test_a_backlog_drains_gently() -> None:
    assert DOWN.paused_until
    standing, now, rooms = DOWN, DOWN.paused_until, []
    while standing != CALM and len(rooms) < 20:
        count = room(standing, now, rate=None, most=100)
        rooms.append(count)
        standing = after(reserve(standing, count, now, rate=None), Tally(accepted=count), now)
        now += timedelta(seconds=5)
        standing = replace(standing, free_at=None)
    assert rooms == [1, 2, 4, 8, 16, 32, 64, 100]
    assert standing == CALM


# a clock that was put back

PUT_BACK = NOW - timedelta(hours=1)


def test_a_pause_of_before_the_clock_was_put_back_holds_nothing_up() -> None:
    paused = after(CALM, Tally(slow_down=1.0))
    assert room(paused, PUT_BACK, rate=None, most=100) == 100


def test_a_new_pause_counts_after_the_clock_was_put_back() -> None:
    paused = after(after(CALM, Tally(slow_down=1.0)), Tally(slow_down=7.0), now=PUT_BACK)
    assert is_paused(paused, PUT_BACK + timedelta(seconds=6))


def test_what_was_handed_over_before_the_clock_was_put_back_takes_no_room() -> None:
    busy = reserve(CALM, 10, NOW, rate=1.0)
    assert room(busy, PUT_BACK, rate=1.0, most=100) == 10
