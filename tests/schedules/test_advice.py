"""May I …? Allowed since, not before, or ask the doctor first; and never allowed by mistake."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.advice import Advice, Answer, Standing, may_i, strictest, unanswered
from schedules.catalogue import Catalogue
from schedules.errors import ProtocolError
from schedules.protocol import CareProtocol, StepKind
from schedules.timeline import build_timeline
from tests.schedules.profiles import cases
from tests.schedules.shapes import protocol, step

ISTANBUL = "Europe/Istanbul"
ANCHOR = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LUMBAR = Catalogue.shipped().get("nucleoplasty_lumbar")
TIMELINE = build_timeline(
    LUMBAR,
    anchor=ANCHOR,
    clinic_zone=ISTANBUL,
    patient_zone=ISTANBUL,
    facts={"technique": "ozone", "job": "desk"},
    now=ANCHOR,
)
LIFT = step("no_lifting", "restriction", 'ends = "P6W"')
SPORT = step("no_sport", "restriction", 'ends = "clearance"')
SKIN = step("no_cream", "restriction", 'ends = "visit"')
VISIT = step("visit", "milestone", 'window = { earliest = "P10D", due = "P14D" }')
NAME = 'name = { en = "this", tr = "bu" }\n'


def topic(key: str, *steps: str) -> str:
    """A topic's table."""
    return f"[topics.{key}]\n{NAME}steps = {list(steps)}\n".replace("'", '"')


def ask(name: str, after: timedelta, *, cleared: dict[str, datetime] | None = None) -> Advice:
    """Ask a question of the shipped lumbar protocol some time after the procedure."""
    return may_i(name, LUMBAR, TIMELINE, cleared or {}, now=ANCHOR + after, zone=ISTANBUL)


def days(number: int) -> timedelta:
    """So many days."""
    return timedelta(days=number)


def test_what_the_plan_forbids_until_a_day_is_not_allowed_before_it() -> None:
    advice = ask("fly_short", timedelta(hours=23))
    assert (advice.answer, advice.on) == (Answer.NOT_BEFORE, date(2026, 11, 24))
    assert advice.reason is not None
    assert advice.reason.why["en"].startswith("A short flight is possible from the day after")


def test_it_is_allowed_from_that_very_instant_on() -> None:
    advice = ask("fly_short", days(1))
    assert (advice.answer, advice.at) == (Answer.ALLOWED, ANCHOR + days(1))


def test_a_milestone_allows_from_its_earliest_day() -> None:
    assert ask("walk", days(0)).answer is Answer.NOT_BEFORE
    assert ask("walk", days(1)).answer is Answer.ALLOWED


def test_without_a_clearance_it_is_the_doctor_who_answers_however_late_it_is() -> None:
    assert ask("sport", days(3650)).answer is Answer.ASK_FIRST


def test_a_clearance_allows_from_when_it_was_given() -> None:
    cleared = {"sport": ANCHOR + days(40)}
    assert ask("sport", days(41), cleared=cleared).at == ANCHOR + days(40)
    assert ask("sport", days(39), cleared=cleared).answer is Answer.NOT_BEFORE


def test_a_restriction_lifted_early_no_longer_counts() -> None:
    assert ask("travel", days(3), cleared={"travel_long": ANCHOR + days(2)}).answer is Answer.ALLOWED


def test_the_strictest_of_a_topics_steps_decides_and_the_others_are_told_too() -> None:
    advice = ask("drive", days(3))
    assert advice.answer is Answer.ASK_FIRST
    assert {reason.step_key: reason.answer for reason in advice.reasons} == {
        "driving_short": Answer.ALLOWED,
        "driving_long": Answer.ASK_FIRST,
    }


def test_of_two_dates_the_later_one_counts() -> None:
    assert ask("fly", days(0)).on == date(2026, 11, 30)


def test_ask_first_says_before_when_asking_is_of_no_use() -> None:
    advice = ask("massage", days(1))
    assert (advice.answer, advice.on) == (Answer.ASK_FIRST, date(2026, 12, 14))


def test_what_the_clinic_has_not_decided_is_for_the_doctor() -> None:
    assert LUMBAR.undecided() == ("heavy_lifting",)
    assert ask("lift", days(365)).answer is Answer.ASK_FIRST


def test_a_figure_the_clinic_set_is_the_answer() -> None:
    own = LUMBAR.with_overrides({"heavy_lifting.ends": "P6W"})
    timeline = build_timeline(
        own, anchor=ANCHOR, clinic_zone=ISTANBUL, patient_zone=ISTANBUL, facts={}, now=ANCHOR
    )
    advice = may_i("lift", own, timeline, {}, now=ANCHOR, zone=ISTANBUL)
    assert (advice.answer, advice.on) == (Answer.NOT_BEFORE, date(2027, 1, 4))


@pytest.mark.parametrize("name", ["", "drve", "skydiving", "sit", "bath", "sex"])
def test_what_the_protocol_does_not_say_is_for_the_doctor(name: str) -> None:
    advice = ask(name, days(3650))
    assert (advice.answer, advice.at, advice.reasons) == (Answer.ASK_FIRST, None, ())


def test_a_step_that_is_left_out_for_this_patient_allows_nothing() -> None:
    heavy = [one for one in TIMELINE if one.step_key != "desk_work"]
    advice = may_i("desk_work", LUMBAR, heavy, {}, now=ANCHOR + days(100), zone=ISTANBUL)
    assert advice.answer is Answer.ASK_FIRST


