"""The banner about what only whoever runs the installation can mend, and the button that takes it away."""

import uuid
from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff, writes
from backend.dashboard.language import gettext, mark
from backend.dashboard.shell import act, present
from backend.db import db
from backend.queries.alarms import OpenAlarm
from backend.services.alarms import dismiss_alarm

pages = Blueprint("alarms", __name__)

SENTENCES: Final = {
    "credentials": mark(
        "No text goes out: the provider does not accept this installation's sign-in. Telephone what cannot"
        " wait. Whoever runs the installation has to renew it; the texts then go by themselves."
    ),
    "provider_down": mark(
        "The provider does not answer, so texts wait. They go by themselves once it is back. Telephone what"
        " cannot wait."
    ),
    "provider_code": mark(
        "The provider refuses texts (code %(subject)s). Whoever runs the installation should look into it."
        " The patients concerned are on the worklist where it matters."
    ),
    "uncomposable": mark(
        "The text “%(subject)s” could not be written, so it did not go. Whoever runs the installation should"
        " look into it."
    ),
    "daily_limit": mark(
        "Today's limit of texts is reached. The others wait for tomorrow; urgent ones still go. An"
        " administrator can raise the limit under Sending."
    ),
    "sent_twice": mark(
        "A text may have reached a patient twice. Nothing has to be done for the patient; whoever runs the"
        " installation should look into it."
    ),
}
"""What each kind of alarm means to the staff, and what to do about it."""


@pages.post("/alarms/<uuid:alarm_id>/clear")
@staff("admin")
@writes
def clear(alarm_id: uuid.UUID) -> ResponseReturnValue:
    """Take an alarm away; it comes back when its cause does."""
    return act(
        lambda: dismiss_alarm(db.session(), current_actor(), alarm_id, now=present()),
        said=gettext("Cleared. It comes back if its cause does."),
    )


@pages.app_template_filter("alarm_words")
def alarm_words(alarm: OpenAlarm) -> str:
    """Return an alarm in the reader's words; a kind without a sentence as it was raised."""
    if alarm.kind not in SENTENCES:
        return alarm.detail
    return gettext(SENTENCES[alarm.kind], subject=alarm.subject)
