"""Two simulations side by side: what is added, dropped, moved and put into other words."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backend.services.comparing import Change, compare, compare_rules, totals_of
from backend.services.protocols import shipped
from backend.services.simulation import Simulation, simulate
from schedules.protocol import CareProtocol

ZONE = "Europe/Istanbul"
AT = datetime(2026, 11, 30, 10, 0, tzinfo=ZoneInfo(ZONE))
LUMBAR = shipped().get("nucleoplasty_lumbar")
OWN = LUMBAR.with_overrides({"check_in_d3.window.due": "P4D", "heavy_lifting.ends": "P6W"})


def tried(protocol: CareProtocol, **facts: str) -> Simulation:
    told = {"technique": "ozone", "anaesthesia": "local", **facts}
    return simulate(protocol, performed_at=AT, zone=ZONE, language="en", facts=told)


def changed(before: Simulation, after: Simulation) -> list[tuple[str, str, str]]:
    return [
        (text.change.value, (text.after or text.before).step_key, (text.after or text.before).key)
        for text in compare(before, after).texts
        if text.change is not Change.SAME
    ]


def test_a_protocol_beside_itself_differs_in_nothing():
    comparison = compare(tried(LUMBAR), tried(LUMBAR))
    assert changed(tried(LUMBAR), tried(LUMBAR)) == []
    assert {step.change for step in comparison.steps} == {Change.SAME}
    assert comparison.before == comparison.after
    assert comparison.counts[Change.SAME] == comparison.before.texts


def test_a_question_asked_a_day_later_has_moved_with_its_nudge():
    comparison = compare(tried(LUMBAR), tried(OWN))
    assert changed(tried(LUMBAR), tried(OWN)) == [
        ("moved", "check_in_d3", "ask"),
        ("moved", "check_in_d3", "nudge"),
    ]
    ask = next(text for text in comparison.texts if text.change is Change.MOVED)
    assert ask.after.due_at - ask.before.due_at == timedelta(days=1)
    assert not ask.reworded


def test_a_restriction_that_ends_at_another_time_has_moved():
    moved = [step for step in compare(tried(LUMBAR), tried(OWN)).steps if step.change is Change.MOVED]
    assert {step.after.step_key for step in moved} == {"heavy_lifting", "check_in_d3"}


def test_a_restriction_that_lasts_longer_has_moved():
    longer = LUMBAR.with_overrides({"driving_short.ends": "P3D"})
    moved = [step for step in compare(tried(LUMBAR), tried(longer)).steps if step.change is Change.MOVED]
    assert [step.either.step_key for step in moved] == ["driving_short"]


def test_a_date_within_a_moved_text_makes_no_other_words():
    later = LUMBAR.with_overrides({"mri_3_months.window.due": "P100D"})
    moved = [text for text in compare(tried(LUMBAR), tried(later)).texts if text.change is Change.MOVED]
    assert {text.before.sms.body != text.after.sms.body for text in moved} == {True}
    assert {text.reworded for text in moved} == {False}


def test_a_step_that_one_side_lacks_is_added_or_dropped_with_its_texts():
    shorter = replace(LUMBAR, steps=tuple(step for step in LUMBAR.steps if step.key != "posture"))
    assert changed(tried(LUMBAR), tried(shorter)) == [("dropped", "posture", "inform")]
    assert changed(tried(shorter), tried(LUMBAR)) == [("added", "posture", "inform")]
    comparison = compare(tried(LUMBAR), tried(shorter))
    assert comparison.before.texts - comparison.after.texts == 1
    assert comparison.before.segments > comparison.after.segments


def test_another_text_at_the_same_hour_is_reworded():
    other = LUMBAR.step("diet").template
    steps = tuple(replace(s, template=other) if s.key == "posture" else s for s in LUMBAR.steps)
    assert changed(tried(LUMBAR), tried(replace(LUMBAR, steps=steps))) == [("reworded", "posture", "inform")]


def test_occurrences_of_one_step_are_told_apart():
    yearly = [
        text
        for text in compare(tried(LUMBAR), tried(LUMBAR)).texts
        if text.after.step_key == "check_in_yearly"
    ]
    asked = [text.after.occurrence for text in yearly if text.after.key == "ask"]
    assert asked == [0, 1, 2, 3]


def test_totals_count_texts_and_segments():
    totals = totals_of(tried(LUMBAR).texts)
    assert totals.texts == len(tried(LUMBAR).texts)
    assert totals.segments == sum(text.sms.segments.count for text in tried(LUMBAR).texts)


def test_a_rule_with_another_figure_has_changed_and_one_with_another_approver_has_not():
    own = LUMBAR.with_overrides({"rules.rebound.above_best": 3})
    (rule,) = compare_rules(LUMBAR.rules, own.rules)
    assert (rule.change, rule.either.key) == (Change.MOVED, "rebound")
    approved = tuple(replace(one, source="the clinic") for one in LUMBAR.rules)
    assert compare_rules(LUMBAR.rules, approved) == ()


def test_rules_are_added_dropped_and_reworded():
    first, *others = LUMBAR.rules
    (dropped,) = compare_rules(LUMBAR.rules, others)
    (added,) = compare_rules(others, LUMBAR.rules)
    reason = {"en": "See them", "tr": "Görün"}
    (reworded,) = compare_rules(LUMBAR.rules, (replace(first, reason=reason), *others))
    assert [rule.change for rule in (dropped, added, reworded)] == [
        Change.DROPPED,
        Change.ADDED,
        Change.REWORDED,
    ]
