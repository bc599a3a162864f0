"""A patient followed after two procedures: one question a day where one is enough, and none confused."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.db import transaction
from backend.models import CarePlan, CheckIn, MessageEvent, Observation, OutboundMessage
from backend.services.actors import Actor
from backend.services.check_ins import GivenAnswer, answer_check_in
from notifications.gateway import PermanentSendError, TransientSendError
from tests.backend.test_claiming import outbox
from tests.world import World

TOGETHER = "asked together with "
WAITS = "waits: a question about another region is open"


def follow(world: World, *, region: str = "lumbar", before: int = 6) -> tuple[CarePlan, CarePlan]:
    """L4-L5 a week ago with a pain of 8 before it, and L5-S1 or the neck six days later.

    Day 7 of the first and day 1 of the second fall on 24 November, at ten in Istanbul.
    """
    patient = world.patient()
    first = world.enrol(patient, performed_at=world.now - timedelta(days=6))
    levels = ("L5-S1",) if region == "lumbar" else ("C5-C6",)
    second = world.enrol(
        patient,
        performed_at=world.now - timedelta(hours=1),
        region=region,
        levels=levels,
        baseline_pain=before,
    )
    world.run(minutes=4)
    world.gateway.sent.clear()
    world.at(2026, 11, 24, 7, 0)
    return first.care_plan, second.care_plan


def questions(world: World) -> list[str]:
    """The questions that were sent since the day began."""
    return [body for body in world.sent() if "how strong" in body.lower()]


def todays(world: World, plan: CarePlan) -> CheckIn:
    """The check-in of 24 November."""
    (found,) = [row for row in world.check_ins(plan) if row.due_at.date() == world.now.date()]
    return found


def ask_of(world: World, plan: CarePlan) -> OutboundMessage:
    (found,) = world.messages(check_in_id=todays(world, plan).id, purpose="ask")
    return found


def answers(world: World, plan: CarePlan) -> list[int]:
    return [row.value for row in world.rows(Observation, Observation.care_plan_id == plan.id)]


# the same region


def test_the_same_question_goes_once_a_day(world: World) -> None:
    first, second = follow(world)
    world.run(minutes=5)
    assert len(questions(world)) == 1
    assert {todays(world, plan).asked_at is not None for plan in (first, second)} == {True}


def test_two_workers_do_not_both_ask(world: World) -> None:
    follow(world)
    (one,), (other,) = (outbox(world).claim(world.now, 1) for _ in range(2))
    assert one.not_before is None
    assert other.not_before == world.now + timedelta(minutes=1)


def test_the_record_says_that_it_was_asked_together(world: World) -> None:
    plans = follow(world)
    world.run(minutes=5)
    (carried,) = [ask for plan in plans if (ask := ask_of(world, plan)).status == "cancelled"]
    assert carried.why.startswith(TOGETHER)
    lines = world.rows(MessageEvent, MessageEvent.message_id == carried.id)
    assert any(line.why.startswith(TOGETHER) for line in lines)


def test_one_answer_answers_both(world: World) -> None:
    first, second = follow(world)
    world.run(minutes=5)
    assert world.text_in("4").status == "handled"
    assert (answers(world, first), answers(world, second)) == ([4], [4])
    assert {todays(world, plan).status for plan in (first, second)} == {"answered"}


def test_each_plan_judges_it_against_its_own_baseline(world: World) -> None:
    patient = world.patient()
    plans = {
        before: world.enrol(
            patient, performed_at=world.now - timedelta(days=days - 1), baseline_pain=before
        ).care_plan
        for days, before in ((28, 8), (14, 4))
    }
    world.at(2026, 11, 24, 7, 0).run(minutes=5)
    world.text_in("6")
    assert [answers(world, plan) for plan in plans.values()] == [[6], [6]]
    assert [alert.care_plan_id for alert in world.alerts() if alert.rule == "above_baseline"] == [plans[4].id]


def test_an_answer_in_the_app_answers_both_too(world: World) -> None:
    first, second = follow(world)
    with transaction(world.engine) as session:
        check_in = session.get_one(CheckIn, todays(world, first).id)
        answer_check_in(
            session,
            Actor.system(first.clinic_id),
            check_in,
            [GivenAnswer(question="pain", value=3)],
            source="app",
            now=world.now,
        )
    world.run(minutes=5)
    assert questions(world) == []
    assert answers(world, second) == [3]


def test_an_answer_is_amended_for_both(world: World) -> None:
    first, second = follow(world)
    world.run(minutes=5)
    world.text_in("4")
    world.advance(minutes=5).text_in("5")
    assert (answers(world, first), answers(world, second)) == ([4, 5], [4, 5])


def test_the_nudge_goes_once_too(world: World) -> None:
    follow(world)
    world.run(minutes=5)
    world.at(2026, 11, 24, 11, 10).run(minutes=5)
    assert len(questions(world)) == 2


def test_when_the_text_that_carries_both_is_refused_the_other_asks(world: World) -> None:
    first, second = follow(world)
    world.gateway.fail_next(PermanentSendError("no", code=30007))
    world.run(minutes=5)
    assert len(questions(world)) == 1
    assert len([plan for plan in (first, second) if todays(world, plan).asked_at]) == 1


def test_when_it_must_be_tried_again_the_other_waits(world: World) -> None:
    follow(world)
    world.gateway.fail_next(TransientSendError("busy"))
    world.run(minutes=10)
    assert len(questions(world)) == 1


def test_when_it_is_not_delivered_neither_counts_as_asked(world: World) -> None:
    first, second = follow(world)
    world.run(minutes=5)
    (carrier,) = [ask for plan in (first, second) if (ask := ask_of(world, plan)).status == "accepted"]
    world.report(carrier, "undelivered", code=30007)
    assert [todays(world, plan).asked_at for plan in (first, second)] == [None, None]


def test_a_plan_on_hold_carries_nothing(world: World) -> None:
    first, second = follow(world)
    with transaction(world.engine) as session:
        session.execute(update(CarePlan).where(CarePlan.id == first.id).values(status="on_hold"))
    world.run(minutes=5)
    assert (len(questions(world)), ask_of(world, second).status) == (1, "accepted")
    world.text_in("4")
    assert (answers(world, first), answers(world, second)) == ([], [4])


def test_the_same_advice_goes_once(world: World) -> None:
    patient = world.patient()
    for hours in (2, 1):
        world.enrol(patient, performed_at=world.now - timedelta(days=1 + 30 * (hours - 1), hours=hours))
    with transaction(world.engine) as session:  # both plans' wound care on one day
        session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.template == "education_wound")
            .values(due_at=world.now + timedelta(hours=20), expires_at=world.now + timedelta(days=2))
        )
    wound = world.messages(template="education_wound")
    world.at(2026, 11, 24, 7, 0).run(minutes=6)
    sent = [message for message in world.messages(template="education_wound") if message.status == "accepted"]
    assert len(sent) == min(1, len(wound))


# another region


@pytest.fixture
def back_and_neck(world: World) -> tuple[CarePlan, CarePlan]:
    """Followed for the back and the neck; both plans ask on 24 November."""
    return follow(world, region="cervical")


def test_questions_about_two_regions_name_theirs_and_are_two_hours_apart(
    world: World, back_and_neck: tuple[CarePlan, CarePlan]
) -> None:
    world.run(minutes=5)
    assert len(questions(world)) == 1
    world.at(2026, 11, 24, 8, 59).run(minutes=1)
    assert len(questions(world)) == 1
    world.run(minutes=5)
    assert sorted("neck" in body for body in questions(world)) == [False, True]
    assert not any("back or neck" in body for body in questions(world))


def test_the_second_question_follows_the_first_answer(
    world: World, back_and_neck: tuple[CarePlan, CarePlan]
) -> None:
    back, neck = back_and_neck
    world.run(minutes=5)
    first_is_back = "your back" in questions(world)[0]
    world.text_in("3")
    world.run(minutes=3)
    assert len(questions(world)) == 2
    world.text_in("6")
    assert [*answers(world, back), *answers(world, neck)] == ([3, 6] if first_is_back else [6, 3])


def test_a_number_is_for_the_question_that_was_put_not_for_the_one_that_waits(
    world: World, back_and_neck: tuple[CarePlan, CarePlan]
) -> None:
    back, neck = back_and_neck
    world.run(minutes=5)
    asked_back = "your back" in questions(world)[0]
    world.text_in("3")
    assert (answers(world, back), answers(world, neck)) == (([3], []) if asked_back else ([], [3]))


def test_with_both_open_a_number_is_for_the_one_asked_last(
    world: World, back_and_neck: tuple[CarePlan, CarePlan]
) -> None:
    back, neck = back_and_neck
    world.run(minutes=5)
    world.at(2026, 11, 24, 9, 1).run(minutes=3)
    last_is_neck = "your neck" in questions(world)[-1]
    assert len(questions(world)) == 2
    world.text_in("3")
    assert (answers(world, neck), answers(world, back)) == (([3], []) if last_is_neck else ([], [3]))


@pytest.mark.parametrize(("body", "of_neck"), [("neck 3", True), ("my back 3", False)])
def test_a_number_with_a_region_is_that_ones(
    world: World, back_and_neck: tuple[CarePlan, CarePlan], body: str, of_neck: bool
) -> None:
    back, neck = back_and_neck
    world.run(minutes=5)
    world.at(2026, 11, 24, 9, 1).run(minutes=3)
    world.text_in(body)
    assert (answers(world, neck), answers(world, back)) == (([3], []) if of_neck else ([], [3]))


def test_a_number_that_could_be_for_either_goes_to_a_person(
    world: World, back_and_neck: tuple[CarePlan, CarePlan]
) -> None:
    world.run(minutes=5)
    world.text_in("3")
    world.run(minutes=3)
    world.text_in("6")
    text = world.text_in("5")  # amends one of the two, but which?
    assert (text.status, [len(answers(world, plan)) for plan in back_and_neck]) == ("needs_review", [1, 1])
    assert text.why == "the number 5, which could be meant for either of two questions"


def test_a_sign_is_judged_by_the_plan_that_takes_it_gravest(
    world: World, back_and_neck: tuple[CarePlan, CarePlan]
) -> None:
    back, _ = back_and_neck
    world.text_in("I cannot pass urine")
    assert [(alert.care_plan_id, alert.tier) for alert in world.alerts() if alert.tier == "emergency"] == [
        (back.id, "emergency")
    ]
