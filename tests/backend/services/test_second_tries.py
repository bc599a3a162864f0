"""A text that was taken and not delivered goes once more where that makes sense, and never a third time."""

from collections.abc import Callable

import pytest

from backend.db import transaction
from backend.models import CarePlan, MessageEvent, Milestone, OutboundMessage, Patient
from backend.outbox import record_report
from backend.services.consent import record_consent
from backend.services.milestones import change_milestone
from backend.services.plans import hold
from backend.services.writing import write_message
from notifications.gateway import DeliveryReport, PermanentSendError
from tests.world import World

PHONE_OFF, NO_ROOM = 30003, 30001


@pytest.fixture
def plan(world: World) -> CarePlan:
    """Ayşe was enrolled and welcomed."""
    plan = world.enrol().care_plan
    world.tick()
    return plan


@pytest.fixture
def asked(world: World, plan: CarePlan) -> OutboundMessage:
    """Ayşe's first question has just been handed to the provider."""
    (first, *_) = world.messages(purpose="ask", care_plan_id=plan.id)
    world.now = first.due_at
    world.tick()
    (message,) = world.messages(id=first.id)
    assert message.status == "accepted"
    return message


def again(world: World) -> list[OutboundMessage]:
    """The second tries there are."""
    return [message for message in world.messages() if message.identity.endswith("/again")]


def only_again(world: World) -> OutboundMessage:
    (message,) = again(world)
    return message


@pytest.mark.parametrize(("code", "minutes"), [(PHONE_OFF, 60), (NO_ROOM, 5), (30500, 5)])
def test_what_may_pass_is_tried_once_more(
    world: World, asked: OutboundMessage, code: int, minutes: int
) -> None:
    world.report(asked, "undelivered", code=code)
    world.advance(minutes=minutes - 1).tick()
    assert only_again(world).status == "scheduled"
    world.advance(minutes=1).tick()
    assert only_again(world).status == "accepted"
    assert world.sent()[-1] == asked.body


def test_the_second_try_is_the_same_text_for_the_same_check_in(world: World, asked: OutboundMessage) -> None:
    world.report(asked, "undelivered", code=PHONE_OFF)
    second = only_again(world)
    same = (
        "body",
        "language",
        "check_in_id",
        "care_plan_id",
        "purpose",
        "template",
        "expires_at",
        "lateness",
    )
    assert {name: getattr(second, name) for name in same} == {name: getattr(asked, name) for name in same}


def test_both_texts_say_in_words_that_it_is_tried_again(world: World, asked: OutboundMessage) -> None:
    world.report(asked, "undelivered", code=PHONE_OFF)
    (first,) = world.messages(id=asked.id)
    assert first.why == "the phone was off: a second try follows an hour later"
    assert only_again(world).why == "second try: the phone was off an hour before"
    assert first.why in [line.why for line in world.rows(MessageEvent, MessageEvent.message_id == asked.id)]


def test_the_first_text_keeps_its_final_status(world: World, asked: OutboundMessage) -> None:
    world.report(asked, "undelivered", code=PHONE_OFF)
    (first,) = world.messages(id=asked.id)
    assert (first.status, first.error_code) == ("undelivered", PHONE_OFF)


def test_a_report_that_comes_twice_makes_one_second_try(world: World, asked: OutboundMessage) -> None:
    world.report(asked, "undelivered", code=PHONE_OFF)
    world.report(asked, "undelivered", code=PHONE_OFF)
    assert len(again(world)) == 1


def test_there_is_never_a_third_try(world: World, asked: OutboundMessage) -> None:
    world.report(asked, "undelivered", code=PHONE_OFF)
    world.advance(hours=1).tick()
    world.report(only_again(world), "undelivered", code=PHONE_OFF)
    assert len(again(world)) == 1


