"""A protocol laid over a calendar: what is planned, in which zone, and what a late start leaves out."""

import itertools
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.catalogue import Catalogue
from schedules.protocol import CareProtocol, Lateness, StepKind
from schedules.timeline import Occurrence, PlannedText, build_timeline, plan_reminders
from tests.schedules.shapes import NUDGED, check_in, protocol, step

ISTANBUL = "Europe/Istanbul"
LUMBAR = Catalogue.shipped().get("nucleoplasty_lumbar")
ANCHOR = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # 11:00 in Istanbul
AHEAD = ANCHOR - timedelta(days=30)


def timeline(
    of: CareProtocol = LUMBAR,
    *,
    anchor: datetime = ANCHOR,
    now: datetime = ANCHOR,
    patient_zone: str = ISTANBUL,
    anaesthesia: str = "local",
    preferred_time: time | None = None,
) -> tuple[Occurrence, ...]:
    return build_timeline(
        of,
        anchor=anchor,
        clinic_zone=ISTANBUL,
        patient_zone=patient_zone,
        facts={"anaesthesia": anaesthesia},
        now=now,
        preferred_time=preferred_time,
    )


def one(key: str, found: tuple[Occurrence, ...], index: int = 0) -> Occurrence:
    return next(item for item in found if (item.step_key, item.index) == (key, index))


def text(key: str, occurrence: Occurrence) -> PlannedText:
    return next(item for item in occurrence.texts if item.key == key)


def wall(at: datetime | None, zone: str = ISTANBUL) -> str:
    assert at is not None
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def test_light_activity_is_due_on_day_2_and_never_overdue_before_day_7():
    light = one("light_activity", timeline())
    assert [wall(at) for at in (light.earliest_at, light.due_at, light.overdue_at)] == [
        "2026-11-24 11:00",
        "2026-11-25 11:00",
        "2026-11-30 11:00",
    ]


def test_the_mri_hangs_on_three_calendar_months_with_fourteen_days_around():
    mri = one("mri_3_months", timeline(anchor=datetime(2026, 11, 30, 8, tzinfo=UTC)))
    assert [wall(at) for at in (mri.earliest_at, mri.due_at, mri.overdue_at)] == [
        "2027-02-14 11:00",
        "2027-02-28 11:00",
        "2027-03-14 11:00",
    ]


def test_the_mri_is_reminded_of_21_7_and_1_days_before_at_ten():
    texts = one("mri_3_months", timeline()).texts
    assert [(item.key, wall(item.due_at)) for item in texts] == [
        ("remind_P21D", "2027-02-02 10:00"),
        ("remind_P7D", "2027-02-16 10:00"),
        ("remind_P1D", "2027-02-22 10:00"),
    ]


def test_a_yearly_step_counts_every_year_from_the_procedure():
    days = [wall(item.due_at) for item in timeline() if item.step_key == "annual_review"]
    assert days == [f"{year}-11-23 11:00" for year in range(2027, 2032)]


def test_a_restriction_holds_from_the_procedure_to_its_end():
    travel = one("travel_long", timeline())
    assert (wall(travel.due_at), wall(travel.ends_at), travel.ends_with) == (
        "2026-11-23 11:00",
        "2026-11-30 11:00",
        None,
    )


@pytest.mark.parametrize(
    ("key", "ends_with"),
    [("sport", "clearance"), ("skincare_at_site", "first_follow_up"), ("heavy_lifting", "clearance")],
)
def test_a_restriction_without_a_date_says_what_lifts_it(key, ends_with):
    restriction = one(key, timeline())
    assert (restriction.ends_at, restriction.ends_with) == (None, ends_with)


def test_the_clinics_own_end_is_counted():
    lifting = one("heavy_lifting", timeline(LUMBAR.with_overrides({"heavy_lifting.ends": "P6W"})))
    assert wall(lifting.ends_at) == "2027-01-04 11:00"


def test_check_ins_stand_at_ten_in_the_patients_zone_and_milestones_in_the_clinics():
    found = timeline(patient_zone="America/New_York")
    assert wall(one("check_in_d1", found).due_at, "America/New_York") == "2026-11-24 10:00"
    assert wall(one("desk_work", found).due_at) == "2026-11-30 11:00"


