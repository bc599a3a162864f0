"""Readers of the pages, on the world's database and clock."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.backend.dashboard.readers import Reader
from tests.world import CLINIC, World


@pytest.fixture
def nurse(app: Flask, world: World) -> Reader:
    """A nurse of the world's clinic, who reads English."""
    return Reader(app, world, world.nurse.clinic_id, "nurse")


@pytest.fixture
def clinician(app: Flask, world: World) -> Reader:
    """A clinician of the world's clinic."""
    return Reader(app, world, world.nurse.clinic_id, "clinician")


@pytest.fixture
def turkish_nurse(app: Flask, world: World) -> Reader:
    """A nurse of the world's clinic, who reads Turkish."""
    return Reader(app, world, world.nurse.clinic_id, "nurse", language="tr")


@pytest.fixture
def stranger(app: Flask, world: World) -> Reader:
    """An administrator of another clinic."""
    elsewhere = world.open_clinic(replace(CLINIC, name="Another Clinic"))
    return Reader(app, world, elsewhere.clinic_id, "admin")


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: what a page says does not depend on it; test_pages.py opens every page on both."""
    file = tmp_path / "recovery.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"
