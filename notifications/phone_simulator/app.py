"""The Flask application of the simulator: its blueprints, and the headers every answer carries."""

from __future__ import annotations

from flask import Flask, Response, abort, request

from notifications.phone_simulator.api import api
from notifications.phone_simulator.control import control
from notifications.phone_simulator.current import EXTENSION
from notifications.phone_simulator.pages import pages
from notifications.phone_simulator.simulator import Simulator

_LARGEST_REQUEST = 64 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(simulator: Simulator) -> Flask:
    """Yield the application that serves this simulator."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    app.extensions[EXTENSION] = simulator
    for blueprint in (api, control, pages):
        app.register_blueprint(blueprint)

    @app.before_request
    def refuse_other_sites() -> None:
        """The simulator has no sign-in, so a page of another site must not write through the browser."""
        if request.method != "GET" and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    return app