def test_a_patient_beyond_the_date_line_is_asked_on_their_own_next_day():
    found = timeline(patient_zone="Pacific/Kiritimati")
    assert wall(one("check_in_d1", found).due_at, "Pacific/Kiritimati") == "2026-11-24 10:00"


def test_the_preferred_hour_moves_texts_and_no_clinic_event():
    found = timeline(preferred_time=time(18, 30))
    assert wall(one("check_in_d1", found).due_at) == "2026-11-24 18:30"
    assert wall(text("remind_P2D", one("physical_therapy", found)).due_at) == "2026-11-28 18:30"
    assert wall(one("desk_work", found).due_at) == "2026-11-30 11:00"


@pytest.mark.parametrize("hour", [time(8, 59), time(20), time(3)])
def test_a_preferred_hour_outside_the_texting_hours_is_refused(hour):
    with pytest.raises(ValueError, match="from 09:00 and before 20:00"):
        timeline(preferred_time=hour)


def test_a_nudge_follows_after_four_hours():
    assert wall(text("nudge", one("check_in_d1", timeline())).due_at) == "2026-11-24 14:00"


def test_a_nudge_that_would_come_at_night_waits_for_the_morning():
    check = one("check_in_d1", timeline(preferred_time=time(18)))
    assert wall(text("nudge", check).due_at) == "2026-11-25 09:00"


def test_a_nudge_that_waits_for_the_morning_says_why():
    check = one("check_in_d1", timeline(preferred_time=time(18), patient_zone="Europe/Berlin"))
    assert text("nudge", check).moved == "moved to 09:00: quiet hours Europe/Berlin"


@pytest.mark.parametrize(
    ("step_key", "key"), [("check_in_d1", "ask"), ("wound", "inform"), ("physical_therapy", "remind_P2D")]
)
def test_a_text_at_the_hour_the_patient_prefers_says_so(step_key, key):
    found = timeline(preferred_time=time(18, 30))
    assert text(key, one(step_key, found)).moved == "moved to 18:30: the hour the patient prefers"


@pytest.mark.parametrize("hour", [None, time(10)])
def test_a_text_at_the_protocols_own_hour_was_not_moved(hour):
    found = timeline(now=AHEAD, preferred_time=hour)
    assert {item.moved for occurrence in found for item in occurrence.texts} == {""}


def test_a_nudge_never_goes_out_beside_its_late_question():
    check = one("check_in_d1", timeline(now=datetime(2026, 11, 24, 12, 0, tzinfo=UTC)))  # 15:00
    assert [item.key for item in check.texts] == ["ask"]


def test_a_nudge_whose_hour_has_come_is_not_planned_any_more():
    check = one("check_in_d1", timeline(now=datetime(2026, 11, 24, 11, 0, tzinfo=UTC)))  # 14:00
    assert [item.key for item in check.texts] == ["ask"]


def test_a_check_in_is_left_out_from_the_instant_it_closes():
    closing = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    assert any(item.step_key == "check_in_d1" for item in timeline(now=closing - timedelta(seconds=1)))
    assert not any(item.step_key == "check_in_d1" for item in timeline(now=closing))


def test_no_reminder_of_what_comes_after_the_procedure_goes_out_before_it():
    early = 'reminders = [{ before = "P21D", template = "r", booked_template = "b" }]'
    small = protocol(step("visit", "milestone", 'window = { due = "P14D" }\n' + early))
    assert one("visit", timeline(small, now=AHEAD)).texts == ()


def test_elapsed_hours_never_push_the_earliest_past_the_due_date_of_a_short_day():
    small = protocol(step("visit", "milestone", 'window = { earliest = "PT24H", due = "P1D" }'))
    found = build_timeline(
        small,
        anchor=datetime(2027, 3, 27, 10, 0, tzinfo=UTC),  # the clocks go forward in the night
        clinic_zone="Europe/Berlin",
        patient_zone="Europe/Berlin",
        facts={},
        now=ANCHOR,
    )
    assert found[0].earliest_at == found[0].due_at


