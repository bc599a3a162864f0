"""The first page: everything that needs a person, and the next thing to do about it."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_security import current_user

from backend.auth import current_actor, staff, writes
from backend.dashboard.language import gettext
from backend.dashboard.shell import STAFF, house, present, reader, render
from backend.dashboard.words import SIGNS
from backend.db import db
from backend.queries.sending import traffic
from backend.queries.worklist import Line, counts, news_since, worklist
from backend.services.alerts import OUTCOMES

pages = Blueprint("worklist", __name__)

_SILENT = ("lost_sight", "unanswered")


@pages.get("/")
@staff(*STAFF)
def show() -> str:
    """Show what waits, by tier and then by how long it has waited."""
    lines = worklist(db.session(), now=present(), language=reader().language, clinic_zone=house().zone)
    wanted = request.args.get("show", "")
    last_seen_at = current_user.last_seen_at
    return render(
        "worklist.html",
        lines=[line for line in lines if _is_wanted(line, wanted)],
        total=len(lines),
        show=wanted,
        filters=_filters(counts(lines)),
        last_seen_at=last_seen_at,
        news=news_since(db.session(), last_seen_at) if last_seen_at else None,
        traffic=traffic(db.session(), now=present(), clinic_zone=house().zone),
        outcomes=OUTCOMES,
        signs=SIGNS,
    )


@pages.post("/seen")
@staff(*STAFF)
@writes
def seen() -> ResponseReturnValue:
    """Remember that the reader has looked at the list just now."""
    current_user.last_seen_at = present()
    return "", 204


def _is_wanted(line: Line, wanted: str) -> bool:
    match wanted:
        case "":
            return True
        case "mine":
            return line.owner_id is not None and line.owner_id == current_actor().account_id
        case "silent":
            return line.kind in _SILENT
        case _:
            return line.kind == wanted


def _filters(number: Mapping[str, int]) -> Sequence[tuple[str, str, int | None]]:
    """Return the choices above the list: key, word, count. Empty kinds are left out."""
    kinds = (
        ("emergency", gettext("Emergency"), number.get("emergency", 0)),
        ("same_day", gettext("Same day"), number.get("same_day", 0)),
        ("next_day", gettext("Next clinic day"), number.get("next_day", 0)),
        ("silent", gettext("Silent"), sum(number.get(kind, 0) for kind in _SILENT)),
        ("text", gettext("Texts"), number.get("text", 0)),
        ("booking", gettext("To book"), number.get("booking", 0)),
    )
    return [
        ("", gettext("All"), None),
        ("mine", gettext("Mine"), None),
        *(kind for kind in kinds if kind[2]),
    ]