def test_before_the_procedure_nothing_is_allowed_by_a_restriction_that_has_not_begun() -> None:
    assert ask("fly_short", -days(2)).answer is Answer.ASK_FIRST


def test_what_waits_for_a_milestone_names_it_and_ends_with_it() -> None:
    waiting = ask("skin_care", days(30))
    assert waiting.answer is Answer.ASK_FIRST
    assert waiting.reasons[0].waits_for == LUMBAR.step("first_follow_up").title
    done = ask("skin_care", days(30), cleared={"first_follow_up": ANCHOR + days(15)})
    assert (done.answer, done.at) == (Answer.ALLOWED, ANCHOR + days(15))


def test_some_time_after_a_milestone_is_not_the_milestone_itself() -> None:
    later = step("no_cream", "restriction", 'ends = { after = "visit", in = "P7D" }')
    small = protocol(VISIT, later, topic("cream", "no_cream"))
    waits = [Standing("no_cream", ANCHOR, None, "visit+P7D")]
    advice = may_i("cream", small, waits, {"visit": ANCHOR + days(14)}, now=ANCHOR + days(15), zone=ISTANBUL)
    assert advice.answer is Answer.ASK_FIRST
    assert advice.reasons[0].waits_for == {"en": "T", "tr": "T"}


def test_the_day_is_the_one_of_the_zone_the_answer_is_for() -> None:
    late = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    small = protocol(LIFT, topic("lift", "no_lifting"))
    standing = [Standing("no_lifting", ANCHOR, late)]
    here, there = (
        may_i("lift", small, standing, {}, now=ANCHOR, zone=zone).on for zone in (ISTANBUL, "Europe/London")
    )
    assert (here, there) == (date(2026, 11, 24), date(2026, 11, 23))


def test_of_two_plans_the_stricter_one_answers() -> None:
    early, late = (ask("fly", after) for after in (days(3), days(30)))
    assert strictest([late, early], zone=ISTANBUL).answer is Answer.NOT_BEFORE
    assert strictest([late, unanswered("fly")], zone=ISTANBUL).answer is Answer.ASK_FIRST
    assert strictest([late], zone=ISTANBUL) == late


def test_no_plan_at_all_is_a_mistake_of_the_callers() -> None:
    with pytest.raises(ValueError, match="no advice"):
        strictest([], zone=ISTANBUL)


def test_a_topic_that_names_a_step_which_cannot_answer_is_refused() -> None:
    with pytest.raises(ProtocolError) as refused:
        protocol(LIFT, topic("lift", "no_lifting", "no_such_step"))
    assert str(refused.value) == (
        'small.toml: topics.lift.steps: found "no_such_step"; '
        "write any of the milestones and restrictions no_lifting"
    )


def test_a_topic_changes_neither_hash() -> None:
    with_topic, without = protocol(LIFT, topic("lift", "no_lifting")), protocol(LIFT)
    assert with_topic.timing_hash == without.timing_hash
    assert with_topic.wording_hash == without.wording_hash


@pytest.mark.parametrize("shipped", Catalogue.shipped().all(), ids=lambda one: one.id)
def test_every_restriction_that_ships_can_be_asked_about(shipped: CareProtocol) -> None:
    asked = {key for one in shipped.topics for key in one.steps}
    assert {one.key for one in shipped.steps if one.kind is StepKind.RESTRICTION} - asked == set()


SMALL = protocol(LIFT, SPORT, SKIN, VISIT, topic("all", "no_lifting", "no_sport", "no_cream", "visit"))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
standings = st.lists(
    st.builds(
        Standing,
        st.sampled_from([one.key for one in SMALL.steps]),
        st.none() | instants,
        st.none() | instants,
        st.sampled_from([None, "clearance", "visit", "visit+P7D"]),
    ),
    min_size=3,
)
clearances = st.dictionaries(st.sampled_from([one.key for one in SMALL.steps]), instants)


@given(standings, clearances, instants, st.timedeltas(timedelta(0), timedelta(days=700)))
@cases(300)
def test_a_later_hour_never_takes_back_what_was_allowed(
    standing: list[Standing], cleared: dict[str, datetime], now: datetime, passed: timedelta
) -> None:
    first, later = (
        may_i("all", SMALL, standing, cleared, now=at, zone=ISTANBUL) for at in (now, now + passed)
    )
    if first.answer is Answer.ALLOWED:
        assert (later.answer, later.at) == (Answer.ALLOWED, first.at)


@given(standings, clearances, instants)
@cases(300)
def test_allowed_means_that_every_step_lets_go(
    standing: list[Standing], cleared: dict[str, datetime], now: datetime
) -> None:
    advice = may_i("all", SMALL, standing, cleared, now=now, zone=ISTANBUL)
    released = {
        one.step_key
        for one in standing
        if not (one.begins_at and one.begins_at > now)
        and any(
            at is not None and at <= now
            for at in (one.opens_at, cleared.get(one.step_key), cleared.get(one.waits_for or ""))
        )
    }
    held = {one.step_key for one in standing} - released
    if advice.answer is Answer.ALLOWED:
        assert (released, held) == ({one.key for one in SMALL.steps}, set())
        assert advice.at is not None
        assert advice.at <= now
