"""A procedure becomes a plan with everything it needs, all or nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.db import transaction
from backend.errors import Conflict, Invalid
from backend.models import AuditEvent, CarePlan, CheckIn, Milestone, OutboundMessage, Procedure, Restriction
from backend.services.protocols import sign_protocol
from tests.world import CLINIC, World

OF_A_PLAN = (Procedure, CarePlan, Milestone, Restriction, CheckIn, OutboundMessage)


def test_an_enrolment_writes_the_whole_plan_and_sends_nothing(world: World) -> None:
    enrolment = world.enrol()
    assert {milestone.step_key for milestone in enrolment.milestones} >= {
        "discharge",
        "light_activity",
        "physical_therapy",
        "first_follow_up",
        "mri_3_months",
        "annual_review",
    }
    assert {restriction.step_key for restriction in enrolment.restrictions} >= {
        "heavy_lifting",
        "travel_long",
    }
    assert [check_in.day for check_in in enrolment.check_ins][:6] == [1, 3, 7, 14, 21, 28]
    assert {message.status for message in world.messages()} == {"scheduled"}
    assert world.gateway.sent == []


def test_the_clinics_own_date_for_heavy_lifting_counts(world: World) -> None:
    enrolment = world.enrol()
    (lifting,) = [row for row in enrolment.restrictions if row.step_key == "heavy_lifting"]
    assert lifting.ends_at is not None
    assert (lifting.ends_at.date() - world.now.date()).days == 42


def test_each_text_of_a_plan_is_in_the_outbox_once(world: World) -> None:
    world.enrol()
    identities = [message.identity for message in world.messages()]
    assert len(identities) == len(set(identities)) > 30


def test_a_planned_procedure_brings_texts_before_it(world: World) -> None:
    world.enrol(performed_at=world.now + timedelta(days=20))
    templates = {message.template for message in world.messages()}
    assert {"prepare_medicines", "prepare_day_before"} <= templates
    (procedure,) = world.rows(Procedure)
    assert procedure.status == "planned"


def test_a_procedure_of_last_month_sends_nothing_stale(world: World) -> None:
    world.enrol(performed_at=world.now - timedelta(days=30))
    assert all(message.expires_at > world.now for message in world.messages())
    passed = world.milestone(world.rows(CarePlan)[0], "discharge")
    assert passed.status == "before_enrolment"


def test_what_passed_before_the_enrolment_raises_no_alert(world: World) -> None:
    world.enrol(performed_at=world.now - timedelta(days=30))
    world.tick()
    assert [alert.rule for alert in world.alerts()] == []


@pytest.mark.parametrize(
    ("field", "order"),
    [
        ("performed_at", {"performed_at": datetime(2027, 11, 24, tzinfo=UTC)}),
        ("performed_at", {"performed_at": datetime(2016, 11, 22, tzinfo=UTC)}),
        ("levels", {"levels": ()}),
        ("levels", {"levels": ("C5-C6",)}),
        ("technique", {"technique": "magic"}),
        ("anaesthesia", {"anaesthesia": "none"}),
        ("baseline_pain", {"baseline_pain": 11}),
        ("protocol", {"protocol": "nucleoplasty_thoracic"}),
        ("region", {"region": "cervical", "levels": ("C5-C6",), "protocol": "nucleoplasty_lumbar"}),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_field_and_leaves_nothing(
    world: World, field: str, order: dict[str, Any]
) -> None:
    patient = world.patient()
    with pytest.raises(Invalid) as refusal:
        world.enrol(patient, **order)
    assert list(refusal.value.fields) == [field]
    assert [world.rows(model) for model in OF_A_PLAN] == [[] for _ in OF_A_PLAN]


@pytest.mark.parametrize(
    ("field", "details"),
    [
        ("phone", {"phone": "+902125550100"}),
        ("phone", {"phone": "hello"}),
        ("timezone", {"timezone": "Europe/Atlantis"}),
        ("language", {"language": "tlh"}),
        ("given_name", {"given_name": "   "}),
    ],
)
def test_particulars_that_cannot_be_are_refused_by_field(
    world: World, field: str, details: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refusal:
        world.patient(**details)
    assert list(refusal.value.fields) == [field]


def test_a_number_written_the_local_way_is_understood(world: World) -> None:
    assert world.patient(phone="0532 123 45 67").phone == "+905321234567"


def test_the_same_procedure_twice_is_a_conflict(world: World) -> None:
    patient = world.patient()
    world.enrol(patient)
    with pytest.raises(Conflict, match="already recorded"):
        world.enrol(patient, performed_at=world.now + timedelta(minutes=20))
    assert len(world.rows(CarePlan)) == 1


def test_another_region_on_the_same_day_is_another_procedure(world: World) -> None:
    patient = world.patient()
    world.enrol(patient)
    world.enrol(patient, region="cervical")
    assert len(world.rows(CarePlan)) == 2


def test_a_protocol_that_nobody_signed_cannot_be_used(world: World) -> None:
    with transaction(world.engine) as session:
        from backend.services.clinics import create_clinic

        clinic = create_clinic(session, CLINIC, now=world.now)
    stranger = type(world.nurse)(None, "Can", clinic.id)
    with pytest.raises(Invalid, match="signed off"):
        world.enrol(actor=stranger)


def test_signing_without_a_date_for_heavy_lifting_is_refused(world: World) -> None:
    with (
        pytest.raises(Invalid, match="heavy_lifting"),
        transaction(world.engine, world.nurse.clinic_id) as session,
    ):
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", {}, now=world.now)


def test_the_audit_trail_says_who_enrolled_whom(world: World) -> None:
    enrolment = world.enrol()
    (line,) = world.rows(AuditEvent, AuditEvent.action == "enrol")
    assert (line.actor, line.subject_id) == ("Elif", enrolment.care_plan.id)
