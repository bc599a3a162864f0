"""Dates and spans as people say them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from backend.dashboard.formats import Reader, age, initial, masked, span_of_offset
from schedules.civil_time import Offset

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def english(app: Flask) -> Reader:
    app.test_request_context().push()
    return Reader(language="en", zone="Europe/Istanbul", now=NOW)


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(hours=-12), "today 00:00"),
        (timedelta(hours=-13), "yesterday 23:00"),
        (timedelta(days=1), "tomorrow 12:00"),
        (timedelta(days=3), "Thu 26 Nov 12:00"),
        (timedelta(days=60), "Fri 22 Jan 2027 12:00"),
    ],
)
def test_a_moment_is_said_as_people_do(english: Reader, away: timedelta, said: str) -> None:
    assert english.moment(NOW + away) == said


def test_a_place_is_named_only_where_the_clock_there_differs(english: Reader) -> None:
    assert english.moment(NOW, zone="Europe/Berlin") == "today 10:00, Berlin time"
    assert english.moment(NOW, zone="Europe/Moscow") == "today 12:00"


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=4), "4 min"),
        (timedelta(minutes=119), "1 h"),
        (timedelta(hours=30), "1 day"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_span_has_one_unit(english: Reader, passed: timedelta, said: str) -> None:
    assert english.span(NOW - passed) == said


def test_an_age_counts_completed_years() -> None:
    assert age(date(1980, 11, 24), date(2026, 11, 23)) == 45
    assert age(date(1980, 11, 23), date(2026, 11, 23)) == 46


def test_a_number_is_masked_whatever_it_is() -> None:
    assert masked("+905321234567") == "+90••••••4567"
    assert masked("no number") == "•••"


def test_a_family_name_shrinks_to_its_initial() -> None:
    assert (initial("Çelik"), initial("")) == ("Ç.", "")


def test_an_offset_is_said_in_both_languages() -> None:
    assert span_of_offset(Offset.parse("P3M"), "en") == "3 months"
    assert span_of_offset(Offset.parse("PT2H"), "tr") == "2 saat"


def test_a_day_ahead_says_how_far_it_is_unless_its_name_does(english: Reader) -> None:
    assert english.day_ahead(NOW + timedelta(days=1)) == "tomorrow"
    assert english.day_ahead(NOW + timedelta(days=22)) == "Tue 15 Dec (in 3 weeks)"
