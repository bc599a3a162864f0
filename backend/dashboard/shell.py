"""What every page shares: who reads it, whose clinic it is, what is amiss, what becomes of an action.

Called by the page modules beside this one. No page and no query of its own.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from flask import flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, current_caller
from backend.dashboard.formats import Reader
from backend.dashboard.language import gettext, reader_language
from backend.dashboard.returning import way_back
from backend.dashboard.sentences import explain
from backend.db import Base, db
from backend.errors import Conflict, Invalid, NotFound, Refused
from backend.queries.alarms import open_alarms
from backend.queries.sending import House, house_of
from backend.runtime import current_runtime

STAFF: Final = ("nurse", "clinician", "admin")
"""Every role that works with these pages."""

Row = TypeVar("Row", bound=Base)


def present() -> datetime:
    """Return the instant of this request: the clock is read once."""
    if "now" not in g:
        g.now = current_runtime().clock()
    return g.now  # type: ignore[no-any-return]  # flask.g is untyped


def house() -> House:
    """Return the caller's clinic, read once a request."""
    if "house" not in g:
        g.house = house_of(db.session(), current_caller().clinic_id)
    return g.house  # type: ignore[no-any-return]  # flask.g is untyped


def reader() -> Reader:
    """Return for whom this page is written."""
    return Reader(language=reader_language(), zone=house().zone, now=present())


def render(template: str, *, here: str | None = None, **values: Any) -> str:
    """Return a page with its frame. `here` is the address forms lead back to."""
    return render_template(
        template,
        reader=reader(),
        house=house(),
        alarms=open_alarms(db.session(), clinic_id=current_caller().clinic_id),
        actor=current_actor(),
        roles=sorted(current_caller().roles),
        section=(request.endpoint or "").removeprefix("dashboard.").split(".")[0],
        here=here or request.full_path.rstrip("?"),
        **values,
    )


def found(model: type[Row], row_id: uuid.UUID) -> Row:
    """Return the caller's clinic's row of that id. Raises NotFound."""
    row = db.session.get(model, row_id)
    if row is None:
        raise NotFound(gettext("This does not exist, or belongs to another clinic."))
    return row


def act(do: Callable[[], object], *, said: str, back: str = "/") -> ResponseReturnValue:
    """Carry an action out, say what came of it, and lead back to where its form stood.

    What cannot be done is said in the reader's words, and changes nothing.
    """
    try:
        do()
    except (Conflict, Refused, Invalid) as error:
        db.session.rollback()
        flash(explain(error), "bad")
    else:
        flash(said, "good")
    return redirect(way_back(back), 303)
