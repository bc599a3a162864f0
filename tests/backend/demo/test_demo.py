"""The demo tells the story it promises, by the product's own hand, and leaves the future to the worker."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from backend.db import ALL_CLINICS, ENGINE_OPTIONS, set_scope
from backend.demo import APP_PHONE, PEOPLE, is_empty, phone_of, seed
from backend.errors import Refused
from backend.models import (
    Account,
    Alert,
    CarePlan,
    CheckIn,
    ClinicProtocol,
    InboundMessage,
    Milestone,
    Observation,
    OutboundMessage,
    Patient,
    Procedure,
)
from backend.services.accounts import password_hasher
from notifications.phone import PhoneNumber

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]  # made once, by one process


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Engine]:
    """The demo, made once, on a Monday noon in Istanbul."""
    file = tmp_path_factory.mktemp("demo") / "demo.db"
    copy(sqlite_template, file)
    engine = create_engine(f"sqlite:///{file}", **ENGINE_OPTIONS)
    seed(engine, now=NOW)
    yield engine
    engine.dispose()


@pytest.fixture
def session(demo: Engine) -> Iterator[Session]:
    """A session that sees everything."""
    with Session(demo) as session:
        set_scope(session, ALL_CLINICS)
        yield session


def alerts_of(session: Session, given_name: str) -> list[Alert]:
    """A person's alerts, oldest first."""
    return list(
        session.scalars(
            select(Alert)
            .join(Patient, Patient.id == Alert.patient_id)
            .where(Patient.given_name == given_name)
            .order_by(Alert.raised_at)
        )
    )


def test_some_forty_people_from_before_the_procedure_to_more_than_a_year_after(session):
    today = NOW.date()
    days = [(today - at.date()).days for at in session.scalars(select(Procedure.performed_at))]
    assert len(days) >= 40
    assert min(days) < 0
    assert max(days) > 365
    assert {0, 1, 2} <= set(days)


def test_both_languages_regions_and_every_technique(session):
    assert set(session.scalars(select(Patient.language))) == {"en", "tr"}
    assert set(session.scalars(select(Procedure.region))) == {"lumbar", "cervical"}
    assert set(session.scalars(select(Procedure.technique))) == {"ozone", "radiofrequency", "laser"}
    assert len(set(session.scalars(select(Patient.timezone)))) >= 5


def test_the_clinic_has_signed_both_protocols_with_heavy_lifting_at_six_weeks(session):
    signed = session.scalars(select(ClinicProtocol)).all()
    assert {row.protocol for row in signed} == {"nucleoplasty_lumbar", "nucleoplasty_cervical"}
    assert all(row.overrides == {"heavy_lifting.ends": "P6W"} for row in signed)


def test_the_documented_password_signs_in(session):
    nurse = session.scalars(select(Account).where(Account.email == "nurse@demo.example")).one()
    assert password_hasher().verify(nurse.password, "recovery-demo")


def test_alerts_are_open_taken_and_resolved(session):
    statuses = Counter(session.scalars(select(Alert.status)))
    assert set(statuses) == {"open", "acknowledged", "resolved"}


def test_a_red_flag_of_this_hour_is_an_open_emergency(session):
    (alert,) = alerts_of(session, "Ayşe")
    assert (alert.tier, alert.status) == ("emergency", "open")
    assert NOW - alert.raised_at < timedelta(hours=1)


def test_a_rebound_on_day_20_is_seen(session):
    alert = alerts_of(session, "Mehmet")[-1]
    assert (alert.rule, alert.reason["en"]) == ("rebound", "Pain 6, was 1 at best on day 14: rebound")


def test_the_silent_one_is_lost_sight_of(session):
    assert [alert.tier for alert in alerts_of(session, "Zeynep")] == ["lost_sight"]


def test_the_one_who_opted_out_gets_no_more_texts(session):
    burak = session.scalars(select(Patient).where(Patient.given_name == "Burak")).one()
    later = session.scalars(
        select(func.count()).where(
            OutboundMessage.patient_id == burak.id,
            OutboundMessage.sent_at > burak.consent_since + timedelta(minutes=1),
        )
    ).one()
    assert (burak.consent_state, later) == ("opted_out", 0)


def test_a_question_waits_to_be_read(session):
    waiting = session.scalars(select(InboundMessage.body).where(InboundMessage.status == "needs_review"))
    assert "Yüzmeye başlayabilir miyim?" in set(waiting)


def test_an_mri_is_to_be_booked(session):
    fatma = session.scalars(select(Patient.id).where(Patient.given_name == "Fatma")).one()
    mri = session.scalars(
        select(Milestone).where(Milestone.patient_id == fatma, Milestone.step_key == "mri_3_months")
    ).one()
    assert mri.status == "planned"
    assert mri.due_at - NOW < timedelta(days=14)


def test_a_plan_on_hold_and_a_completed_one(session):
    assert {"active", "on_hold", "completed"} <= set(session.scalars(select(CarePlan.status)))


def test_no_text_has_been_sent_that_lies_ahead_and_none_waits_that_was_due(session):
    late = select(func.count()).where(OutboundMessage.status == "scheduled", OutboundMessage.due_at <= NOW)
    early = select(func.count()).where(OutboundMessage.sent_at.is_not(None), OutboundMessage.sent_at > NOW)
    assert (session.scalars(late).one(), session.scalars(early).one()) == (0, 0)


def test_the_future_is_left_to_the_worker(session):
    planned = select(func.count()).where(OutboundMessage.status == "scheduled")
    assert session.scalars(planned).one() > 500


def test_every_answer_by_text_comes_from_a_stored_text(session):
    orphans = select(func.count()).where(
        Observation.source == "sms", Observation.inbound_message_id.is_(None)
    )
    assert session.scalars(orphans).one() == 0


def test_every_answered_check_in_has_its_answer(session):
    answered = set(session.scalars(select(CheckIn.id).where(CheckIn.status == "answered")))
    assert answered == set(session.scalars(select(Observation.check_in_id)))


def test_the_app_can_be_tried_by_a_patient_of_the_demo(session):
    assert session.scalars(select(Patient).where(Patient.phone == APP_PHONE)).one().given_name == "Gülay"


def test_it_goes_only_into_an_empty_database(demo):
    with pytest.raises(Refused):
        seed(demo, now=NOW)


def test_a_new_database_is_empty_and_the_demo_is_not(engine, demo):
    assert (is_empty(engine), is_empty(demo)) == (True, False)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.given_name)
def test_every_number_can_receive_texts_and_belongs_to_one_person(person):
    assert PhoneNumber.parse(phone_of(person)).is_mobile
    assert [phone_of(other) for other in PEOPLE].count(phone_of(person)) == 1
