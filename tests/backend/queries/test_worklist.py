"""What waits for a person, in which order, and until when; and how sending goes."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from backend.db import transaction
from backend.models import WorkerHeartbeat
from backend.queries.courses import course
from backend.queries.sending import House, Traffic, house_of, traffic
from backend.queries.worklist import Line, counts, news_since, worklist
from backend.services.alerts import acknowledge, resolve
from backend.services.enrolment import Enrolment
from backend.services.milestones import change_milestone
from backend.services.plans import hold
from tests.world import OTHER_PHONE, World

ZONE = "Europe/Istanbul"


def lines(world: World, language: str = "en") -> list[Line]:
    with transaction(world.engine, world.nurse.clinic_id) as session:
        return list(worklist(session, now=world.now, language=language, clinic_zone=ZONE))


def kinds(world: World) -> list[str]:
    return [line.kind for line in lines(world)]


def asked(world: World) -> Enrolment:
    """Enrol Ayşe and let her be asked on day 1."""
    enrolment = world.enrol()
    world.at(2026, 11, 24, 7, 1)
    world.tick()
    return enrolment


def traffic_of(world: World) -> Traffic:
    with transaction(world.engine, world.nurse.clinic_id) as session:
        return traffic(session, now=world.now, clinic_zone=ZONE)


def test_nothing_waits_in_a_quiet_clinic(world: World) -> None:
    world.enrol()
    assert lines(world) == []


def test_the_most_urgent_comes_first_then_what_waits_longest(world: World) -> None:
    world.enrol()
    other = world.patient(phone=OTHER_PHONE, given_name="Ali")
    world.enrol(other)
    world.at(2026, 11, 24, 7, 1).tick()
    world.text_in("When may I swim?")
    world.advance(minutes=1)
    world.text_in("I have a fever of 39")
    world.advance(minutes=1)
    world.text_in("I cannot pass urine", sender=OTHER_PHONE)
    world.advance(minutes=1)
    world.text_in("Fever 39 since yesterday", sender=OTHER_PHONE)
    found = [(line.kind, line.given_name) for line in lines(world)]
    assert found == [("emergency", "Ali"), ("same_day", "Ayşe"), ("same_day", "Ali"), ("text", "Ayşe")]


def test_a_line_carries_the_reason_the_words_the_day_and_the_levels(world: World) -> None:
    asked(world)
    world.text_in("I have a fever of 39")
    line = lines(world)[0]
    assert (line.quote, line.day, line.levels, line.status) == ("I have a fever of 39", 1, ("L4-L5",), "open")
    assert "fever" in line.reason


def test_the_reason_is_told_in_the_readers_language(world: World) -> None:
    asked(world)
    world.text_in("I have a fever of 39")
    assert "ateş" in lines(world, "tr")[0].reason


def test_silence_is_a_line_once_the_reminder_has_had_its_time(world: World) -> None:
    asked(world)
    world.advance(hours=7)
    assert kinds(world) == []
    world.advance(hours=2)
    assert [(line.kind, line.times) for line in lines(world)] == [("unanswered", 1)]


def test_an_answer_ends_the_silence(world: World) -> None:
    asked(world)
    world.advance(hours=9)
    world.text_in("3")
    assert kinds(world) == []


def test_silence_that_has_become_an_alert_is_one_line_not_two(world: World) -> None:
    world.enrol()
    for _ in range(6):
        world.advance(days=1)
        world.tick()
    assert kinds(world).count("lost_sight") == 1
    assert "unanswered" not in kinds(world)


def test_a_plan_on_hold_is_not_called_silent(world: World) -> None:
    enrolment = asked(world)
    world.advance(hours=9)
    with transaction(world.engine) as session:
        hold(session, world.nurse, session.merge(enrolment.care_plan), now=world.now)
    assert kinds(world) == []


@pytest.mark.parametrize(("days_before", "waits"), [(20, False), (13, True), (1, True)])
def test_a_visit_is_asked_for_two_weeks_ahead_at_most(world: World, days_before: int, waits: bool) -> None:
    enrolment = world.enrol()
    due_at = world.milestone(enrolment.care_plan, "mri_3_months").due_at
    world.now = due_at - timedelta(days=days_before)
    assert (due_at in [line.due_at for line in lines(world) if line.kind == "booking"]) is waits


def test_an_early_visit_is_asked_for_in_the_last_quarter_of_the_way(world: World) -> None:
    enrolment = world.enrol()
    visit = world.milestone(enrolment.care_plan, "first_follow_up")
    world.now = enrolment.care_plan.anchor_at + timedelta(days=10)
    assert visit.id not in [line.subject_id for line in lines(world)]
    world.now = enrolment.care_plan.anchor_at + timedelta(days=11)
    assert visit.id in [line.subject_id for line in lines(world)]


def test_a_booked_visit_waits_no_more(world: World) -> None:
    enrolment = world.enrol()
    visit = world.milestone(enrolment.care_plan, "first_follow_up")
    world.advance(days=12)
    with transaction(world.engine) as session:
        change_milestone(
            session,
            world.nurse,
            session.merge(visit),
            now=world.now,
            booked_at=world.now + timedelta(days=2),
        )
    assert visit.id not in [line.subject_id for line in lines(world)]


def test_an_alert_about_a_visit_is_not_doubled_by_a_line_to_book_it(world: World) -> None:
    enrolment = world.enrol()
    due_at = world.milestone(enrolment.care_plan, "mri_3_months").due_at
    world.now = due_at - timedelta(days=10)
    world.tick()
    about_mri = [line for line in lines(world) if "MRI" in line.reason]
    assert [line.kind for line in about_mri] == ["next_day"]


def test_a_text_of_an_unknown_number_waits_with_the_number(world: World) -> None:
    world.text_in("Who are you?", sender="+905350000001")
    line = lines(world)[0]
    assert (line.kind, line.patient_id, line.phone) == ("text", None, "+905350000001")


def test_another_clinics_lines_are_not_ours(world: World) -> None:
    asked(world)
    world.text_in("I have a fever of 39")
    with transaction(world.engine, uuid.uuid4()) as session:
        assert worklist(session, now=world.now, language="en", clinic_zone=ZONE) == ()


def test_lines_are_counted_by_kind(world: World) -> None:
    asked(world)
    world.text_in("I have a fever of 39")
    assert counts(lines(world)) == {"same_day": 1}


def test_news_counts_what_was_raised_and_resolved_since(world: World) -> None:
    asked(world)
    world.text_in("I have a fever of 39")
    looked_at = world.now
    world.advance(minutes=5)
    with transaction(world.engine, world.nurse.clinic_id) as session:
        alert = session.merge(world.alerts()[0])
        acknowledge(session, world.nurse, alert, now=world.now)
        resolve(session, world.nurse, alert, outcome="called", note="", now=world.now)
    world.text_in("I cannot pass urine")
    with transaction(world.engine, world.nurse.clinic_id) as session:
        news = news_since(session, looked_at)
    assert (news.raised, news.resolved) == (1, 1)


def test_todays_texts_are_those_still_to_go_on_the_clinics_day(world: World) -> None:
    world.enrol()
    assert traffic_of(world).today == 1  # the welcome
    world.tick()
    assert (traffic_of(world).today, traffic_of(world).next_at) == (0, None)
    world.at(2026, 11, 23, 21, 30)  # half past midnight in Istanbul
    assert traffic_of(world).next_at == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def test_yesterdays_texts_are_counted_with_those_that_arrived(world: World) -> None:
    world.enrol()
    world.tick()
    world.report(world.messages(template="welcome")[0], "delivered")
    world.advance(days=1)
    assert (traffic_of(world).yesterday, traffic_of(world).yesterday_delivered) == (1, 1)


def test_a_worker_that_missed_three_ticks_is_late(world: World) -> None:
    def house() -> House:
        with transaction(world.engine, world.nurse.clinic_id) as session:
            return house_of(session, world.nurse.clinic_id)

    assert house().worker_is_late(world.now)
    with transaction(world.engine) as session:
        session.add(WorkerHeartbeat(worker="w", started_at=world.now, beat_at=world.now, tick_seconds=20))
    assert not house().worker_is_late(world.now + timedelta(seconds=59))
    assert house().worker_is_late(world.now + timedelta(seconds=61))


def test_a_course_keeps_an_answer_given_later_beside_the_first(world: World) -> None:
    enrolment = asked(world)
    world.text_in("5")
    world.advance(minutes=30)
    world.text_in("3")
    plan = enrolment.care_plan
    with transaction(world.engine, world.nurse.clinic_id) as session:
        told = course(session, plan.id, baseline=8, anchor_at=plan.anchor_at, clinic_zone=ZONE, language="en")
    assert [(point.day, point.value) for point in told.points] == [(1, 3)]
    assert told.expected == (8 * (1 - 0.82), 8 * (1 - 0.40))
