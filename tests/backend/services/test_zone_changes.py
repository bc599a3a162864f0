"""A law changes a zone: what is planned keeps its local time, and the job says how much moved."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from backend import jobs
from backend.clock import zone_data_version
from backend.db import transaction
from backend.models import (
    AuditEvent,
    CarePlan,
    Milestone,
    OutboundMessage,
    PlanRevision,
    Procedure,
    ZoneRules,
)
from backend.services.milestones import change_milestone
from backend.services.zone_changes import ZoneCounts, refresh_zones
from tests.world import World
from tests.zones import law

NEWER = "2099.1"


@pytest.fixture
def planned(world: World) -> World:
    """Ayşe is enrolled in Istanbul, and the rules of her zone are known."""
    world.enrol()
    refresh(world, "2026.1")
    return world


def refresh(world: World, version: str = NEWER, *, stop_after: int | None = None) -> ZoneCounts:
    """Look at the zone data as a process does that has this version of it."""
    looks = iter(range(1_000))
    return refresh_zones(
        lambda: transaction(world.engine),
        version,
        now=world.now,
        stopping=lambda: stop_after is not None and next(looks) >= stop_after,
    )


def hours(world: World, **where: object) -> set[str]:
    """At what hours in Istanbul the texts of check-ins are due."""
    zone = ZoneInfo("Europe/Istanbul")
    return {f"{text.due_at.astimezone(zone):%H:%M}" for text in world.messages(purpose="ask", **where)}


def test_future_texts_move_to_the_new_instant_of_their_local_time(planned: World, tmp_path: Path) -> None:
    before = {text.id: text.due_at for text in planned.messages(purpose="ask")}
    with law(tmp_path, "Europe/Istanbul", "Etc/GMT-2"):
        counts = refresh(planned)
        assert hours(planned) == {"10:00"}
    moved = {text.id: text.due_at - before[text.id] for text in planned.messages(purpose="ask")}
    assert set(moved.values()) == {timedelta(hours=1)}
    assert (counts.zones, counts.plans) == (1, 1)
    assert counts.texts >= len(moved)


def test_running_it_again_moves_nothing(planned: World, tmp_path: Path) -> None:
    with law(tmp_path, "Europe/Istanbul", "Etc/GMT-2"):
        refresh(planned)
        due = [text.due_at for text in planned.messages()]
        assert refresh(planned) == ZoneCounts()
        assert refresh(planned, "2099.2") == ZoneCounts()
        assert [text.due_at for text in planned.messages()] == due


def test_new_data_that_says_the_same_moves_nothing(planned: World) -> None:
    assert refresh(planned) == ZoneCounts()
    assert {row.data_version for row in planned.rows(ZoneRules)} == {NEWER}


def test_what_was_sent_stays_as_it_was(planned: World, tmp_path: Path) -> None:
    planned.at(2026, 11, 24, 7, 0).run(minutes=3)
    (asked,) = [text for text in planned.messages(purpose="ask") if text.status == "accepted"]
    with law(tmp_path, "Europe/Istanbul", "Etc/GMT-2"):
        refresh(planned)
    (still,) = planned.rows(OutboundMessage, OutboundMessage.id == asked.id)
    assert (still.status, still.due_at) == (asked.status, asked.due_at)


def test_an_appointment_keeps_its_hour_on_the_clock(planned: World, tmp_path: Path) -> None:
    (plan,) = planned.rows(CarePlan)
    visit = planned.milestone(plan, "first_follow_up")
    with transaction(planned.engine, planned.nurse.clinic_id) as session:
        change_milestone(
            session,
            planned.nurse,
            session.get_one(Milestone, visit.id),
            booked_at=visit.due_at,
            now=planned.now,
        )
    with law(tmp_path, "Europe/Istanbul", "Etc/GMT-2"):
        counts = refresh(planned)
    assert planned.milestone(plan, "first_follow_up").booked_at == visit.due_at + timedelta(hours=1)
    assert counts.appointments == 1


def test_a_planned_procedure_keeps_its_hour_on_the_clock(world: World, tmp_path: Path) -> None:
    procedure_at = world.now + timedelta(days=10)
    plan = world.enrol(performed_at=procedure_at).care_plan
    refresh(world, "2026.1")
    with law(tmp_path, "Europe/Istanbul", "Etc/GMT-2"):
        refresh(world)
    (procedure,) = world.rows(Procedure)
    (moved,) = world.rows(CarePlan, CarePlan.id == plan.id)
    assert procedure.performed_at == moved.anchor_at == procedure_at + timedelta(hours=1)


def test_a_patient_elsewhere_is_left_alone(planned: World, tmp_path: Path) -> None:
    with law(tmp_path, "Europe/Berlin", "Etc/GMT-2"):
        assert refresh(planned) == ZoneCounts()


def test_only_the_patients_zone_counts_for_the_patients_hour(world: World, tmp_path: Path) -> None:
    world.enrol(world.patient(timezone="Europe/Berlin"))
    refresh(world, "2026.1")
    with law(tmp_path, "Europe/Berlin", "Etc/GMT-2"):
        counts = refresh(world)
        zone = ZoneInfo("Europe/Berlin")
        asked = {f"{text.due_at.astimezone(zone):%H:%M}" for text in world.messages(purpose="ask")}
    assert (asked, counts.zones, counts.plans) == ({"10:00"}, 1, 1)


def test_a_worker_stopped_in_the_middle_goes_on_at_its_next_start(planned: World, tmp_path: Path) -> None:
    with law(tmp_path, "Europe/Istanbul", "Etc/GMT-2"):
        assert refresh(planned, stop_after=0).plans == 0
        assert refresh(planned).plans == 1
        assert hours(planned) == {"10:00"}


def test_the_record_says_why_and_every_text_does(planned: World, tmp_path: Path) -> None:
    with law(tmp_path, "Europe/Istanbul", "Etc/GMT-2"):
        refresh(planned)
    (revision,) = planned.rows(PlanRevision)
    assert (revision.cause, revision.actor) == ("time_zone_changed", "system")
    assert {text.why.split(";")[0] for text in planned.messages(purpose="ask")} == {
        "follows the new rules of the time zone"
    }
    assert [row.detail["cause"] for row in planned.rows(AuditEvent, AuditEvent.action == "replan")] == [
        "time_zone_changed"
    ]


def test_the_job_notes_the_zones_in_use_with_the_data_it_has(world: World) -> None:
    world.enrol(world.patient(timezone="Asia/Kolkata"))
    assert jobs.JOBS["refresh_time_zones"](world.engine, world.now) == ZoneCounts()
    assert {(row.zone, row.data_version) for row in world.rows(ZoneRules)} == {
        ("Asia/Kolkata", zone_data_version()),
        ("Europe/Istanbul", zone_data_version()),
    }
