"""What holds for every zone, every day and every hour of a procedure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from schedules.catalogue import Catalogue, parse_protocol
from schedules.open_days import OpenDays
from schedules.protocol import TEXTING_HOURS, OpenDay, StepKind
from schedules.public_holidays import public_holidays
from schedules.timeline import MilestoneDates, Occurrence, build_timeline, day_number, plan_reminders
from tests.schedules.profiles import cases
from tests.schedules.test_broken_anchors import WHOLE

PROTOCOLS = Catalogue.shipped().all()
WIDE = (*PROTOCOLS, parse_protocol(WHOLE, "wide.toml"))
"""The shipped ones, and a small one whose dates hang on milestones and on a flight."""
zones = st.sampled_from(sorted(available_timezones()))
anchors = st.datetimes(datetime(1970, 1, 2), datetime(2080, 1, 1), timezones=st.just(UTC))
todays = st.datetimes(datetime(2015, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))
delays = st.timedeltas(timedelta(days=-60), timedelta(days=900))
hours = st.one_of(st.none(), st.times(time(9), time(19, 59)))
protocols = st.sampled_from(PROTOCOLS)
quick = cases(60)


@dataclass(frozen=True)
class Around:
    """What may differ around a procedure: open days, what became of milestones, a flight home."""

    open_days: OpenDays | None = None
    milestones: Mapping[str, MilestoneDates] = field(default_factory=dict)
    flies_home_on: date | None = None


PLAIN = Around()
instants = st.one_of(st.none(), anchors)
arounds = st.builds(
    Around,
    open_days=st.one_of(
        st.none(),
        st.builds(
            OpenDays,
            st.frozensets(st.integers(1, 7), max_size=6),
            st.frozensets(st.dates(date(2026, 1, 1), date(2032, 1, 1)), max_size=5),
            st.just(public_holidays("TR")),
        ),
    ),
    milestones=st.dictionaries(
        st.sampled_from(["visit", "scan"]),
        st.builds(MilestoneDates, instants, instants, instants, st.booleans()),
    ),
    flies_home_on=st.one_of(st.none(), st.dates(date(1971, 1, 1), date(2080, 1, 1))),
)


def plan(
    protocol,
    anchor: datetime,
    clinic: str,
    patient: str,
    now: datetime,
    hour: time | None = None,
    around: Around = PLAIN,
) -> tuple[Occurrence, ...]:
    return build_timeline(
        protocol,
        anchor=anchor,
        clinic_zone=clinic,
        patient_zone=patient,
        facts={},
        now=now,
        preferred_time=hour,
        open_days=around.open_days,
        milestones=around.milestones,
        flies_home_on=around.flies_home_on,
    )


@given(st.sampled_from(WIDE), anchors, zones, zones, delays, hours, arounds)
@quick
def test_equal_arguments_give_equal_timelines(protocol, anchor, clinic, patient, delay, hour, around):
    twice = [plan(protocol, anchor, clinic, patient, anchor + delay, hour, around) for _ in range(2)]
    assert twice[0] == twice[1]


@given(
    st.sampled_from(WIDE),
    anchors,
    zones,
    zones,
    delays,
    st.timedeltas(timedelta(), timedelta(days=400)),
    arounds,
)
@quick
def test_a_later_now_never_adds(protocol, anchor, clinic, patient, delay, later, around):
    def known(now: datetime) -> set[tuple[object, ...]]:
        found = plan(protocol, anchor, clinic, patient, now, around=around)
        steps = {(one.step_key, one.index, one.due_at, one.ends_at) for one in found}
        texts = {
            (one.step_key, one.index, text.key, text.due_at, text.expires_at)
            for one in found
            for text in one.texts
        }
        return steps | texts

    assert known(anchor + delay + later) <= known(anchor + delay)


@given(protocols, anchors, zones, zones, delays, hours, arounds)
@quick
def test_no_instants_are_out_of_order(protocol, anchor, clinic, patient, delay, hour, around):
    found = plan(protocol, anchor, clinic, patient, anchor + delay, hour, around)
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


@given(protocols, todays, zones, arounds)
@quick
def test_what_needs_the_clinic_open_is_never_due_on_a_closed_day(protocol, anchor, zone, around):
    if around.open_days is None:
        return
    for one in plan(protocol, anchor, zone, zone, anchor, around=around):
        day = one.due_at.astimezone(ZoneInfo(zone)).date()
        if protocol.step(one.step_key).open_days is OpenDay.NEXT:
            assert around.open_days.why_closed(day) is None


@given(anchors, zones, zones, delays)
@quick
def test_of_a_booked_milestones_reminders_at_most_one_waits_at_any_time(at, clinic, patient, delay):
    step = PROTOCOLS[0].step("mri_3_months")
    now = at + delay
    planned = plan_reminders(step, 0, at=at, clinic_zone=clinic, patient_zone=patient, now=now)
    assert sum(1 for text in planned if text.due_at <= now) <= 1
    assert all(text.expires_at <= at for text in planned)
