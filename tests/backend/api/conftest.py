"""Callers of the application that are already signed in."""

from dataclasses import replace

import pytest
from flask import Flask

from tests.backend.api.callers import Caller, patient_caller, staff_caller
from tests.world import CLINIC, World


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
