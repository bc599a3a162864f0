"""A patient's calendar: its secret address, renewed and revoked, and the file that is fetched there.

The address alone opens the file, as calendars on a phone can send nothing else; so it is long, secret, and in
no log. What the file says is `services.calendar_entries`, how it is written is `ics`.
"""

import hashlib
import uuid
from typing import Any, Final

import structlog
from flask import Blueprint, Flask, Response, request

from backend.api.ics import MIMETYPE, calendar_file
from backend.api.resources import EVERY_STAFF, Resource, found, own_patient_id, present
from backend.api.schemas import calendar as schemas
from backend.auth import current_actor, current_caller, limiter, patient_app, public, staff, writes
from backend.db import ALL_CLINICS, db, set_scope, transaction, writing
from backend.models import CalendarFeed, Patient
from backend.queries.timelines import in_language
from backend.runtime import current_runtime
from backend.services.calendar_entries import CALENDAR_NAME, publish_entries, published_entries
from backend.services.calendar_feeds import (
    feed_of,
    open_feed,
    recognised,
    renew_feed,
    revoke_feed,
    secret_of,
)

calendar = Resource("calendar", "A patient's calendar, for the phone's own.")
files = Blueprint("calendar_files", __name__, url_prefix="/calendar")

FETCHES: Final = "120 per hour"
"""Of one calendar; a phone asks a few times a day."""
_log = structlog.get_logger(__name__)


def register_calendar_files(app: Flask) -> None:
    """Add the public address of calendars, outside the API's prefix."""
    app.register_blueprint(files)


@calendar.route("/me/calendar", methods=["GET"])
@patient_app
@calendar.response(200, schemas.Calendar)
def show() -> Any:
    """Show the address of one's calendar; the first time it is asked for, it is made."""
    patient_id = own_patient_id()
    feed = feed_of(db.session(), patient_id)
    if feed is None:
        with writing(), transaction(db.engine, current_caller().clinic_id) as session:
            feed = open_feed(session, current_actor(), patient_id, secret_key=_secret_key(), now=present())
    return _address(feed)


@calendar.route("/me/calendar/renew", methods=["POST"])
@patient_app
@writes
@calendar.response(200, schemas.Calendar)
def renew() -> Any:
    """Make a new address; the one before it stops working."""
    return _address(
        renew_feed(db.session(), current_actor(), own_patient_id(), secret_key=_secret_key(), now=present())
    )


@calendar.route("/me/calendar/revoke", methods=["POST"])
@patient_app
@writes
@calendar.response(200, schemas.Calendar)
def revoke() -> Any:
    """Let the address stop working."""
    patient_id = own_patient_id()
    revoke_feed(db.session(), current_actor(), patient_id, now=present())
    return _address(feed_of(db.session(), patient_id))


@calendar.route("/patients/<uuid:patient_id>/calendar/revoke", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@calendar.response(204)
def revoke_for(patient_id: uuid.UUID) -> None:
    """Let a patient's calendar address stop working, for a phone that was lost."""
    revoke_feed(db.session(), current_actor(), found(Patient, patient_id).id, now=present())


@files.get("/<uuid:feed_id>/<string:secret>.ics")
@public
@limiter.limit(FETCHES, key_func=lambda: f"calendar:{(request.view_args or {}).get('feed_id')}")
def serve(feed_id: uuid.UUID, secret: str) -> Response:
    """Serve a calendar to whoever has its address; an unknown and a revoked one are answered alike."""
    now = present()
    set_scope(db.session(), ALL_CLINICS)  # nobody is signed in: the secret says whose it is
    feed = recognised(db.session(), feed_id, secret)
    if feed is None:
        return Response("there is no such calendar", 404, mimetype="text/plain")
    entries = published_entries(db.session(), feed, now=now)
    if entries is None:
        with writing(), transaction(db.engine, feed.clinic_id) as session:
            entries = publish_entries(session, session.get_one(CalendarFeed, feed.id), now=now)
    language = db.session.get_one(Patient, feed.patient_id).language
    body = calendar_file(in_language(CALENDAR_NAME, language), entries)
    response = Response(body, mimetype=MIMETYPE)
    response.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response


@files.errorhandler(Exception)
def _without_the_address(error: Exception) -> Response:
    """Answer what failed here; Flask's own line in the log would name the path, and the secret with it."""
    code = getattr(error, "code", None) or 500
    if code >= 500:
        _log.error("a calendar could not be served", exc_info=error)
    response = Response("not now; please try again later", code, mimetype="text/plain")
    retry_after = dict(error.get_headers()).get("Retry-After") if hasattr(error, "get_headers") else None
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response


def _address(feed: CalendarFeed | None) -> dict[str, Any]:
    """The body that tells of a feed; an address made with another SECRET_KEY works, but cannot be shown."""
    secret = secret_of(feed, _secret_key()) if feed else None
    base = current_runtime().settings.public_url
    return {
        "url": f"{base}/calendar/{feed.id}/{secret}.ics" if feed and secret else None,
        "issued_at": feed.issued_at if feed else None,
        "revoked_at": feed.revoked_at if feed else None,
    }


def _secret_key() -> str:
    return current_runtime().settings.secret_key
