"""What a date hangs on: a milestone's date or its completion, the flight home, and what holds meanwhile."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.conditions import known_facts
from schedules.course import Course
from schedules.protocol import CareProtocol
from schedules.timeline import MilestoneDates, Occurrence, Timeline, Waiting, lay_out
from tests.schedules.shapes import check_in, protocol, step

ISTANBUL = "Europe/Istanbul"
ANCHOR = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # Monday, 11:00 in Istanbul
VISIT = step("visit", "milestone", 'window = { due = "P14D" }')
DATES = {
    "due": MilestoneDates(),
    "moved": MilestoneDates(due_at=datetime(2026, 12, 9, 8, 0, tzinfo=UTC)),
    "booked": MilestoneDates(
        due_at=datetime(2026, 12, 9, 8, 0, tzinfo=UTC), booked_at=datetime(2026, 12, 10, 6, 30, tzinfo=UTC)
    ),
    "done": MilestoneDates(
        booked_at=datetime(2026, 12, 10, 6, 30, tzinfo=UTC), done_at=datetime(2026, 12, 8, 13, 0, tzinfo=UTC)
    ),
}


def laid(
    of: CareProtocol,
    *,
    patient_zone: str = ISTANBUL,
    flies_home_on: date | None = None,
    **milestones: MilestoneDates,
) -> Timeline:
    course = Course(
        anchor=ANCHOR,
        clinic_zone=ISTANBUL,
        patient_zone=patient_zone,
        facts=known_facts({}),
        now=ANCHOR,
        milestones=milestones,
        flies_home_on=flies_home_on,
    )
    return lay_out(of, course)


def one(key: str, found: Timeline) -> Occurrence:
    return next(item for item in found.occurrences if item.step_key == key)


def wall(at: datetime | None, zone: str = ISTANBUL) -> str:
    assert at is not None
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def scan(window: str) -> CareProtocol:
    return protocol(step("scan", "milestone", f"window = {{ {window} }}"), VISIT)


@pytest.mark.parametrize(
    ("dates", "due"),
    [
        ("due", "2026-12-14 11:00"),
        ("moved", "2026-12-16 11:00"),
        ("booked", "2026-12-17 09:30"),
        ("done", "2026-12-15 16:00"),
    ],
)
def test_a_date_after_a_milestone_follows_what_became_of_it(dates, due):
    found = laid(scan('after = "visit", due = "P7D"'), visit=DATES[dates])
    assert wall(one("scan", found).due_at) == due


def test_its_whole_window_follows():
    window = 'after = "visit", earliest = "P5D", due = "P7D", overdue = "P14D", expires = "P1M"'
    found = one("scan", laid(scan(window), visit=DATES["moved"]))
    assert [wall(at) for at in (found.earliest_at, found.overdue_at, found.expires_at)] == [
        "2026-12-14 11:00",
        "2026-12-23 11:00",
        "2027-01-09 11:00",
    ]


@pytest.mark.parametrize("dates", ["due", "moved", "booked"])
def test_a_date_after_completion_is_not_known_before(dates):
    found = laid(scan('after = "visit", by = "done", due = "P7D"'), visit=DATES[dates])
    assert found.waiting == (
        Waiting(
            step_key="scan",
            index=0,
            kind=found.waiting[0].kind,
            title={"en": "T", "tr": "T"},
            why={"en": "W", "tr": "W"},
            waits_for="visit",
            words={"en": "waits until this is done: T", "tr": "şunun yapılmasını bekliyor: T"},
        ),
    )
    assert [item.step_key for item in found.occurrences] == ["visit"]


def test_a_date_after_completion_is_known_from_then_on():
    found = laid(scan('after = "visit", by = "done", due = "P7D"'), visit=DATES["done"])
    assert (wall(one("scan", found).due_at), found.waiting) == ("2026-12-15 16:00", ())


@pytest.mark.parametrize(("dates", "due"), [("due", "2026-12-21 11:00"), ("done", "2026-12-15 16:00")])
def test_a_fallback_holds_until_the_anchor_is_known(dates, due):
    window = 'after = "visit", by = "done", or_after = { anchor = "procedure", in = "P21D" }, due = "P7D"'
    assert wall(one("scan", laid(scan(window), visit=DATES[dates])).due_at) == due


def test_a_fallback_may_be_the_milestones_own_date():
    window = 'after = "visit", by = "done", or_after = { anchor = "visit", in = "P2D" }, due = "P7D"'
    assert wall(one("scan", laid(scan(window), visit=DATES["booked"])).due_at) == "2026-12-19 09:30"


def test_a_cancelled_milestone_has_no_date_to_count_from():
    found = laid(scan('after = "visit", due = "P7D"'), visit=MilestoneDates(cancelled=True))
    assert [item.waits_for for item in found.waiting] == ["visit"]


def test_a_milestone_that_the_facts_leave_out_has_no_date_to_count_from():
    visit = step("visit", "milestone", 'window = { due = "P14D" }\nconditions = { technique = ["laser"] }')
    found = laid(
        protocol(step("scan", "milestone", 'window = { after = "visit", due = "P7D" }'), visit),
    )
    assert [item.step_key for item in found.waiting] == ["scan"]


def test_dates_follow_each_other_in_a_row():
    found = laid(
        protocol(
            step("third", "milestone", 'window = { after = "second", due = "P1M" }'),
            step("second", "milestone", 'window = { after = "visit", due = "P7D" }'),
            VISIT,
        ),
        visit=DATES["moved"],
    )
    assert wall(one("third", found).due_at) == "2027-01-16 11:00"


def test_a_question_after_a_milestone_keeps_its_hour_in_the_patients_zone():
    ask = check_in("ask", more="").replace('due = "P1D"', 'after = "visit", due = "P1D"')
    found = laid(protocol(ask, VISIT), patient_zone="Asia/Tokyo", visit=DATES["booked"])
    assert wall(one("ask", found).due_at, "Asia/Tokyo") == "2026-12-11 10:00"


def test_a_step_that_recurs_after_a_milestone_counts_each_time_from_it():
    recurring = step(
        "yearly",
        "milestone",
        'window = { after = "visit", due = "P1Y" }\nrecurs = { every = "P1Y", until = "P3Y" }',
    )
    found = laid(protocol(recurring, VISIT), visit=DATES["moved"])
    days = [wall(item.due_at) for item in found.occurrences if item.step_key == "yearly"]
    assert days == [f"{year}-12-09 11:00" for year in (2027, 2028, 2029)]


class TestARestrictionAfterAMilestone:
    """It holds until some time after the event, and never ends before the event is there."""

    CREAM = protocol(step("cream", "restriction", 'ends = { after = "visit", in = "P7D" }'), VISIT)

    @pytest.mark.parametrize("dates", ["due", "moved", "booked"])
    def test_holds_without_a_date_until_the_milestone_is_done(self, dates):
        cream = one("cream", laid(self.CREAM, visit=DATES[dates]))
        assert (cream.ends_at, cream.ends_with) == (None, "visit+P7D")

    def test_ends_that_long_after_it_was_done(self):
        cream = one("cream", laid(self.CREAM, visit=DATES["done"]))
        assert (wall(cream.ends_at), cream.ends_with) == ("2026-12-15 16:00", None)

    def test_may_count_from_the_milestones_date(self):
        by_date = protocol(
            step("cream", "restriction", 'ends = { after = "visit", by = "date", in = "P7D" }'), VISIT
        )
        assert wall(one("cream", laid(by_date)).ends_at) == "2026-12-14 11:00"

    def test_may_have_a_fallback(self):
        ends = 'ends = { after = "visit", in = "P7D", or_after = { anchor = "procedure", in = "P2M" } }'
        by_default = protocol(step("cream", "restriction", ends), VISIT)
        assert wall(one("cream", laid(by_default)).ends_at) == "2027-01-30 11:00"


class TestTheFlightHome:
    """A day and no hour: it is the same day in every zone."""

    TELL = protocol(
        step(
            "fly",
            "education",
            'window = { after = "flies_home", due = "-P1D", expires = "P0D" }\ntemplate = "t"\n'
            'conditions = { flies_home = ["yes"] }',
        )
    )

    @pytest.mark.parametrize("zone", [ISTANBUL, "Pacific/Kiritimati", "Pacific/Pago_Pago"])
    def test_is_told_the_day_before_in_the_patients_zone(self, zone):
        found = laid(self.TELL, patient_zone=zone, flies_home_on=date(2026, 11, 28))
        assert wall(one("fly", found).due_at, zone) == "2026-11-27 10:00"

    def test_is_nothing_for_who_stays(self):
        assert laid(self.TELL) == Timeline((), ())

    def test_that_is_only_hoped_for_waits_for_its_day(self):
        hoping = protocol(
            step(
                "fly",
                "education",
                'window = { after = "flies_home", due = "-P1D", expires = "P0D" }\ntemplate = "t"',
            )
        )
        assert [item.words["en"] for item in laid(hoping).waiting] == [
            "waits for the date of: the flight home"
        ]

    def test_that_was_yesterday_is_not_spoken_of(self):
        assert laid(self.TELL, flies_home_on=date(2026, 11, 23)).occurrences == ()


def test_what_became_of_a_milestone_does_not_move_the_milestone_itself():
    visit = one("visit", laid(scan('due = "P7D"'), visit=DATES["booked"]))
    assert visit.due_at == ANCHOR + timedelta(days=14)
