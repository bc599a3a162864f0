"""The banner about sending, the button that takes it away, and the daily limit beside the switch."""

import pytest
from flask import Flask

from backend.db import transaction
from backend.models import AuditEvent, Clinic, ClinicDay, OperatorAlarm
from backend.queries.alarms import KINDS
from backend.services.alarms import raise_alarm
from tests.backend.dashboard.readers import Reader
from tests.world import World


@pytest.fixture
def admin(app: Flask, world: World) -> Reader:
    """An administrator of the world's clinic."""
    return Reader(app, world, world.nurse.clinic_id, "admin")


def alarm(world: World, cause: str = "provider_down") -> str:
    """Raise an alarm and return the address of its button."""
    with transaction(world.engine) as session:
        raise_alarm(session, cause, "in an operator's words", now=world.now)
    (row,) = world.rows(OperatorAlarm)
    return f"/alarms/{row.id}/clear"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_alarm_has_a_sentence_for_the_staff(world: World, nurse: Reader, kind: str) -> None:
    alarm(world, f"{kind}/{world.nurse.clinic_id}" if kind == "daily_limit" else kind)
    page = nurse.read("/patients")
    assert "since today 12:00" in page
    assert "in an operator's words" not in page


def test_an_alarm_says_what_it_is_about(world: World, nurse: Reader) -> None:
    alarm(world, "provider_code/21408")
    assert "The provider refuses texts (code 21408)" in nurse.read("/")


def test_an_alarm_is_told_in_turkish(world: World, turkish_nurse: Reader) -> None:
    alarm(world)
    assert "Sağlayıcı yanıt vermiyor" in turkish_nurse.read("/")


def test_without_an_alarm_there_is_no_banner(nurse: Reader) -> None:
    assert "About sending" not in nurse.open("/")


def test_an_administrator_clears_an_alarm(world: World, admin: Reader) -> None:
    admin.submit(alarm(world))
    assert "Cleared. It comes back if its cause does." in admin.read("/")
    assert "About sending" not in admin.open("/")
    (line,) = world.rows(AuditEvent, AuditEvent.action == "clear_alarm")
    assert line.actor == "A admin"


def test_a_nurse_sees_no_button_and_cannot_clear(world: World, nurse: Reader) -> None:
    address = alarm(world)
    assert address not in nurse.open("/")
    assert nurse.submit(address).status_code == 403


def test_a_form_without_its_token_clears_nothing(world: World, admin: Reader) -> None:
    address = alarm(world)
    assert admin.client.post(address).status_code == 400
    (row,) = world.rows(OperatorAlarm)
    assert row.cleared_at is None


def test_another_clinics_daily_limit_is_neither_shown_nor_cleared(world: World, stranger: Reader) -> None:
    address = alarm(world, f"daily_limit/{world.nurse.clinic_id}")
    assert "About sending" not in stranger.open("/")
    assert stranger.submit(address).status_code == 404


def test_an_administrator_sets_the_daily_limit_and_takes_it_away(world: World, admin: Reader) -> None:
    admin.submit("/sending/limit", limit="200")
    assert world.rows(Clinic, Clinic.daily_text_limit == 200)
    admin.submit("/sending/limit", limit="")
    assert world.rows(Clinic, Clinic.daily_text_limit.is_(None))


@pytest.mark.parametrize("typed", ["0", "100001", "many", "-1", "²"])
def test_a_limit_that_makes_no_sense_is_refused_in_words(world: World, admin: Reader, typed: str) -> None:
    admin.submit("/sending/limit", limit=typed)
    assert "Give a number from 1 to 100,000" in admin.read("/")
    assert world.rows(Clinic, Clinic.daily_text_limit.is_(None))


def test_only_an_administrator_sets_it(nurse: Reader, clinician: Reader) -> None:
    assert nurse.submit("/sending/limit", limit="5").status_code == 403
    assert clinician.submit("/sending/limit", limit="5").status_code == 403
    assert "Set the limit" not in clinician.open("/")


def test_everyone_sees_how_much_of_the_limit_is_used(world: World, nurse: Reader, admin: Reader) -> None:
    admin.submit("/sending/limit", limit="200")
    assert "0 of 200 texts today" in nurse.read("/")
    with transaction(world.engine) as session:
        session.add(ClinicDay(clinic_id=world.nurse.clinic_id, day_on=world.now.date(), texts=17))
    assert "17 of 200 texts today" in nurse.read("/")
    world.advance(days=1)
    assert "0 of 200 texts today" in nurse.read("/")
