"""Alerts: what waits for a person, taken and resolved."""

import uuid
from typing import Any

from flask.typing import ResponseReturnValue

from backend.api.idempotency import idempotent
from backend.api.resources import (
    EVERY_STAFF,
    Resource,
    check_version,
    columns_of,
    found,
    page_of,
    present,
    reading_language,
    tagged,
)
from backend.api.schemas import alerts as schemas
from backend.api.schemas import page_schema
from backend.auth import current_actor, staff, writes
from backend.db import db
from backend.models import Alert
from backend.queries.alerts import list_alerts
from backend.queries.timelines import in_language
from backend.services.alerts import acknowledge, resolve

alerts = Resource("alerts", "Alerts: what a nurse must see.")


@alerts.route("/alerts", methods=["GET"])
@staff(*EVERY_STAFF)
@alerts.arguments(schemas.AlertQuery, location="query")
@alerts.response(200, page_schema(schemas.ListedAlert))
def find_alerts(given: dict[str, Any]) -> Any:
    """List the clinic's alerts, the most urgent first, then the one that waits longest."""
    given["language"] = reading_language(given)
    return page_of(list_alerts(db.session(), **given))


@alerts.route("/alerts/<uuid:alert_id>/acknowledge", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@alerts.response(200, schemas.Alert)
def take(alert_id: uuid.UUID) -> Any:
    """Take an alert: from now on it is the caller's."""
    alert = found(Alert, alert_id)
    check_version(alert.version)
    return _shown(acknowledge(db.session(), current_actor(), alert, now=present()))


@alerts.route("/alerts/<uuid:alert_id>/resolve", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@alerts.arguments(schemas.Resolution)
@alerts.response(200, schemas.Alert)
def close(given: dict[str, Any], alert_id: uuid.UUID) -> Any:
    """Close an alert, with how it ended."""
    alert = found(Alert, alert_id)
    check_version(alert.version)
    return _shown(resolve(db.session(), current_actor(), alert, now=present(), **given))


def _shown(alert: Alert) -> ResponseReturnValue:
    db.session.flush()
    body = columns_of(alert) | {"reason": in_language(alert.reason, reading_language({}))}
    return tagged(body, alert.version)
