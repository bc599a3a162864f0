"""The web application beside the world, on the same database and clock."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.app import create_app
from backend.config import Settings
from backend.db import db
from tests.world import World


@pytest.fixture
def app(world: World, settings: Settings) -> Iterator[Flask]:
    """The web application, on the world's clock."""
    app = create_app(settings, clock=lambda: world.now)
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller who is not signed in."""
    return app.test_client()
