"""Twilio's two callbacks: an inbound text, and a delivery report.

Checks the signature, stores, commits, and answers; understanding a text is a second
transaction, and a job's when that one fails. The address that was signed comes from
the settings, never from the Host header.
"""

import uuid

import structlog
from flask import Blueprint, Flask, Response, request

from backend.auth import public
from backend.db import ALL_CLINICS, db, set_scope
from backend.runtime import current_runtime
from backend.services.delivery import record_delivery
from backend.services.inbound import store_inbound
from backend.services.understanding import handle_inbound
from notifications.twilio_gateway import parse_delivery_report, parse_inbound, valid_signature

_log = structlog.get_logger(__name__)
webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks/twilio")


def register_webhooks(app: Flask) -> None:
    """Add the two callbacks; signed by Twilio, so without our own sign-in and CSRF token."""
    app.register_blueprint(webhooks)
    app.extensions["csrf"].exempt(webhooks)


@webhooks.before_request
def _refuse_unsigned() -> Response | None:
    settings = current_runtime().settings
    query = request.query_string.decode("ascii", "replace")
    signed_url = settings.public_url + request.path + (f"?{query}" if query else "")
    signature = request.headers.get("X-Twilio-Signature", "")
    if valid_signature(signed_url, request.form, signature, settings.twilio_auth_tokens):
        set_scope(db.session(), ALL_CLINICS)
        return None
    _log.warning("a webhook without a valid signature was refused", path=request.path)
    return Response("the signature does not match", 403, mimetype="text/plain")


@webhooks.post("/inbound")
@public
def inbound() -> Response:
    """Keep a patient's text, then understand it."""
    now = current_runtime().clock()
    text = store_inbound(db.session(), parse_inbound(request.form), now=now)
    db.session.commit()  # from here on the text cannot be lost
    if text is not None:
        try:
            handle_inbound(db.session(), text, now=now)
            db.session.commit()
        except Exception:
            db.session.rollback()
            _log.exception("an inbound text is left to the job")
    return Response("<?xml version='1.0' encoding='UTF-8'?><Response/>", 200, mimetype="text/xml")


@webhooks.post("/status/<uuid:message_id>")
@public
def status(message_id: uuid.UUID) -> Response:
    """Take in how far a text of ours has come."""
    attempt = request.args.get("attempt", 0, type=int)
    report = parse_delivery_report(request.form)
    record_delivery(db.session(), message_id, attempt, report, now=current_runtime().clock())
    db.session.commit()
    return Response(status=204)
