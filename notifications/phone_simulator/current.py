"""The simulator that the running Flask application serves, for the blueprints."""

from __future__ import annotations

from typing import Final

from flask import current_app

from notifications.phone_simulator.simulator import Simulator

EXTENSION: Final = "phone_simulator"


def current_simulator() -> Simulator:
    """Yield the simulator that create_app was given."""
    simulator: Simulator = current_app.extensions[EXTENSION]
    return simulator
