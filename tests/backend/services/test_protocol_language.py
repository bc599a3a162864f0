"""What the protocol language asks about reaches the plan: job, flight, checklist, closed days, figures."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from backend.db import transaction
from backend.errors import Invalid
from backend.models import Clinic, ClinicProtocol, Milestone, OutboundMessage
from backend.services.protocols import own_figures, protocol_of, sign_protocol, signed_protocol
from tests.world import World

MET = {
    **dict.fromkeys(("contained_herniation", "fitting_pain", "conservative_treatment"), "yes"),
    **dict.fromkeys(
        (
            "low_disc",
            "calcified_annulus",
            "large_herniation",
            "instability",
            "stenosis",
            "spondylolisthesis",
            "bleeding_disorder",
            "active_infection",
        ),
        "no",
    ),
}


@pytest.mark.parametrize(("job", "has_desk_work"), [("desk", True), ("heavy", False), (None, True)])
def test_desk_work_is_no_milestone_of_who_works_with_their_hands(world: World, job, has_desk_work) -> None:
    made = world.enrol(job=job)
    assert ("desk_work" in {row.step_key for row in made.milestones}) is has_desk_work


def test_who_flies_home_is_written_to_the_day_before(world: World) -> None:
    world.at(2026, 11, 23, 8)
    world.enrol(flies_home_on=date(2026, 11, 28))
    (text,) = world.messages(template="education_flight")
    assert text.due_at.astimezone(ZoneInfo("Europe/Istanbul")).strftime("%d %H:%M") == "27 10:00"


def test_who_stays_hears_nothing_of_flights(world: World) -> None:
    world.enrol()
    assert world.messages(template="education_flight") == []


def test_a_flight_before_the_procedure_is_refused(world: World) -> None:
    world.at(2026, 11, 23, 8)
    with pytest.raises(Invalid) as caught:
        world.enrol(flies_home_on=date(2026, 11, 22))
    assert caught.value.fields == {
        "flies_home_on": ["this is before the procedure; give the day of the flight home."]
    }


@pytest.mark.parametrize(
    ("wrong", "field", "complaint"),
    [
        ({"job": "pilot"}, "job", "choose one of desk, standing, heavy, none."),
        (
            {"selection": {"age": "yes"}},
            "selection",
            "'age' is no criterion; the criteria are contained_hern",
        ),
        (
            {"selection": {"stenosis": "maybe"}},
            "selection",
            "'stenosis' is answered with one of yes, no, not",
        ),
    ],
)
def test_what_nobody_can_mean_is_named(world: World, wrong, field, complaint) -> None:
    with pytest.raises(Invalid) as caught:
        world.enrol(**wrong)
    assert caught.value.fields[field][0].startswith(complaint)


def test_a_checklist_that_is_met_is_kept_and_warns_of_nothing(world: World) -> None:
    made = world.enrol(selection=MET)
    assert (made.procedure.selection, made.warnings) == (MET, ())


def test_a_checklist_that_is_not_met_warns_and_enrols(world: World) -> None:
    made = world.enrol(selection=MET | {"stenosis": "yes", "low_disc": "not_known"})
    assert [(one.key, one.answer) for one in made.warnings] == [
        ("low_disc", "not_known"),
        ("stenosis", "yes"),
    ]
    assert made.care_plan.status == "active"


def close(world: World, *days: str) -> None:
    """Let the clinic close on these days."""
    with transaction(world.engine) as session:
        session.get_one(Clinic, world.nurse.clinic_id).closed_days = list(days)


def test_what_can_be_booked_gives_way_to_a_closed_day_and_keeps_the_reason(world: World) -> None:
    world.at(2026, 11, 23, 8)  # D14 is Monday 7 December
    close(world, "2026-12-07")
    made = world.enrol()
    (visit,) = world.rows(
        Milestone, Milestone.care_plan_id == made.care_plan.id, Milestone.step_key == "first_follow_up"
    )
    assert visit.due_at.astimezone(ZoneInfo("Europe/Istanbul")).date() == date(2026, 12, 8)
    assert visit.moved == {
        "en": "moved to Tue 8 Dec: the clinic is closed that day",
        "tr": "8 Aralık Salı gününe alındı: klinik o gün kapalı",
    }


def test_what_does_not_need_the_clinic_stays_on_its_day(world: World) -> None:
    world.at(2026, 11, 23, 8)
    close(world, "2026-11-25")
    made = world.enrol()
    (light,) = [row for row in made.milestones if row.step_key == "light_activity"]
    assert (light.due_at.day, light.moved) == (25, {})


def test_a_question_stays_on_its_day_and_hour_though_the_clinic_is_closed(world: World) -> None:
    world.at(2026, 11, 27, 8)  # D1 is a Saturday
    world.enrol()
    asked = world.rows(OutboundMessage, OutboundMessage.step_key == "check_in_d1")
    assert {row.due_at.date() for row in asked} == {date(2026, 11, 28)}


FIGURE = {"value": "P8W", "by": "Dr Kaya", "on": date(2026, 11, 20), "reason": "our own series"}


def sign(world: World, figures: dict[str, object]) -> None:
    """Sign the lumbar protocol with these figures."""
    with transaction(world.engine) as session:
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", figures, now=world.now)


def test_a_figure_with_its_own_approver_is_kept_and_planned_with(world: World) -> None:
    sign(world, {"heavy_lifting.ends": FIGURE})
    made = world.enrol()
    (lifting,) = [row for row in made.restrictions if row.step_key == "heavy_lifting"]
    step = protocol_of(made.care_plan).step("heavy_lifting")
    assert (lifting.ends_at - lifting.starts_at).days == 56
    assert (step.approved_by, step.approved_on) == ("Dr Kaya", date(2026, 11, 20))


def test_the_page_can_say_base_own_figure_and_approver(world: World) -> None:
    sign(world, {"heavy_lifting.ends": FIGURE, "first_follow_up.window.due": "P10D"})
    with transaction(world.engine) as session:
        protocol = signed_protocol(session, world.nurse.clinic_id, "nucleoplasty_lumbar")
        (signature,) = session.query(ClinicProtocol).filter_by(protocol="nucleoplasty_lumbar").all()
        told = {
            one.key: (one.base, one.value, one.by, one.reason) for one in own_figures(protocol, signature)
        }
    assert told == {
        "heavy_lifting.ends": ("", "P8W", "Dr Kaya", "our own series"),
        "first_follow_up.window.due": ("P14D", "P10D", world.nurse.name, ""),
    }


def test_a_figure_without_its_day_of_approval_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        sign(world, {"heavy_lifting.ends": {"value": "P8W", "by": "Dr Kaya"}})
    assert caught.value.fields == {
        "steps.heavy_lifting.ends.on": ["missing; by (a clinician) and on (a day) belong together"]
    }