def test_a_nurse_hears_of_it_only_when_the_second_try_fails_too(world: World, asked: OutboundMessage) -> None:
    world.report(asked, "undelivered", code=PHONE_OFF)
    assert world.alerts() == []
    world.advance(hours=1).tick()
    world.report(only_again(world), "undelivered", code=PHONE_OFF)
    assert [alert.rule for alert in world.alerts()] == ["text_lost"]


@pytest.mark.parametrize("code", [30007, 30008, 21610, 30005, None])
def test_what_does_not_pass_by_itself_is_not_tried_again(
    world: World, asked: OutboundMessage, code: int | None
) -> None:
    world.report(asked, "undelivered", code=code)
    assert again(world) == []


def test_a_text_that_would_be_too_late_is_not_tried_again(world: World, asked: OutboundMessage) -> None:
    world.now = asked.expires_at
    world.advance(minutes=-60)
    world.report(asked, "undelivered", code=PHONE_OFF)
    assert again(world) == []


def test_a_text_that_was_never_taken_is_the_dispatchers_to_try_again(world: World, plan: CarePlan) -> None:
    with transaction(world.engine, world.nurse.clinic_id) as session:
        patient = session.get_one(Patient, plan.patient_id)
        write_message(session, world.nurse, patient, "Please call us.", now=world.now)
    world.gateway.fail_next(*[PermanentSendError("phone off", code=PHONE_OFF)] * 2)
    world.tick()
    world.advance(hours=1, minutes=5).tick()
    (written,) = world.messages(purpose="written")
    assert (written.status, written.attempt, again(world)) == ("failed", 2, [])


def opt_out(world: World, plan: CarePlan) -> None:
    with transaction(world.engine) as session:
        patient = session.get_one(Patient, plan.patient_id)
        record_consent(
            session,
            world.nurse,
            patient,
            state="opted_out",
            source="phone",
            wording="STOP",
            given_at=world.now,
            now=world.now,
        )


def put_on_hold(world: World, plan: CarePlan) -> None:
    with transaction(world.engine) as session:
        hold(session, world.nurse, session.get_one(CarePlan, plan.id), now=world.now)


@pytest.mark.parametrize("happens", [opt_out, put_on_hold, lambda world, _: world.text_in("3")])
def test_a_text_that_became_needless_meanwhile_is_not_tried_again(
    world: World, plan: CarePlan, asked: OutboundMessage, happens: Callable[[World, CarePlan], object]
) -> None:
    happens(world, plan)
    world.report(asked, "undelivered", code=PHONE_OFF)
    assert again(world) == []


def test_an_answer_calls_the_second_try_off(world: World, asked: OutboundMessage) -> None:
    world.report(asked, "undelivered", code=PHONE_OFF)
    world.text_in("3")
    assert only_again(world).status == "cancelled"


def test_a_reminder_of_a_milestone_that_was_moved_meanwhile_is_not_repeated(
    world: World, plan: CarePlan
) -> None:
    milestone = world.milestone(plan, "physical_therapy")
    (reminder, *_) = world.messages(milestone_id=milestone.id)
    world.now = reminder.due_at
    for _ in range(5):  # others are due as well, and one patient's texts keep their distance
        world.tick()
        world.advance(minutes=1)
    (reminder,) = world.messages(id=reminder.id)
    assert reminder.status == "accepted"
    with transaction(world.engine, plan.clinic_id) as session:
        row = session.get_one(Milestone, milestone.id)
        booked_at = world.now.replace(hour=12) + (row.due_at - world.now)
        change_milestone(session, world.nurse, row, status="booked", booked_at=booked_at, now=world.now)
    world.report(reminder, "undelivered", code=NO_ROOM)
    assert again(world) == []


def test_the_providers_list_counts_as_a_report(world: World, asked: OutboundMessage) -> None:
    report = DeliveryReport(asked.provider_sid or "", "failed", NO_ROOM)
    with transaction(world.engine) as session:
        outcome = record_report(session, asked.id, 1, report, now=world.now, note=": found in its list")
    assert outcome is not None
    assert outcome.error_class == "temporary"
