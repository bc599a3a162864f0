"""What patients text reaches the right place, in the order that safety asks for."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from backend import jobs
from backend.db import transaction
from backend.models import (
    CarePlan,
    CheckIn,
    ClinicProtocol,
    ConsentEvent,
    InboundMessage,
    Observation,
    Procedure,
)
from backend.services.inbound import close_inbound, store_inbound
from notifications.gateway import InboundText
from tests.world import CLINIC_NUMBER, OTHER_PHONE, PHONE, World


@pytest.fixture
def asked(world: World) -> World:
    """Ayşe, on the morning after her procedure, has just been asked how strong her pain is."""
    world.enrol()
    world.tick()
    world.at(2026, 11, 24, 7, 0).tick()
    (check_in,) = world.rows(CheckIn, CheckIn.status == "awaiting")
    assert check_in.asked_at == world.now
    return world


def answered(world: World) -> list[int]:
    return [row.value for row in sorted(world.rows(Observation), key=lambda row: row.observed_at)]


@pytest.mark.parametrize(("body", "value"), [("3", 3), ("10", 10), ("7/10", 7), ("seven", 7), ("0", 0)])
def test_a_number_answers_the_open_check_in(asked: World, body: str, value: int) -> None:
    text = asked.text_in(body)
    assert answered(asked) == [value]
    assert text.status == "handled"
    assert asked.rows(CheckIn, CheckIn.status == "answered")


def test_the_answer_is_acknowledged_and_the_nudge_taken_back(asked: World) -> None:
    asked.text_in("3")
    asked.tick()
    assert "3" in asked.sent()[-1]
    nudges = [message.status for message in asked.messages(template="check_in_nudge")]
    assert nudges[0] == "cancelled"


def test_a_second_answer_amends_and_overwrites_nothing(asked: World) -> None:
    asked.text_in("3")
    asked.advance(minutes=5).text_in("5")
    assert answered(asked) == [3, 5]
    assert len(asked.rows(CheckIn, CheckIn.status == "answered")) == 1


def test_the_pain_told_before_the_procedure_is_the_baseline(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=10), baseline_pain=None)
    world.advance(days=8).tick()
    world.text_in("7")
    assert [row.baseline_pain for row in world.rows(Procedure)] == [7]


def test_a_score_with_more_words_is_recorded_and_read_by_a_person(asked: World) -> None:
    text = asked.text_in("7, slept badly")
    assert answered(asked) == [7]
    assert (text.status, text.why) == ("needs_review", "answer 7, day 1, and more words to read")


def test_a_number_with_nothing_open_goes_to_a_person(world: World) -> None:
    world.enrol()
    text = world.text_in("7")
    assert (text.status, answered(world)) == ("needs_review", [])
    assert "no question was open" in text.why


@pytest.mark.parametrize("body", ["feeling a bit better", "12", "5 mg", "can I swim?", "👍", "", "6-7"])
def test_what_is_not_understood_with_certainty_goes_to_a_person(asked: World, body: str) -> None:
    text = asked.text_in(body)
    assert (text.status, text.body, answered(asked)) == ("needs_review", body, [])


def test_a_person_closes_such_a_text(asked: World) -> None:
    text = asked.text_in("can I swim?")
    with transaction(asked.engine, asked.nurse.clinic_id) as session:
        close_inbound(
            session, asked.nurse, session.get_one(InboundMessage, text.id), now=asked.now, note="called"
        )
    assert asked.rows(InboundMessage)[0].status == "handled"


def test_the_patient_is_told_once_an_hour_that_a_person_will_read_it(asked: World) -> None:
    for _ in range(3):
        asked.text_in("hello?")
    assert len(asked.messages(template="passed_to_nurse")) == 1
    asked.advance(hours=2).text_in("hello??")
    assert len(asked.messages(template="passed_to_nurse")) == 2


@pytest.mark.parametrize("body", ["I cannot pass urine", "idrarımı yapamıyorum", "9 and I cannot pass urine"])
def test_a_red_flag_alerts_whatever_else_the_text_says(asked: World, body: str) -> None:
    asked.text_in(body)
    (alert, *_) = sorted(asked.alerts(), key=lambda alert: alert.tier_rank)
    assert (alert.tier, alert.status, alert.quote) == ("emergency", "open", body)


def test_a_red_flag_at_night_brings_the_safety_text_at_once(asked: World) -> None:
    asked.at(2026, 11, 24, 21, 0).text_in("I have a fever of 39")
    asked.tick()
    assert "112" in asked.sent()[-1]
    assert [alert.tier for alert in asked.alerts()] == ["same_day"]


def test_a_red_flag_with_a_score_keeps_the_score(asked: World) -> None:
    asked.text_in("9 and I cannot pass urine")
    assert answered(asked) == [9]


def test_a_denied_sign_is_no_red_flag(asked: World) -> None:
    asked.text_in("3, no fever")
    assert asked.alerts() == []


@pytest.mark.parametrize("word", ["STOP", "stop.", "DUR", "dur", "İPTAL", "iptal"])
def test_an_opt_out_word_alone_ends_the_texts_and_calls_for_a_person(asked: World, word: str) -> None:
    asked.text_in(word)
    assert [event.state for event in asked.rows(ConsentEvent)][-1:] == ["opted_out"] or "opted_out" in {
        event.state for event in asked.rows(ConsentEvent)
    }
    assert [(alert.tier, alert.cause) for alert in asked.alerts()] == [("lost_sight", "opted_out")]
    asked.at(2026, 11, 26, 7, 0).tick()
    assert not any("0" in body and "10" in body for body in asked.sent()[3:])


def test_after_stop_the_reason_for_silence_is_written_beside_each_text(asked: World) -> None:
    asked.text_in("STOP")
    asked.at(2026, 11, 26, 7, 0).tick()
    reasons = {
        message.why for message in asked.messages(status="cancelled", template="check_in_pain_red_flags")
    }
    assert "not sent: opted out on 24 November 2026" in reasons


def test_only_a_whole_opt_in_word_opts_in_again(asked: World) -> None:
    asked.text_in("STOP")
    asked.text_in("3")
    asked.text_in("yes please")
    states = [event.state for event in asked.rows(ConsentEvent)]
    assert states.count("opted_in") == 1
    asked.text_in("START")
    assert [event.state for event in asked.rows(ConsentEvent)].count("opted_in") == 2


def test_what_the_provider_answers_itself_is_not_answered_twice(asked: World) -> None:
    before = len(asked.messages())
    asked.text_in("STOP", opt_out_type="STOP")
    assert len(asked.messages()) == before


def test_the_same_webhook_twice_is_one_text(asked: World) -> None:
    asked.text_in("3", sid="SM1")
    again = InboundText("SM1", PHONE, CLINIC_NUMBER, "3")
    with transaction(asked.engine) as session:
        assert store_inbound(session, again, now=asked.now) is None
    assert answered(asked) == [3]


def test_a_text_left_unread_by_a_crash_is_taken_up_by_the_job(asked: World) -> None:
    with transaction(asked.engine) as session:
        store_inbound(session, InboundText("SM1", PHONE, CLINIC_NUMBER, "4"), now=asked.now)
    assert answered(asked) == []
    assert jobs.handle_inbound_texts(asked.engine, asked.now).handled == 1
    assert answered(asked) == [4]
    assert jobs.handle_inbound_texts(asked.engine, asked.now).handled == 0


def test_webhook_and_job_racing_for_one_text_record_one_answer(asked: World) -> None:
    with transaction(asked.engine) as session:
        store_inbound(session, InboundText("SM1", PHONE, CLINIC_NUMBER, "4"), now=asked.now)
    start = threading.Barrier(4)

    def race() -> None:
        start.wait(timeout=10)
        jobs.handle_inbound_texts(asked.engine, asked.now)

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=60)
    assert answered(asked) == [4]


def test_a_text_our_program_fails_on_is_shown_to_a_person(asked: World) -> None:
    text = asked.text_in("hello")
    with transaction(asked.engine) as session:
        row = session.get_one(InboundMessage, text.id)
        row.status, row.body = "received", "4"
        session.execute(delete(ClinicProtocol))  # something our program did not expect
        session.execute(update(CarePlan).values(protocol="lost"))
    for _ in range(5):
        jobs.handle_inbound_texts(asked.engine, asked.now)
    (row,) = asked.rows(InboundMessage)
    assert (row.status, row.why) == ("needs_review", "our program failed on this text: please read it")


def test_a_text_from_nobody_we_know_is_kept_for_a_person(world: World) -> None:
    text = world.text_in("3", sender="+905551112233")
    assert (text.status, text.patient_id, text.why) == ("needs_review", None, "from a number no patient has")


def test_an_answer_from_a_shared_number_is_never_guessed(asked: World) -> None:
    asked.enrol(asked.patient(given_name="Fatma"))
    text = asked.text_in("3")
    assert (text.status, text.patient_id, answered(asked)) == ("needs_review", None, [])


def test_a_red_flag_from_a_shared_number_alerts_for_both(asked: World) -> None:
    asked.enrol(asked.patient(given_name="Fatma"))
    text = asked.text_in("I cannot pass urine")
    assert len({alert.patient_id for alert in asked.alerts()}) == 2
    assert text.status == "needs_review"


def test_another_patients_answer_is_not_mixed_up(asked: World) -> None:
    john = asked.patient(given_name="John", phone=OTHER_PHONE)
    asked.enrol(john)
    asked.text_in("4")
    (observation,) = asked.rows(Observation)
    assert observation.patient_id != john.id