def test_before_a_planned_procedure_the_patient_is_prepared_and_asked():
    before = [(item.day, item.step_key) for item in timeline(now=AHEAD) if item.day < 0]
    assert before == [(-7, "prepare_medicines"), (-2, "check_in_baseline"), (-1, "prepare_day_before")]


def test_nothing_before_a_procedure_that_is_done():
    assert min(item.day for item in timeline(now=ANCHOR)) == 0


def test_what_comes_before_the_procedure_expires_with_it():
    early = timeline(now=AHEAD, anchor=datetime(2026, 11, 23, 5, 0, tzinfo=UTC))  # 08:00, before ten
    assert one("check_in_baseline", early).expires_at == datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def test_a_procedure_planned_at_short_notice_still_prepares_at_once():
    found = timeline(now=ANCHOR - timedelta(days=3))
    assert text("inform", one("prepare_medicines", found)).due_at < ANCHOR - timedelta(days=3)


@pytest.mark.parametrize(
    ("anaesthesia", "template"),
    [("local", "prepare_day_before"), ("sedation", "prepare_day_before_sedation")],
)
def test_the_fasting_line_comes_only_with_sedation(anaesthesia, template):
    found = timeline(now=AHEAD, anaesthesia=anaesthesia)
    assert text("inform", one("prepare_day_before", found)).template == template


def test_texts_know_the_dates_they_speak_of():
    found = timeline(now=AHEAD)
    assert one("prepare_medicines", found).texts[0].facts == {"procedure_on": "2026-11-23"}
    assert one("prepare_day_before", found).texts[0].facts == {"procedure_at": "2026-11-23T11:00"}
    assert one("mri_3_months", found).texts[0].facts == {"due_on": "2027-02-23"}
    assert one("check_in_d1", found).texts[0].facts == {}


def test_a_backdated_procedure_sends_nothing_stale():
    now = ANCHOR + timedelta(days=20)
    found = timeline(now=now)
    assert all(item.expires_at > now for occurrence in found for item in occurrence.texts)


def test_a_backdated_procedure_leaves_out_past_questions_and_keeps_past_milestones():
    found = timeline(now=ANCHOR + timedelta(days=20))
    past = {item.step_key for item in found if item.due_at < ANCHOR + timedelta(days=20)}
    assert {"discharge", "light_activity", "travel_long"} <= past
    assert not {"check_in_d1", "check_in_d14", "wound"} & {item.step_key for item in found}


def test_a_backdated_procedure_brings_at_most_one_reminder_of_each_milestone_at_once():
    now = datetime(2027, 2, 20, 12, 0, tzinfo=UTC)  # three days before the MRI, two reminders behind
    waiting = [item.key for item in one("mri_3_months", timeline(now=now)).texts if item.due_at <= now]
    assert waiting == ["remind_P7D"]


def test_a_step_whose_condition_is_not_met_is_left_out():
    small = protocol(
        check_in(),
        step("extra", "milestone", 'window = { due = "P1D" }\nconditions = { technique = ["ozone"] }'),
    )
    assert [item.step_key for item in timeline(small)] == ["check_in_d1"]


def test_an_overdue_reminder_after_the_date_is_planned_too():
    small = protocol(
        step(
            "visit",
            "milestone",
            'window = { due = "P14D" }\n'
            'reminders = [{ after = "P2D", template = "r", booked_template = "b" }]',
        )
    )
    reminder = one("visit", timeline(small)).texts[0]
    assert (reminder.key, wall(reminder.due_at), wall(reminder.expires_at)) == (
        "remind_after_P2D",
        "2026-12-09 10:00",
        "2026-12-12 10:00",
    )


def test_occurrences_come_by_due_date():
    due = [item.due_at for item in timeline(now=AHEAD)]
    assert due == sorted(due)


def test_education_never_shares_a_day_with_a_check_in_and_leaves_a_day_between():
    found = timeline(now=AHEAD)
    taught = [item.day for item in found if item.kind is StepKind.EDUCATION and item.day > 0]
    asked = {item.day for item in found if item.kind is StepKind.CHECK_IN}
    assert not asked & set(taught)
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(taught))


