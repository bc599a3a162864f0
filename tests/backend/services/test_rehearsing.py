"""What an imaginary patient's answers and silences lead to: as the rules have it, without a row."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.errors import Invalid
from backend.services.protocols import shipped
from backend.services.rehearsing import EventKind, Rehearsal, rehearse
from backend.services.reply_scripts import read_script
from backend.services.simulation import simulate
from schedules.protocol import Tier

ZONE = "Europe/Istanbul"
AT = datetime(2026, 11, 30, 10, 0, tzinfo=ZoneInfo(ZONE))
LUMBAR = shipped().get("nucleoplasty_lumbar")
SIMULATION = simulate(
    LUMBAR, performed_at=AT, zone=ZONE, language="en", facts={"technique": "ozone", "anaesthesia": "local"}
)


def play(script: str, baseline: int | None = None) -> Rehearsal:
    return rehearse(LUMBAR, SIMULATION, read_script(script), performed_at=AT, zone=ZONE, baseline=baseline)


def told(rehearsal: Rehearsal) -> list[tuple[int, str]]:
    return [(event.day, event.kind.value) for event in rehearsal.events]


def nudges(rehearsal: Rehearsal) -> set[str]:
    return {text.step_key for text in rehearsal.texts if text.key == "nudge"}


def test_without_a_script_nothing_is_assumed_and_every_text_goes():
    rehearsal = play("")
    assert rehearsal.events == ()
    assert rehearsal.texts == SIMULATION.texts


def test_strong_pain_becomes_an_alert_with_the_rules_own_reason():
    answer, alert = play("D3=8").events
    assert (answer.kind, answer.value, answer.step_key) == (EventKind.ANSWER, 8, "check_in_d3")
    assert (alert.kind, alert.tier, alert.rule) == (EventKind.ALERT, Tier.SAME_DAY, "pain_high")
    assert "8" in alert.reason["en"]
    assert alert.reason["tr"]


def test_pain_that_is_expected_calls_nobody():
    assert told(play("D1=8, D3=4")) == [(1, "answer"), (3, "answer")]


def test_an_answer_in_time_spares_the_nudge_and_a_later_one_does_not():
    assert nudges(play("D3=2")) == nudges(play("")) - {"check_in_d3"}
    late = play("D4=2")  # asked on day 3, open until day 5
    assert told(late) == [(3, "nudge"), (4, "answer")]
    assert nudges(late) == nudges(play(""))


def test_silence_is_nudged_and_then_missed():
    assert told(play("D3=none")) == [(3, "nudge"), (5, "missed")]


def test_a_question_that_is_answered_after_all_is_not_missed():
    assert told(play("D3=none, D4=2")) == [(3, "nudge"), (4, "answer")]


def test_two_silences_of_the_first_week_ask_for_a_call_once():
    rehearsal = play("D1=none, D3=none, D7=none")
    calls = [event for event in rehearsal.events if event.kind is EventKind.CALL]
    assert [(call.tier, call.rule, call.day) for call in calls] == [(Tier.LOST_SIGHT, "silence_in_week_1", 5)]


def test_the_rest_answers_every_other_question():
    rehearsal = play("D3=none, rest=1")
    answered = [event for event in rehearsal.events if event.kind is EventKind.ANSWER]
    assert len(answered) == sum(text.key == "ask" for text in SIMULATION.texts) - 1
    assert [event.day for event in rehearsal.events if event.kind is EventKind.MISSED] == [5]


def test_a_number_while_nothing_is_asked_goes_to_a_person():
    (event,) = play("D11=7").events
    assert (event.kind, event.day, event.value) == (EventKind.TO_A_PERSON, 11, 7)


def test_silence_while_nothing_is_asked_means_nothing():
    (event,) = play("D11=none").events
    assert (event.kind, event.day) == (EventKind.NOTHING_ASKED, 11)


def test_a_warning_sign_is_an_emergency_on_any_day():
    sign, alert = play("D11=bladder").events
    assert (sign.kind, sign.sign, sign.day) == (EventKind.SIGN, "bladder", 11)
    assert (alert.tier, alert.rule) == (Tier.EMERGENCY, "cauda_equina")


def test_a_cause_that_comes_again_adds_to_its_alert():
    alerts = [event for event in play("D3=8, D7=9").events if event.kind is EventKind.ALERT]
    assert [alert.repeated for alert in alerts] == [False, True]


def test_pain_above_the_baseline_is_noticed_whether_told_or_asked_before():
    given = play("D14=6", baseline=5)
    asked = play("D-2=5, D14=6")
    assert [event.rule for event in given.events if event.rule] == ["above_baseline"]
    assert [event.rule for event in asked.events if event.rule] == ["above_baseline"]
    assert [event.rule for event in play("D14=6").events if event.rule] == []


def test_events_come_by_date():
    rehearsal = play("rest=none")
    assert [event.at for event in rehearsal.events] == sorted(event.at for event in rehearsal.events)
    assert rehearsal.events[0].at > AT - timedelta(days=3)


@pytest.mark.parametrize("script", ["D3:8;D9:none", "d3 = 8,\nd9 = none", "D3=8, D9=NONE,"])
def test_a_script_may_be_typed_in_several_ways(script):
    assert read_script(script) == read_script("D9=none, D3=8")


@pytest.mark.parametrize(
    ("script", "quoted"),
    [
        ("3=8", "'3=8'"),
        ("D3=11", "'11'"),
        ("D3=sad", "'sad'"),
        ("D3", "'D3'"),
        ("rest=fever", "'rest=fever'"),
    ],
)
def test_what_cannot_be_read_is_quoted_with_what_would_be_right(script, quoted):
    with pytest.raises(Invalid) as refused:
        read_script(script)
    (sentence,) = refused.value.fields["replies"]
    assert quoted in sentence
    assert "D3=8, D9=none" in sentence
