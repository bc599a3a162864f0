"""What a clinic may set, what activation asks for, and when the two hashes change."""

from datetime import date

import pytest

from schedules.catalogue import SHIPPED, Catalogue, parse_protocol
from schedules.protocol import Lateness, Offset, ProtocolError

LUMBAR = Catalogue.shipped().get("nucleoplasty_lumbar")
SET = {"heavy_lifting.ends": "P6W"}


def reworded(old: str, new: str) -> str:
    text = (SHIPPED / "nucleoplasty_lumbar.toml").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new)


def test_activation_is_refused_while_heavy_lifting_is_undecided():
    with pytest.raises(ProtocolError) as caught:
        LUMBAR.activated("Dr K", date(2026, 11, 23))
    assert str(caught.value) == (
        "nucleoplasty_lumbar.toml: status: cannot be active: the clinic must first set heavy_lifting.ends"
    )


def test_activation_is_refused_without_a_name():
    with pytest.raises(ProtocolError, match="write approved_by"):
        LUMBAR.with_overrides(SET).activated("  ", date(2026, 11, 23))


def test_a_decided_protocol_can_be_activated():
    active = LUMBAR.with_overrides(SET).activated("Dr K", date(2026, 11, 23))
    assert (active.status, active.approved_by, active.approved_on) == ("active", "Dr K", date(2026, 11, 23))
    assert active.undecided() == ()


@pytest.mark.parametrize(("value", "ends"), [("P8W", Offset(weeks=8)), ("clearance", "clearance")])
def test_the_clinic_sets_the_end_of_a_restriction(value, ends):
    assert LUMBAR.with_overrides({"heavy_lifting.ends": value}).step("heavy_lifting").ends == ends


def test_an_override_leaves_the_original_alone():
    LUMBAR.with_overrides(SET)
    assert LUMBAR.step("heavy_lifting").ends is None


def test_the_clinic_moves_a_window_and_an_hour():
    moved = LUMBAR.with_overrides(
        {
            "first_follow_up.window.due": "P10D",
            "check_in_d1.local_time": "12:00",
            "check_in_d1.nudge_after": "PT2H",
        }
    )
    window = moved.step("first_follow_up").window
    assert window is not None
    assert str(window.due) == "P10D"
    assert f"{moved.step('check_in_d1').local_time:%H:%M}" == "12:00"
    assert str(moved.step("check_in_d1").nudge_after) == "PT2H"


def test_the_clinic_sets_what_becomes_of_a_late_text():
    assert LUMBAR.with_overrides({"wound.lateness": "call"}).step("wound").lateness is Lateness.CALL


@pytest.mark.parametrize("value", [3, "3"])
def test_the_clinic_sets_a_rules_figure_as_a_number_or_as_a_form_sends_it(value):
    assert LUMBAR.with_overrides({"rules.rebound.above_best": value}).rule("rebound").whole("above_best") == 3


def test_the_clinic_sets_a_rules_days_and_tier():
    changed = LUMBAR.with_overrides({"rules.rebound.from_day": 10, "rules.rebound.tier": "emergency"})
    assert (changed.rule("rebound").from_day, changed.rule("rebound").tier) == (10, "emergency")


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("heavy_lifting.ends", "6 weeks", 'steps.heavy_lifting.ends: found "6 weeks"; write a duration'),
        (
            "heavy_lifting.ends",
            "lunch",
            'steps.heavy_lifting.ends: found "lunch"; write a duration, "clearance"',
        ),
        ("heavy_lifting.ends", 6, "steps.heavy_lifting.ends: found 6; write a duration"),
        ("heavy_lifting", "P6W", "a clinic may set ends, local_time"),
        ("heavy_lifting.lateness", "call", "steps.heavy_lifting.lateness: a clinic may set ends, local_time"),
        ("discharge.lateness", "call", "steps.discharge.lateness: a clinic may set window.earliest,"),
        ("wound.lateness", "soon", 'found "soon"; write one of late, newest_only, call'),
        (
            "check_in_d1.lat",
            "call",
            "window.overdue, window.expires, window.tolerance, local_time, nudge_after, lateness",
        ),
        ("lifting.ends", "P6W", "steps.lifting: there is no such step; the steps are observation, "),
        ("mri_3_months.ends", "P6W", "steps.mri_3_months.ends: a clinic may set window.earliest, window.due"),
        (
            "first_follow_up.window.due",
            "P5D",
            "steps.first_follow_up.window.due: found P5D, before earliest P7D",
        ),
        (
            "check_in_d1.local_time",
            "22:00",
            "steps.check_in_d1.local_time: found 22:00; write a time from 09:00",
        ),
        ("check_in_d1.window.due", "P3D", "steps.check_in_d1.window.expires: found P2D, before due P3D"),
        ("check_in_d3.window.due", "P1D", "ask at most once a day"),
        ("rules.rebound.above_best", "two", 'rules.rebound.above_best: found "two"; write a whole number'),
        ("rules.rebound.above_best", True, "rules.rebound.above_best: found true; write a whole number"),
        ("rules.rebound.signs", 1, "a clinic may set tier, from_day, to_day, at_least, above_best"),
        ("rules.rebound.tier", "soon", 'rules.rebound.tier: found "soon"; write one of emergency'),
        ("rules.rebounds.tier", "same_day", "rules.rebounds: there is no such rule; the rules are weakness"),
    ],
)
def test_what_a_clinic_may_not_set_is_named(key, value, complaint):
    with pytest.raises(ProtocolError) as caught:
        LUMBAR.with_overrides({key: value})
    assert str(caught.value).startswith("nucleoplasty_lumbar.toml: ")
    assert complaint in str(caught.value)


def test_another_wording_changes_only_the_wording_hash():
    other = parse_protocol(reworded("How strong is the pain in your back", "How bad is your back"), "x.toml")
    assert other.timing_hash == LUMBAR.timing_hash
    assert other.wording_hash != LUMBAR.wording_hash


def test_another_date_changes_only_the_timing_hash():
    other = LUMBAR.with_overrides({"first_follow_up.window.due": "P10D"})
    assert other.timing_hash != LUMBAR.timing_hash
    assert other.wording_hash == LUMBAR.wording_hash


def test_a_figure_that_was_left_to_the_clinic_changes_only_the_timing_hash():
    decided = LUMBAR.with_overrides({"heavy_lifting.ends": "P6W"})
    assert decided.timing_hash != LUMBAR.timing_hash
    assert decided.wording_hash == LUMBAR.wording_hash


def test_another_lateness_changes_only_the_timing_hash():
    other = LUMBAR.with_overrides({"wound.lateness": "call"})
    assert other.timing_hash != LUMBAR.timing_hash
    assert other.wording_hash == LUMBAR.wording_hash


def test_another_rule_changes_the_timing_hash():
    assert LUMBAR.with_overrides({"rules.rebound.above_best": 3}).timing_hash != LUMBAR.timing_hash


def test_approval_and_version_change_neither_hash():
    decided = LUMBAR.with_overrides(SET)
    approved = decided.activated("Dr K", date(2026, 11, 23))
    newer = parse_protocol(reworded("version = 1", "version = 2"), "x.toml")
    assert (approved.timing_hash, approved.wording_hash) == (decided.timing_hash, decided.wording_hash)
    assert (newer.timing_hash, newer.wording_hash) == (LUMBAR.timing_hash, LUMBAR.wording_hash)
