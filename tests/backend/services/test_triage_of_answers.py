"""Which answers reach a nurse, told as days of a recovery."""

from datetime import timedelta

import pytest

from backend.db import transaction
from backend.errors import Conflict, Invalid
from backend.models import Alert, CarePlan, CheckIn
from backend.services.actors import Actor
from backend.services.alerts import acknowledge, raise_alerts, resolve
from backend.services.check_ins import GivenAnswer, answer_check_in
from backend.triage import Finding
from schedules.protocol import Tier
from tests.world import World


def answer_by(world: World, check_in: CheckIn, value: int, *, source: str) -> None:
    """Record one pain value for a check-in, by app or by a nurse."""
    with transaction(world.engine, world.nurse.clinic_id) as session:
        row = session.get_one(CheckIn, check_in.id)
        given = [GivenAnswer(question="pain", value=value)]
        answer_check_in(session, world.nurse, row, given, source=source, now=world.now)


def answer_on(world: World, day: int, value: int) -> None:
    """Let the check-in of that day be asked at ten, and answered at once."""
    start = world.rows(CheckIn)[0]
    (check_in,) = world.rows(CheckIn, CheckIn.day == day, CheckIn.care_plan_id == start.care_plan_id)
    world.now = check_in.due_at
    world.tick()
    world.text_in(str(value))
    world.run(minutes=3)  # what else is due that morning goes as well


def test_an_8_on_day_1_pages_nobody(world: World) -> None:
    world.enrol()
    answer_on(world, 1, 8)
    assert world.alerts() == []


def test_an_8_on_day_7_or_later_does(world: World) -> None:
    world.enrol()
    answer_on(world, 7, 8)
    assert "same_day" in {alert.tier for alert in world.alerts()}


def test_a_rebound_reaches_a_nurse_with_its_reason(world: World) -> None:
    world.enrol()
    for day, value in ((1, 5), (3, 3), (7, 2), (14, 1)):
        answer_on(world, day, value)
    assert world.alerts() == []
    answer_on(world, 21, 6)
    reasons = [alert.reason["en"] for alert in world.alerts()]
    assert any("6" in reason and "1" in reason for reason in reasons)
    assert {alert.tier for alert in world.alerts()} == {"same_day"}


def test_a_resolved_alert_does_not_come_back_with_the_next_text(world: World) -> None:
    world.enrol()
    answer_on(world, 7, 8)
    for alert in world.alerts():
        with transaction(world.engine, world.nurse.clinic_id) as session:
            resolve(
                session,
                world.nurse,
                session.get_one(Alert, alert.id),
                outcome="called",
                note="",
                now=world.now,
            )
    world.advance(hours=1).text_in("I have a fever of 39")
    assert [alert.rule for alert in world.alerts(status="open")] == [world.alerts()[-1].rule]
    assert len(world.alerts(status="open")) == 1


def test_the_same_cause_folds_into_one_alert(world: World) -> None:
    world.enrol()
    world.text_in("I have a fever of 39")
    world.advance(minutes=10).text_in("still a fever, 39.5")
    (alert,) = world.alerts()
    assert (alert.repeats, alert.quote) == (1, "still a fever, 39.5")


def test_new_words_put_a_taken_alert_back_in_front_of_everyone(world: World) -> None:
    world.enrol()
    world.text_in("I have a fever of 39")
    with transaction(world.engine, world.nurse.clinic_id) as session:
        acknowledge(session, world.nurse, session.get_one(Alert, world.alerts()[0].id), now=world.now)
    world.advance(minutes=10).text_in("fever is 40 now")
    assert [alert.status for alert in world.alerts()] == ["open"]


def test_two_missed_check_ins_in_the_first_week_lose_sight_of_a_patient(world: World) -> None:
    world.enrol()
    world.tick()
    for _ in range(4 * 7):
        world.advance(hours=6).tick()
    lost = [alert for alert in world.alerts() if alert.tier == "lost_sight"]
    assert len(lost) == 1
    assert world.rows(CheckIn, CheckIn.status == "missed")


def test_a_resolved_silence_is_not_raised_again_by_the_clock(world: World) -> None:
    test_two_missed_check_ins_in_the_first_week_lose_sight_of_a_patient(world)
    (lost,) = world.alerts(status="open")
    with transaction(world.engine, world.nurse.clinic_id) as session:
        resolve(
            session,
            world.nurse,
            session.get_one(Alert, lost.id),
            outcome="called",
            note="well",
            now=world.now,
        )
    world.advance(hours=1).tick()
    assert [alert for alert in world.alerts(status="open") if alert.tier == "lost_sight"] == []


def test_a_nurse_records_an_answer_given_by_phone_after_it_was_missed(world: World) -> None:
    enrolment = world.enrol()
    check_in = enrolment.check_ins[0]
    world.now = check_in.expires_at + timedelta(minutes=1)
    world.tick()
    assert world.rows(CheckIn, CheckIn.id == check_in.id)[0].status == "missed"
    answer_by(world, check_in, 4, source="nurse")
    assert world.rows(CheckIn, CheckIn.id == check_in.id)[0].status == "answered"


@pytest.mark.parametrize("value", [-1, 11])
def test_a_value_outside_the_scale_is_refused(world: World, value: int) -> None:
    check_in = world.enrol().check_ins[0]
    world.now = check_in.due_at
    with pytest.raises(Invalid, match="0 to 10"):
        answer_by(world, check_in, value, source="app")


def test_a_check_in_cannot_be_answered_before_it_is_due(world: World) -> None:
    check_in = world.enrol().check_ins[0]
    with pytest.raises(Conflict, match="not open yet"):
        answer_by(world, check_in, 3, source="app")


def test_an_alert_is_taken_by_one_person_only(world: World) -> None:
    world.enrol()
    world.text_in("I have a fever of 39")
    (alert,) = world.alerts()
    import uuid

    other = Actor(uuid.uuid4(), "Can", world.nurse.clinic_id)
    with transaction(world.engine, world.nurse.clinic_id) as session:
        acknowledge(session, world.nurse, session.get_one(Alert, alert.id), now=world.now)
    with pytest.raises(Conflict, match="somebody else"), transaction(world.engine) as session:
        acknowledge(session, other, session.get_one(Alert, alert.id), now=world.now)


def test_a_graver_finding_of_the_same_cause_puts_a_taken_alert_back(world: World) -> None:
    plan = world.enrol().care_plan
    mild = Finding("some_rule", Tier.NEXT_DAY, "some_cause", {"en": "Mild"})
    grave = Finding("some_rule", Tier.EMERGENCY, "some_cause", {"en": "Grave"})
    with transaction(world.engine) as session:
        (alert,) = raise_alerts(session, session.get_one(CarePlan, plan.id), [mild], now=world.now)
        acknowledge(session, world.nurse, alert, now=world.now)
    with transaction(world.engine) as session:
        raise_alerts(session, session.get_one(CarePlan, plan.id), [grave], now=world.now)
    (alert,) = world.alerts()
    assert (alert.tier, alert.status, alert.reason) == ("emergency", "open", {"en": "Grave"})
