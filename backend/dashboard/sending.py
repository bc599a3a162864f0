"""The switch that lets a clinic's texts go out, or holds them, and the most it may send a day."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff, writes
from backend.dashboard.language import gettext
from backend.dashboard.shell import act, present
from backend.db import db
from backend.errors import Invalid
from backend.services.clinics import switch_sending
from backend.services.limits import limit_texts

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


@pages.post("/sending/limit")
@staff("admin")
@writes
def limit() -> ResponseReturnValue:
    """Set how many texts the clinic may send a day; nothing typed takes the limit away."""
    typed = request.form.get("limit", "").strip()

    def do() -> None:
        if typed and not typed.isdecimal():
            raise Invalid({"daily_text_limit": ["this is not a number."]})
        limit_texts(db.session(), current_actor(), limit=int(typed) if typed else None, now=present())

    return act(
        do, said=gettext("The daily limit is set.") if typed else gettext("There is no limit any more.")
    )
