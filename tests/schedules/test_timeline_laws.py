"""What holds for every zone, every day and every hour of a procedure."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from schedules.catalogue import Catalogue
from schedules.protocol import TEXTING_HOURS, StepKind
from schedules.timeline import Occurrence, build_timeline, day_number, plan_reminders
from tests.schedules.profiles import cases

PROTOCOLS = Catalogue.shipped().all()
zones = st.sampled_from(sorted(available_timezones()))
anchors = st.datetimes(datetime(1970, 1, 2), datetime(2080, 1, 1), timezones=st.just(UTC))
todays = st.datetimes(datetime(2015, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))
delays = st.timedeltas(timedelta(days=-60), timedelta(days=900))
hours = st.one_of(st.none(), st.times(time(9), time(19, 59)))
protocols = st.sampled_from(PROTOCOLS)
quick = cases(60)


def plan(
    protocol, anchor: datetime, clinic: str, patient: str, now: datetime, hour: time | None = None
) -> tuple[Occurrence, ...]:
    return build_timeline(
        protocol,
        anchor=anchor,
        clinic_zone=clinic,
        patient_zone=patient,
        facts={},
        now=now,
        preferred_time=hour,
    )


@given(protocols, anchors, zones, zones, delays, hours)
@quick
def test_equal_arguments_give_equal_timelines(protocol, anchor, clinic, patient, delay, hour):
    twice = [plan(protocol, anchor, clinic, patient, anchor + delay, hour) for _ in range(2)]
    assert twice[0] == twice[1]


@given(protocols, anchors, zones, zones, delays, st.timedeltas(timedelta(), timedelta(days=400)))
@quick
def test_a_later_now_never_adds(protocol, anchor, clinic, patient, delay, later):
    def known(now: datetime) -> set[tuple[object, ...]]:
        found = plan(protocol, anchor, clinic, patient, now)
        steps = {(one.step_key, one.index, one.due_at, one.ends_at) for one in found}
        texts = {
            (one.step_key, one.index, text.key, text.due_at, text.expires_at)
            for one in found
            for text in one.texts
        }
        return steps | texts

    assert known(anchor + delay + later) <= known(anchor + delay)


@given(protocols, anchors, zones, zones, delays, hours)
@quick
def test_no_instants_are_out_of_order(protocol, anchor, clinic, patient, delay, hour):
    found = plan(protocol, anchor, clinic, patient, anchor + delay, hour)
    for one in found:
        moments = [one.earliest_at, one.due_at, one.overdue_at, one.expires_at]
        known = [moment for moment in moments if moment]
        assert known == sorted(known)
        assert one.ends_at is None or one.ends_at > anchor
        assert all(text.due_at < text.expires_at for text in one.texts)
    assert all(first.due_at <= second.due_at for first, second in pairwise(found))


@given(protocols, anchors, zones, zones, delays)
@quick
def test_nothing_stale_is_planned_and_every_text_of_an_occurrence_has_its_own_key(
    protocol, anchor, clinic, patient, delay
):
    now = anchor + delay
    for one in plan(protocol, anchor, clinic, patient, now):
        assert all(text.expires_at > now for text in one.texts)
        assert len({text.key for text in one.texts}) == len(one.texts)


@given(protocols, todays, zones, zones, hours)
@quick
def test_every_text_is_planned_for_the_patients_day(protocol, anchor, clinic, patient, hour):
    ahead = anchor - timedelta(days=30)
    for one in plan(protocol, anchor, clinic, patient, ahead, hour):
        for text in one.texts:
            local = text.due_at.astimezone(ZoneInfo(patient)).time()
            assert TEXTING_HOURS[0] <= local < TEXTING_HOURS[1], (one.step_key, text.key)


@given(protocols, todays, zones, zones)
@quick
def test_check_ins_keep_their_hour_and_milestones_the_procedures(protocol, anchor, clinic, patient):
    start = anchor.astimezone(ZoneInfo(clinic))
    for one in plan(protocol, anchor, clinic, patient, anchor):
        if one.kind in (StepKind.CHECK_IN, StepKind.EDUCATION):
            assert one.due_at.astimezone(ZoneInfo(patient)).time() == time(10)
        elif one.day > 0:
            there = one.due_at.astimezone(ZoneInfo(clinic))
            moved = there.replace(tzinfo=None) - datetime.combine(there.date(), start.time())
            assert timedelta() <= moved <= timedelta(hours=2) or moved <= timedelta(hours=-22)


@given(protocols, anchors, zones)
@quick
def test_the_day_of_an_occurrence_is_its_d_number_at_the_clinic(protocol, anchor, zone):
    for one in plan(protocol, anchor, zone, zone, anchor):
        assert one.day == day_number(anchor, one.due_at, zone)


@given(anchors, zones, zones, delays)
@quick
def test_of_a_booked_milestones_reminders_at_most_one_waits_at_any_time(at, clinic, patient, delay):
    step = PROTOCOLS[0].step("mri_3_months")
    now = at + delay
    planned = plan_reminders(step, 0, at=at, clinic_zone=clinic, patient_zone=patient, now=now)
    assert sum(1 for text in planned if text.due_at <= now) <= 1
    assert all(text.expires_at <= at for text in planned)
