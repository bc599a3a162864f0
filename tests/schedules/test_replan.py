"""What becomes of a plan whose dates change: the decisions one by one, and what always holds."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.catalogue import Catalogue
from schedules.dependence import changed_steps, hanging_on, leading_to
from schedules.plan_parts import Key, Planned, parts_of
from schedules.replan import Happened, Replan, Standing, diff
from schedules.timeline import build_timeline
from tests.schedules.shapes import check_in, protocol, step

PROTOCOLS = Catalogue.shipped().all()
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CAUSE = {"en": "because", "tr": "çünkü"}
Plan = tuple[dict[Key, Planned], dict[Key, Happened]]


class Drawn(NamedTuple):
    """A plan some way along its course, with something having happened to many of its parts."""

    plan: Plan
    anchor: datetime
    now: datetime

    def __repr__(self) -> str:
        return f"a plan of {self.anchor}, its {len(self.plan[0])} parts as of {self.now}: {self.plan[1]}"


def text(key: str = "ask", *, days: int = 1, step_key: str = "check_in_d1", **more: object) -> Planned:
    due_at = NOW + timedelta(days=days)
    return Planned(
        key=Key(step_key, 0, key),
        kind="ask",
        title={"en": "T", "tr": "T"},
        due_at=due_at,
        expires_at=due_at + timedelta(days=1),
        content={"template": "ask"},
    )


def visit(*, days: int = 10) -> Planned:
    due_at = NOW + timedelta(days=days)
    return Planned(
        key=Key("visit", 0),
        kind="milestone",
        title={"en": "V", "tr": "V"},
        due_at=due_at,
        overdue_at=due_at + timedelta(days=3),
        content={"title": {"en": "V"}},
    )


def decided(
    old: list[Planned], new: list[Planned], happened: dict[Key, Happened] | None = None, **more: object
) -> Replan:
    return diff(old, new, happened or {}, now=NOW, cause=CAUSE, **more)  # type: ignore[arg-type]


# one decision at a time


def test_another_date_is_a_move_with_its_cause() -> None:
    (entry,) = decided([visit()], [visit(days=12)]).move
    assert (entry.before, entry.after, entry.reason) == (visit(), visit(days=12), CAUSE)


def test_the_same_date_in_new_words_is_kept_and_written_down() -> None:
    reworded = replace(visit(), content={"title": {"en": "Visit"}})
    result = decided([visit()], [reworded])
    assert [entry.after for entry in result.keep] == [reworded]
    assert result.changes == result.keep


@pytest.mark.parametrize(
    "standing", [Standing.RECEIVED, Standing.SETTLED, Standing.BOOKED, Standing.BY_HAND, Standing.CALLED_OFF]
)
@pytest.mark.parametrize("wanted", [[visit(days=30)], []], ids=["elsewhere", "gone"])
def test_what_happened_or_a_person_dated_stays(standing: Standing, wanted: list[Planned]) -> None:
    result = decided([visit()], wanted, {visit().key: Happened(standing)})
    assert result.changes == ()
    assert [entry.part for entry in result.keep] == [visit()]


def test_a_booked_visit_takes_new_words_and_keeps_its_date() -> None:
    reworded = replace(visit(days=30), content={"title": {"en": "Visit"}})
    (entry,) = decided([visit()], [reworded], {visit().key: Happened(Standing.BOOKED)}).keep
    assert (entry.part.due_at, entry.part.content) == (visit().due_at, reworded.content)


def test_the_texts_of_what_is_settled_are_not_needed() -> None:
    settled = {Key("check_in_d1", 0): Happened(Standing.SETTLED)}
    (entry,) = decided([text()], [text(days=3)], settled).drop
    assert entry.reason["en"] == "not needed any more"


def test_a_nudge_stays_with_a_question_that_was_asked() -> None:
    asked = {Key("check_in_d1", 0): Happened(Standing.RECEIVED)}
    result = decided([text("nudge")], [text("nudge", days=30)], asked)
    assert [entry.part.due_at for entry in result.keep] == [text("nudge").due_at]


def test_what_is_past_is_told_from_what_is_gone() -> None:
    result = decided([text(), visit()], [], steps=["check_in_d1"])
    assert [entry.reason["en"] for entry in result.drop] == [
        "its time has passed",
        "the protocol has no such step",
    ]


def test_nothing_past_comes_in() -> None:
    assert decided([], [text(days=-5), visit(days=-30)]).add == ()


def test_what_was_withdrawn_before_its_day_comes_back() -> None:
    away = {text().key: Happened(Standing.WITHDRAWN, NOW - timedelta(days=1))}
    (entry,) = decided([text()], [text()], away).add
    assert (entry.before, entry.after) == (text(), text())


def test_what_had_fallen_due_when_it_was_withdrawn_comes_back_only_for_a_day_to_come() -> None:
    due = text(days=0)
    away = {due.key: Happened(Standing.WITHDRAWN, NOW)}
    assert decided([due], [due], away).add == ()
    assert len(decided([due], [text(days=2)], away).add) == 1


def test_what_is_withdrawn_and_not_wanted_is_in_no_list() -> None:
    away = {visit().key: Happened(Standing.WITHDRAWN, NOW)}
    assert decided([visit()], [], away) == Replan()


# which steps depend on which


def chain() -> object:
    visited = step("visit", "milestone", 'window = { due = "P10D" }')
    after = step("second", "milestone", 'window = { due = "P7D", after = "visit" }')
    third = step("third", "milestone", 'window = { due = "P7D", after = "second" }')
    return protocol(visited, after, third, check_in())


def test_a_change_reaches_whatever_hangs_on_it_and_nothing_else() -> None:
    assert hanging_on(chain(), ["visit"]) == {"visit", "second", "third"}  # type: ignore[arg-type]
    assert hanging_on(chain(), ["third"]) == {"third"}  # type: ignore[arg-type]


def test_a_date_needs_whatever_it_is_counted_from() -> None:
    assert leading_to(chain(), ["third"]) == {"visit", "second", "third"}  # type: ignore[arg-type]


def test_two_versions_differ_in_what_was_set_and_what_hangs_on_it() -> None:
    base = PROTOCOLS[0]
    assert changed_steps(base, base) == frozenset()
    assert changed_steps(base, base.with_overrides({"heavy_lifting.ends": "P8W"})) == {"heavy_lifting"}


# what always holds

zones = st.sampled_from(sorted(available_timezones()))
anchors = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
delays = st.timedeltas(timedelta(days=-40), timedelta(days=500))
hours = st.one_of(st.none(), st.times(time(9), time(19, 59)))
terms = st.tuples(st.timedeltas(timedelta(days=-30), timedelta(days=30)), zones, hours)
standings = st.sampled_from([None, None, None, *Standing])
quick = settings(max_examples=40, deadline=None, derandomize=True)


def laid_out(anchor: datetime, zone: str, hour: time | None, now: datetime) -> tuple[Planned, ...]:
    return parts_of(
        build_timeline(
            PROTOCOLS[0],
            anchor=anchor,
            clinic_zone="Europe/Istanbul",
            patient_zone=zone,
            facts={},
            now=now,
            preferred_time=hour,
        )
    )


def applied(plan: Plan, replan: Replan, now: datetime) -> Plan:
    """The plan once a re-planning is written down."""
    parts, happened = dict(plan[0]), dict(plan[1])
    for entry in replan.changes:
        key = entry.part.key
        if entry.after is None:
            happened[key] = Happened(Standing.WITHDRAWN, now)
            continue
        parts[key] = entry.after
        if happened.get(key, Happened(Standing.BOOKED)).standing is Standing.WITHDRAWN:
            del happened[key]
    return parts, happened


@st.composite
def plans(draw: st.DrawFn) -> Drawn:
    anchor, zone, hour = draw(anchors), draw(zones), draw(hours)
    now = anchor + draw(delays)
    old = laid_out(anchor, zone, hour, anchor - timedelta(days=40))
    happened: dict[Key, Happened] = {}
    for part in old:
        standing = draw(standings)
        if standing is not None:
            away = draw(st.timedeltas(timedelta(days=-20), timedelta()))
            happened[part.key] = Happened(standing, now + away if standing is Standing.WITHDRAWN else None)
    return Drawn(({part.key: part for part in old}, happened), anchor, now)


def step_by(plan: Plan, new: tuple[Planned, ...], now: datetime) -> Replan:
    return diff(list(plan[0].values()), new, plan[1], now=now, cause=CAUSE)


@given(plans(), terms)
@quick
def test_planning_twice_equals_planning_once(drawn, changed):
    plan, anchor, now = drawn
    shift, zone, hour = changed
    new = laid_out(anchor + shift, zone, hour, now)
    once = applied(plan, step_by(plan, new, now), now)
    again = step_by(once, new, now)
    assert again.changes == ()
    assert applied(once, again, now) == once


@given(plans(), terms)
@quick
def test_what_the_patient_has_is_never_touched(drawn, changed):
    plan, anchor, now = drawn
    shift, zone, hour = changed
    stays = {
        Standing.RECEIVED,
        Standing.SETTLED,
        Standing.CALLED_OFF,
    }
    result = step_by(plan, laid_out(anchor + shift, zone, hour, now), now)
    touched = {entry.part.key for entry in result.changes}
    assert not touched & {key for key, known in plan[1].items() if known.standing in stays}


@given(plans(), terms)
@quick
def test_every_part_is_in_one_list_once(drawn, changed):
    plan, anchor, now = drawn
    shift, zone, hour = changed
    result = step_by(plan, laid_out(anchor + shift, zone, hour, now), now)
    keys = [entry.part.key for entry in (*result.keep, *result.move, *result.add, *result.drop)]
    assert len(keys) == len(set(keys))
    assert set(keys) | {key for key, known in plan[1].items() if known.standing is Standing.WITHDRAWN} >= set(
        plan[0]
    )


@given(plans(), terms, st.timedeltas(timedelta(), timedelta(days=200)))
@quick
def test_a_later_now_never_brings_in_more(drawn, changed, later):
    plan, anchor, now = drawn
    shift, zone, hour = changed

    def comes_in(at: datetime) -> set[Key]:
        new = laid_out(anchor + shift, zone, hour, at)
        return {entry.part.key for entry in step_by(plan, new, at).add}

    assert comes_in(now + later) <= comes_in(now)


@given(plans(), terms)
@quick
def test_nothing_that_is_over_comes_in(drawn, changed):
    plan, anchor, now = drawn
    shift, zone, hour = changed
    result = step_by(plan, laid_out(anchor + shift, zone, hour, now), now)
    assert not any(entry.part.is_over(now) for entry in result.add if entry.before is None)
    assert not any(entry.part.is_over(now) for entry in result.add if entry.part.is_asked)


@given(plans(), terms)
@quick
def test_taking_a_change_back_restores_all_that_was_still_to_come(drawn, changed):
    plan, anchor, now = drawn
    shift, zone, hour = changed
    change = step_by(plan, laid_out(anchor + shift, zone, hour, now), now)
    after = applied(plan, change, now)
    former = {key: part for key, part in after[0].items() if key not in _withdrawn(after)}
    for entry in change.changes:
        former.pop(entry.part.key, None)
        if entry.before is not None and entry.part.key not in _withdrawn(plan):
            former[entry.part.key] = entry.before
    undone = diff(list(after[0].values()), list(former.values()), after[1], now=now, cause=CAUSE)
    restored = applied(after, undone, now)
    assert _to_come(restored, now) == _to_come(plan, now)


def _withdrawn(plan: Plan) -> set[Key]:
    return {key for key, known in plan[1].items() if known.standing is Standing.WITHDRAWN}


def _to_come(plan: Plan, now: datetime) -> dict[Key, Planned]:
    """What stands in a plan, but for texts that were due and had not gone, or whose step is over."""
    over = {
        key for key, known in plan[1].items() if known.standing in {Standing.SETTLED, Standing.CALLED_OFF}
    }
    return {
        key: part
        for key, part in plan[0].items()
        if key not in _withdrawn(plan)
        and not (part.is_asked and part.due_at <= now)
        and not (key.text and key.of_step in over)
    }
