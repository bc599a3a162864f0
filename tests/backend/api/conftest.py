"""The real application on each database, and callers that are already signed in."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from backend.app import create_app
from backend.config import Settings
from backend.db import db
from tests.backend.api.callers import Caller, patient_caller, staff_caller
from tests.world import CLINIC, World


@pytest.fixture
def app(world: World, settings: Settings) -> Iterator[Flask]:
    """The web application, on the world's clock."""
    app = create_app(settings, clock=lambda: world.now)
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def nurse(app: Flask, world: World) -> Caller:
    """A nurse of the world's clinic."""
    return staff_caller(app, world, world.nurse.clinic_id, "nurse")


@pytest.fixture
def stranger(app: Flask, world: World) -> Caller:
    """An administrator of another clinic."""
    elsewhere = world.open_clinic(replace(CLINIC, name="Another Clinic"))
    return staff_caller(app, world, elsewhere.clinic_id, "admin")


@pytest.fixture
def patient(app: Flask, world: World) -> Caller:
    """Ayşe's own app, the day after her procedure."""
    enrolment = world.enrol()
    world.advance(days=1, hours=2)
    world.tick()
    return patient_caller(app, world, enrolment.care_plan.patient_id)
