"""The simulator's own JSON for scripts and tests: write as a patient, set faults, look at what happened.

A Flask blueprint under /simulator; the pages do the same for people. Mistakes are answered with 400 and
{field, reason}.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from notifications.phone_simulator.current import current_simulator
from notifications.phone_simulator.faults import FaultError
from notifications.phone_simulator.messages import as_resource
from notifications.phone_simulator.simulator import CannotWrite
from notifications.phone_simulator.store import Filter

MESSAGES_SHOWN = 1000


control = Blueprint("control", __name__, url_prefix="/simulator")


@control.errorhandler(CannotWrite)
@control.errorhandler(FaultError)
def mistake(error: CannotWrite | FaultError) -> tuple[Response, int]:
    """Say in words what cannot be done."""
    return jsonify(field=error.name, reason=error.reason), 400


@control.post("/inbound")
def inbound() -> tuple[Response, int]:
    """{From, To?, Body} as JSON or form → {sid, webhook_status, reason}; the webhook has been called."""
    wanted = _wanted()
    message, outcome = current_simulator().receive(
        str(wanted.get("From", "")), str(wanted.get("To", "")), str(wanted.get("Body", ""))
    )
    return jsonify(sid=message.sid, webhook_status=outcome.status, reason=outcome.reason), 201


@control.get("/faults")
def faults() -> Response:
    """Show which faults are switched on."""
    return jsonify(current_simulator().faults.now.as_json())


@control.post("/faults")
def change_faults() -> Response:
    """Change the named faults, leave the others, start the draw afresh → all of them."""
    return jsonify(current_simulator().faults.change(_wanted()).as_json())


@control.delete("/faults")
def reset_faults() -> Response:
    """Switch every fault off."""
    return jsonify(current_simulator().faults.reset().as_json())


@control.get("/messages")
def messages() -> Response:
    """Messages newest first, as Twilio's API shows them; `to` and `from` narrow the list."""
    wanted = Filter(recipient=_number("to"), sender=_number("from"))
    simulator = current_simulator()
    found = simulator.store.listed(wanted, below=None, limit=MESSAGES_SHOWN)
    return jsonify(messages=[as_resource(message, simulator.line) for message in found])


@control.get("/requests")
def requests() -> Response:
    """The latest exchanges over the wire, newest first."""
    return jsonify(requests=[exchange.as_json() for exchange in current_simulator().wire.latest()])


@control.post("/reset")
def reset() -> tuple[str, int]:
    """Forget every message, fault and request."""
    current_simulator().reset()
    return "", 204


def _wanted() -> dict[str, Any]:
    if not request.is_json:
        return request.form.to_dict()
    wanted = request.get_json()
    if not isinstance(wanted, dict):
        raise FaultError("body", "write a JSON object")
    return wanted


def _number(name: str) -> str | None:
    """A number from the query, forgiving the plus sign that an unescaped query turns into a blank."""
    text = request.args.get(name)
    return f"+{text[1:]}" if text and text.startswith(" ") else text
