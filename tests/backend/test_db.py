"""The wall between clinics, and instants that keep their zone."""

import uuid
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from backend.db import ALL_CLINICS, ScopeError, reading, set_scope, transaction
from backend.models import Alert, Clinic, ConsentEvent, Patient
from tests.world import CLINIC, OTHER_PHONE, World


@pytest.fixture
def two_clinics(world: World) -> tuple[Patient, Patient]:
    """A patient of each of two clinics."""
    theirs = world.open_clinic(CLINIC)
    return world.patient(), world.patient(actor=theirs, phone=OTHER_PHONE, given_name="John")


def test_a_session_without_a_scope_cannot_read_a_clinics_rows(world: World) -> None:
    with Session(world.engine) as session, pytest.raises(ScopeError):
        session.scalars(select(Patient)).all()


def test_a_session_without_a_scope_cannot_reach_them_through_a_join_or_a_subquery(world: World) -> None:
    with Session(world.engine) as session:
        with pytest.raises(ScopeError):
            session.execute(select(Clinic.name).join(Patient, Patient.clinic_id == Clinic.id))
        with pytest.raises(ScopeError):
            session.execute(select(Clinic.name).where(Clinic.id.in_(select(Patient.clinic_id))))


def test_a_session_sees_only_its_own_clinic(world: World, two_clinics: tuple[Patient, Patient]) -> None:
    ours, theirs = two_clinics
    with transaction(world.engine, ours.clinic_id) as session:
        assert session.scalars(select(Patient.id)).all() == [ours.id]
        assert session.get(Patient, theirs.id) is None
        assert session.execute(select(Patient.given_name, Patient.phone)).all() == [("Ayşe", ours.phone)]


def test_a_join_does_not_open_the_wall(world: World, two_clinics: tuple[Patient, Patient]) -> None:
    ours, theirs = two_clinics
    with transaction(world.engine, ours.clinic_id) as session:
        joined = select(ConsentEvent.patient_id).join(Patient, Patient.id == ConsentEvent.patient_id)
        assert session.scalars(joined).all() == [ours.id]
        through_clinic = select(Patient.id).join(Clinic, Clinic.id != Patient.clinic_id)
        assert theirs.id not in session.scalars(through_clinic).all()


def test_an_update_touches_only_its_own_clinic(world: World, two_clinics: tuple[Patient, Patient]) -> None:
    ours, theirs = two_clinics
    with transaction(world.engine, ours.clinic_id) as session:
        session.execute(update(Patient).values(language="tr"))
    assert {row.id: row.language for row in world.rows(Patient)} == {ours.id: "tr", theirs.id: "en"}


def test_a_statement_that_bypasses_the_models_is_refused(world: World) -> None:
    with transaction(world.engine, world.nurse.clinic_id) as session, pytest.raises(ScopeError):
        session.execute(select(Patient.__table__.c.phone))


def test_a_row_of_another_clinic_cannot_be_added(world: World, two_clinics: tuple[Patient, Patient]) -> None:
    ours, theirs = two_clinics
    line = {
        "patient_id": theirs.id,
        "state": "opted_out",
        "source": "phone",
        "given_at": world.now,
        "recorded_at": world.now,
    }
    with pytest.raises(ScopeError), transaction(world.engine, ours.clinic_id) as session:
        session.add(ConsentEvent(clinic_id=theirs.clinic_id, **line))
    with pytest.raises(ScopeError), transaction(world.engine, ours.clinic_id) as session:
        session.execute(insert(ConsentEvent), [{"id": uuid.uuid4(), "clinic_id": theirs.clinic_id, **line}])


def test_a_new_row_without_a_clinic_gets_the_sessions(world: World) -> None:
    patient = world.patient()
    with transaction(world.engine, patient.clinic_id) as session:
        event = ConsentEvent(
            patient_id=patient.id, state="opted_out", source="app", given_at=world.now, recorded_at=world.now
        )
        session.add(event)
        session.flush()
        assert event.clinic_id == patient.clinic_id


def test_the_workers_scope_is_every_clinic(world: World, two_clinics: tuple[Patient, Patient]) -> None:
    with Session(world.engine) as session:
        set_scope(session, ALL_CLINICS)
        assert set(session.scalars(select(Patient.id))) == {patient.id for patient in two_clinics}


def test_an_instant_comes_back_aware_and_in_utc(world: World) -> None:
    born = datetime(2026, 3, 29, 12, 30, tzinfo=ZoneInfo("Europe/Istanbul"))
    with transaction(world.engine) as session:
        session.execute(update(Clinic).values(created_at=born))
        found = session.scalars(select(Clinic.created_at)).one()
    assert found == born
    assert found.tzinfo is UTC


def test_a_naive_instant_is_refused(world: World) -> None:
    with pytest.raises(StatementError, match="naive"), transaction(world.engine) as session:
        session.execute(update(Clinic).values(created_at=datetime(2026, 3, 29)))


def test_one_cause_has_one_unresolved_alert(world: World) -> None:
    indexes = {index.name: index for index in Alert.__table__.indexes}
    assert indexes["uq_alerts_unresolved_cause"].unique


def test_sqlite_readers_do_not_wait_for_the_writer(engine: Engine) -> None:
    with engine.connect() as writer, reading(), engine.connect() as reader:
        writer.exec_driver_sql(
            "CREATE TABLE note (body TEXT)" if engine.dialect.name == "sqlite" else "SELECT 1"
        )
        assert reader.execute(text("SELECT count(*) FROM patients")).scalar_one() == 0
