"""Everybody on a protocol put on one version of it: seen first, then done, a batch at a time."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from backend.db import transaction
from backend.errors import Invalid
from backend.models import AuditEvent, CarePlan, PlanRevision, Restriction
from backend.services.cohorts import Target, preview_cohort, replan_cohort, target_version
from backend.services.procedure_changes import NewCourse
from backend.services.protocols import sign_protocol
from backend.services.replanning import preview
from backend.services.undoing import undo
from tests.world import CLINIC, SIGNED, World

LONGER = {"heavy_lifting.ends": "P8W", "check_in_d3.local_time": "11:00"}


def begin(world: World) -> Callable[[], AbstractContextManager[Session]]:
    return lambda: transaction(world.engine)


@pytest.fixture
def target(world: World) -> Target:
    """Five enrolled patients, and the figures the clinic signed after that."""
    for number in range(5):
        world.enrol(world.patient(phone=f"+90532123456{number}"), performed_at=world.now)
    with begin(world)() as session:
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", LONGER, now=world.now)
        return target_version(session, world.nurse, "nucleoplasty_lumbar", None)


def limits(world: World) -> set[timedelta]:
    return {
        row.ends_at - row.starts_at
        for row in world.rows(Restriction, Restriction.step_key == "heavy_lifting")
    }


def test_a_preview_counts_and_changes_nothing(world: World, target: Target) -> None:
    before = limits(world)
    counts = preview_cohort(begin(world), world.nurse, target, now=world.now)
    assert (counts.plans, counts.changed) == (5, 5)
    assert limits(world) == before
    assert world.rows(PlanRevision) == []


def test_the_preview_of_all_is_the_sum_of_the_previews_of_each(world: World, target: Target) -> None:
    """Though it works out only the steps that differ."""
    course = NewCourse(protocol=target.protocol, overrides=target.overrides)
    with begin(world)() as session:
        each = [
            preview(session, session.get_one(CarePlan, row.id), course, now=world.now).counts
            for row in world.rows(CarePlan)
        ]
    counts = preview_cohort(begin(world), world.nurse, target, now=world.now)
    assert counts.parts == {name: sum(one[name] for one in each) for name in counts.parts}


def test_what_was_seen_is_what_is_done(world: World, target: Target) -> None:
    foreseen = preview_cohort(begin(world), world.nurse, target, now=world.now)
    done = replan_cohort(begin(world), world.nurse, target, reason="", now=world.now)
    assert done == foreseen
    assert limits(world) == {timedelta(weeks=8)}
    assert {row.overrides["heavy_lifting.ends"] for row in world.rows(CarePlan)} == {"P8W"}


def test_done_again_it_changes_nobody(world: World, target: Target) -> None:
    replan_cohort(begin(world), world.nurse, target, reason="", now=world.now)
    again = replan_cohort(begin(world), world.nurse, target, reason="", now=world.now)
    assert (again.plans, again.changed) == (5, 0)
    assert len(world.rows(PlanRevision)) == 5


def test_every_plan_keeps_its_own_record_and_is_taken_back_alone(world: World, target: Target) -> None:
    replan_cohort(begin(world), world.nurse, target, reason="a new study", now=world.now)
    revisions = world.rows(PlanRevision)
    assert {row.reason for row in revisions} == {"a new study"}
    assert len(world.rows(AuditEvent, AuditEvent.action == "replan")) == 5
    with begin(world)() as session:
        undo(session, world.nurse, session.get_one(PlanRevision, revisions[0].id), now=world.now)
    assert limits(world) == {timedelta(weeks=6), timedelta(weeks=8)}


def test_another_clinics_patients_are_left_alone(world: World, target: Target) -> None:
    elsewhere = world.open_clinic(replace(CLINIC, name="Another Clinic"))
    other = world.enrol(world.patient(actor=elsewhere), actor=elsewhere).care_plan
    counts = replan_cohort(begin(world), world.nurse, target, reason="", now=world.now)
    assert counts.plans == 5
    assert world.rows(CarePlan, CarePlan.id == other.id)[0].overrides == SIGNED


def test_progress_is_told_batch_by_batch(world: World, target: Target) -> None:
    told: list[int] = []
    preview_cohort(begin(world), world.nurse, target, now=world.now, progress=told.append, batch=2)
    assert told == [2, 2, 1]


def test_a_version_the_clinic_has_not_signed_is_refused(world: World) -> None:
    with begin(world)() as session, pytest.raises(Invalid, match="protocol"):
        target_version(session, world.nurse, "nucleoplasty_lumbar", 99)
