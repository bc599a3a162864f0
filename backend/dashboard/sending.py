"""The switch that lets a clinic's texts go out, or holds them."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff, writes
from backend.dashboard.language import gettext
from backend.dashboard.shell import act, present
from backend.db import db
from backend.services.clinics import switch_sending

pages = Blueprint("sending", __name__)


@pages.post("/sending")
@staff("clinician", "admin")
@writes
def switch() -> ResponseReturnValue:
    """Turn sending on or off for the whole clinic."""
    enabled = request.form.get("enabled") == "yes"
    return act(
        lambda: switch_sending(db.session(), current_actor(), enabled=enabled, now=present()),
        said=gettext("Texts go out again.") if enabled else gettext("No text goes out any more."),
    )
