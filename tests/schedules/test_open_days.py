"""Where a date goes that falls on a day the clinic is closed, and what is said about it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from schedules.open_days import OpenDays
from schedules.protocol import OpenDay
from schedules.public_holidays import public_holidays
from schedules.timeline import Occurrence, build_timeline
from tests.schedules.shapes import check_in, protocol, step

ISTANBUL = "Europe/Istanbul"
TURKEY = OpenDays((6, 7), holiday=public_holidays("TR"))
FRIDAY_BEFORE_NEW_YEAR = datetime(2026, 12, 18, 8, 0, tzinfo=UTC)  # P14D is Friday 1 January 2027


def visit(
    rule: str,
    *,
    window: str = 'due = "P14D"',
    days: OpenDays | None = TURKEY,
    anchor: datetime = FRIDAY_BEFORE_NEW_YEAR,
    more: str = "",
) -> Occurrence:
    body = f'window = {{ {window} }}\nopen_days = "{rule}"\nbookable = true\n{more}'
    (found,) = build_timeline(
        protocol(step("visit", "milestone", body)),
        anchor=anchor,
        clinic_zone=ISTANBUL,
        patient_zone=ISTANBUL,
        facts={},
        now=anchor,
        open_days=days,
    )
    return found


def wall(at: datetime | None) -> str:
    assert at is not None
    return at.astimezone(ZoneInfo(ISTANBUL)).strftime("%a %d %b %H:%M")


@pytest.mark.parametrize(
    ("rule", "due", "moved"),
    [
        ("next", "Mon 04 Jan 11:00", "moved to Mon 4 Jan: New Year's Day, a public holiday"),
        ("previous", "Thu 31 Dec 11:00", "moved to Thu 31 Dec: New Year's Day, a public holiday"),
        ("any", "Fri 01 Jan 11:00", None),
    ],
)
def test_a_holiday_moves_a_date_as_its_step_says(rule, due, moved):
    found = visit(rule)
    assert (wall(found.due_at), found.moved.get("en")) == (due, moved)


def test_the_reason_is_told_in_turkish_too():
    assert visit("next").moved["tr"] == "4 Ocak Pazartesi gününe alındı: Yılbaşı, resmî tatil"


def test_a_date_on_an_open_day_stays_and_says_nothing():
    found = visit("next", window='due = "P13D"')
    assert (wall(found.due_at), found.moved) == ("Thu 31 Dec 11:00", {})


def test_without_a_calendar_nothing_moves():
    assert wall(visit("next", days=None).due_at) == "Fri 01 Jan 11:00"


def test_a_closed_weekday_is_named():
    found = visit("next", window='due = "P15D"')
    assert found.moved == {
        "en": "moved to Mon 4 Jan: the clinic is closed on Saturdays",
        "tr": "4 Ocak Pazartesi gününe alındı: klinik cumartesi günleri kapalı",
    }


def test_a_day_the_clinic_closes_itself_counts_as_closed():
    away = OpenDays((), closed_days={date(2027, 1, 1), date(2027, 1, 2)})
    assert visit("next", days=away).moved["en"] == "moved to Sun 3 Jan: the clinic is closed that day"


def test_a_date_never_moves_before_its_earliest():
    found = visit("previous", window='earliest = "P14D", due = "P14D"')
    assert wall(found.due_at) == "Mon 04 Jan 11:00"


def test_a_date_never_moves_before_the_procedure():
    found = visit(
        "previous", window='due = "P1D"', anchor=datetime(2027, 1, 8, 8, 0, tzinfo=UTC)
    )  # the procedure on a Friday is an open day
    assert wall(found.due_at) == "Fri 08 Jan 11:00"


def test_a_clinic_closed_for_months_moves_nothing():
    closed = OpenDays(holiday=lambda _day: {"en": "Works", "tr": "Tadilat"})
    assert wall(visit("next", days=closed).due_at) == "Fri 01 Jan 11:00"
    assert visit("next", days=closed).moved == {}


def test_the_tolerance_is_counted_from_the_day_before_it_moved():
    found = visit("next", window='due = "P14D", tolerance = "P2D"')
    assert [wall(at) for at in (found.earliest_at, found.overdue_at)] == [
        "Wed 30 Dec 11:00",
        "Mon 04 Jan 11:00",
    ]


def test_reminders_hang_on_the_day_it_moved_to():
    more = 'reminders = [{ before = "P3D", template = "r", booked_template = "b" }]\n'
    (reminder,) = visit("next", more=more).texts
    assert (wall(reminder.due_at), reminder.facts) == ("Fri 01 Jan 10:00", {"due_on": "2027-01-04"})


def test_what_hangs_on_a_moved_date_follows_it():
    found = build_timeline(
        protocol(
            step("visit", "milestone", 'window = { due = "P14D" }\nopen_days = "next"'),
            check_in("ask").replace('due = "P1D"', 'after = "visit", due = "P1D"'),
        ),
        anchor=FRIDAY_BEFORE_NEW_YEAR,
        clinic_zone=ISTANBUL,
        patient_zone=ISTANBUL,
        facts={},
        now=FRIDAY_BEFORE_NEW_YEAR,
        open_days=TURKEY,
    )
    assert [(item.step_key, wall(item.due_at)) for item in found] == [
        ("visit", "Mon 04 Jan 11:00"),
        ("ask", "Tue 05 Jan 10:00"),
    ]


@pytest.mark.parametrize("weekdays", [range(1, 8), (0,), (8,)])
def test_weekdays_that_make_no_sense_are_refused(weekdays):
    with pytest.raises(ValueError, match="closed weekdays are some of the numbers 1 to 7"):
        OpenDays(tuple(weekdays))


@pytest.mark.parametrize(
    ("country", "day", "name"),
    [
        ("TR", date(2027, 4, 23), {"en": "National Sovereignty and Children's Day"}),
        ("TR", date(2027, 3, 9), {"en": "Eid al-Fitr", "tr": "Ramazan Bayramı"}),
        ("GB", date(2026, 12, 25), {"en": "Christmas Day", "tr": "Christmas Day"}),
    ],
)
def test_holidays_have_names_in_every_language(country, day, name):
    found = public_holidays(country)(day)
    assert found is not None
    assert set(found) == {"en", "tr"}
    assert name.items() <= found.items()


def test_an_ordinary_day_and_an_unknown_country_have_no_holidays():
    assert public_holidays("TR")(date(2027, 4, 22)) is None
    assert public_holidays("")(date(2027, 1, 1)) is None
    assert public_holidays("ZZ")(date(2027, 1, 1)) is None


def test_a_half_holiday_is_a_working_day():
    assert public_holidays("TR")(date(2027, 10, 28)) is None


def test_an_open_day_is_its_own_nearest():
    assert TURKEY.nearest(date(2026, 12, 31), OpenDay.PREVIOUS) == date(2026, 12, 31)