def test_the_patient_is_asked_at_most_three_times_a_week():
    asked = [item.day for item in timeline(now=AHEAD) if item.kind is StepKind.CHECK_IN]
    assert max(sum(1 for day in asked if start <= day < start + 7) for start in range(-10, 400)) <= 3


@pytest.mark.parametrize("name", ["anchor", "now"])
def test_an_instant_without_a_zone_is_refused(name):
    naive = {name: datetime(2026, 11, 23, 11, 0)}
    with pytest.raises(ValueError, match=f"{name} must carry a zone"):
        timeline(**naive)


class TestABookedMilestone:
    """Its reminders hang on the appointment."""

    MRI = LUMBAR.step("mri_3_months")
    APPOINTMENT = datetime(2027, 2, 10, 6, 30, tzinfo=UTC)  # 09:30 in Istanbul

    def plan(self, *, now: datetime = ANCHOR, index: int = 0, booked: bool = True) -> list[PlannedText]:
        planned = plan_reminders(
            self.MRI,
            index,
            at=self.APPOINTMENT,
            clinic_zone=ISTANBUL,
            patient_zone=ISTANBUL,
            now=now,
            booked=booked,
        )
        return list(planned)

    def test_is_reminded_of_before_the_appointment(self):
        assert [(item.key, wall(item.due_at)) for item in self.plan()] == [
            ("remind_P21D", "2027-01-20 10:00"),
            ("remind_P7D", "2027-02-03 10:00"),
            ("remind_P1D", "2027-02-09 10:00"),
        ]

    def test_tells_the_appointment_in_the_clinics_wall_time(self):
        assert self.plan()[0].facts == {"booked_at": "2027-02-10T09:30"}
        assert self.plan()[0].template == "remind_mri_booked"

    def test_brings_one_text_when_booked_at_short_notice(self):
        now = self.APPOINTMENT - timedelta(days=5)
        assert [item.key for item in self.plan(now=now)] == ["remind_P7D", "remind_P1D"]

    def test_has_nothing_left_to_say_after_the_appointment(self):
        assert self.plan(now=self.APPOINTMENT) == []

    def test_that_is_only_moved_keeps_the_words_of_an_unbooked_one(self):
        assert self.plan(booked=False)[0].template == "remind_mri"
        assert self.plan(booked=False)[0].facts == {"due_on": "2027-02-10"}

    def test_keeps_what_its_step_says_about_late_reminders(self):
        assert {item.lateness for item in self.plan()} == {Lateness.CALL}

    def test_must_exist(self):
        with pytest.raises(ValueError, match="mri_3_months has 1 occurrences, so none with index 1"):
            self.plan(index=1)


@pytest.mark.parametrize(
    ("written", "lateness"),
    [
        ("", {"visit": "newest_only", "ask": "newest_only", "tell": "late"}),
        ('lateness = "late"\n', {"visit": "late", "ask": "late", "tell": "late"}),
        ('lateness = "newest_only"\n', dict.fromkeys(("visit", "ask", "tell"), "newest_only")),
        ('lateness = "call"\n', {"visit": "call", "ask": "call", "tell": "call"}),
    ],
)
def test_every_text_carries_its_steps_lateness_or_the_usual_one_of_its_kind(written, lateness):
    reminders = 'reminders = [{ before = "P3D", template = "r", booked_template = "b" }]\n'
    tell = 'window = { due = "P3D", expires = "P4D" }\ntemplate = "t"\n'
    small = protocol(
        step("visit", "milestone", f'window = {{ due = "P14D" }}\n{reminders}{written}'),
        check_in("ask", more=NUDGED + written),
        step("tell", "education", tell + written),
    )
    carried = {item.step_key: {one.lateness for one in item.texts} for item in timeline(small)}
    assert carried == {key: {Lateness(value)} for key, value in lateness.items()}


def test_a_small_protocol_with_a_nudge_plans_two_texts():
    check = one("check_in_d1", timeline(protocol(check_in(more=NUDGED))))
    assert [(item.key, item.purpose.value, item.template) for item in check.texts] == [
        ("ask", "ask", "ask"),
        ("nudge", "nudge", "nudge"),
    ]
