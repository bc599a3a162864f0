"""The calendar as a file: read back by a reader of the tests' own, whatever its entries say."""

import uuid
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.api.ics import calendar_file
from backend.services.calendar_entries import Entry
from tests.backend.api.ics_reader import content_lines, read_calendar

texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=zones)
entries = st.builds(
    Entry,
    uid=st.uuids(),
    sequence=st.integers(0, 10**6),
    changed_at=instants,
    summary=texts,
    description=texts,
    starts=instants | st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    status=st.sampled_from(["CONFIRMED", "TENTATIVE", "CANCELLED"]),
)


@given(texts, st.lists(entries, max_size=5, unique_by=lambda entry: entry.uid))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_whatever_is_written_is_read_back(name: str, given_entries: list[Entry]) -> None:
    calendar, events = read_calendar(calendar_file(name, given_entries))

    assert calendar["X-WR-CALNAME"].text == name
    assert [
        (event["UID"].value, event["SUMMARY"].text, event["DESCRIPTION"].text, event["SEQUENCE"].value)
        for event in events
    ] == [(str(one.uid), one.summary, one.description, str(one.sequence)) for one in given_entries]
    for event, one in zip(events, given_entries, strict=True):
        start = event["DTSTART"].value
        if isinstance(one.starts, datetime):
            assert datetime.strptime(start, "%Y%m%dT%H%M%S%z") == one.starts.replace(microsecond=0)
        else:
            assert datetime.strptime(start, "%Y%m%d").date() == one.starts


def entry(summary: str) -> Entry:
    """An appointment of that name."""
    at = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    return Entry(uuid.UUID(int=1), 0, at, summary, "", at, "CONFIRMED")


def test_a_long_line_is_folded_between_characters() -> None:
    file = calendar_file("", [entry("ş" * 100)])

    folded = [line for line in file.split(b"\r\n") if line.startswith(b" ")]
    assert len(folded) == 2
    assert "SUMMARY:" + "ş" * 100 in content_lines(file)


def test_line_breaks_commas_semicolons_and_backslashes_are_escaped() -> None:
    file = calendar_file("", [entry("a,b;c\\d\ne\n")])

    assert rb"SUMMARY:a\,b\;c\\d\ne\n" in file
    assert read_calendar(file)[1][0]["SUMMARY"].text == "a,b;c\\d\ne\n"


def test_a_control_character_does_not_reach_the_file() -> None:
    assert read_calendar(calendar_file("", [entry("a\x00b\x0bc\x7f")]))[1][0]["SUMMARY"].text == "abc"


def test_nobody_can_smuggle_a_line_in_by_a_line_break() -> None:
    _, [event] = read_calendar(calendar_file("", [entry("x\r\nATTENDEE:mailto:a@b.example")]))

    assert "ATTENDEE" not in event


def test_a_calendar_without_entries_is_a_calendar() -> None:
    assert read_calendar(calendar_file("Randevularım", []))[1] == []
