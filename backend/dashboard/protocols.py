"""The clinic's protocols: what is in them, who signed which dates, and the signature itself."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, current_caller, staff, writes
from backend.dashboard.formats import span_of_offset
from backend.dashboard.language import gettext
from backend.dashboard.shell import STAFF, act, house, present, reader, render
from backend.db import db
from backend.errors import Invalid
from backend.models import ClinicProtocol
from backend.services.protocols import clinic_protocols, sign_protocol
from schedules.civil_time import Offset
from schedules.protocol import CareProtocol
from schedules.steps import Step

pages = Blueprint("protocols", __name__)

_SIGNERS = frozenset({"clinician", "admin"})


@pages.get("/protocols")
@staff(*STAFF)
def index() -> str:
    """Show every protocol with its state and its steps."""
    offered = clinic_protocols(db.session(), house().id)
    return render(
        "protocols.html",
        protocols=[_shown(protocol, signature) for protocol, signature in offered],
        may_sign=bool(current_caller().roles & _SIGNERS),
    )


@pages.post("/protocols/<protocol_id>/sign")
@staff("clinician", "admin")
@writes
def sign(protocol_id: str) -> ResponseReturnValue:
    """Sign a protocol off with the dates the clinic decides."""
    weeks = {key: value for key, value in request.form.items() if key.endswith(".ends")}

    def do() -> None:
        if not all(value.isdigit() and 1 <= int(value) <= 52 for value in weeks.values()):
            raise Invalid({"weeks": ["give whole weeks from 1 to 52."]})
        overrides = {key: f"P{int(value)}W" for key, value in weeks.items()}
        sign_protocol(db.session(), current_actor(), protocol_id, overrides, now=present())

    return act(do, said=gettext("Signed off. Patients can be enrolled with it."), back="/protocols")


def _shown(protocol: CareProtocol, signature: ClinicProtocol | None) -> dict[str, Any]:
    language = reader().language
    return {
        "id": protocol.id,
        "version": protocol.version,
        "region": protocol.region,
        "title": protocol.titles[language],
        "approved_by": signature.approved_by if signature else None,
        "approved_at": signature.approved_at if signature else None,
        "decisions": [
            {
                "key": f"{step.key}.{name}",
                "title": step.title[language],
                "why": step.why[language],
                "weeks": _weeks(step, name),
            }
            for step in protocol.steps
            for name in step.needs_clinic
        ],
        "steps": [
            {
                "title": step.title[language],
                "kind": step.kind.value,
                "when": _when(step, language),
                "why": step.why[language],
                "source": step.source,
            }
            for step in protocol.steps
        ],
    }


def _weeks(step: Step, name: str) -> int | str:
    """Return what the clinic decided, or the suggestion, in weeks; empty where there is neither."""
    decided = getattr(step, name)
    offset = decided if isinstance(decided, Offset) else None
    if offset is None and name in step.suggested:
        offset = Offset.parse(step.suggested[name])
    return (offset.weeks or offset.days // 7) if offset else ""


def _when(step: Step, language: str) -> str:
    """Return a step's date in words, counted from the procedure."""
    if isinstance(step.ends, Offset):
        return gettext("for %(span)s", span=span_of_offset(step.ends, language))
    if step.ends == "clearance":
        return gettext("until cleared")
    if step.ends is not None:
        return gettext("until the milestone %(step)s", step=step.ends)
    if step.window is None:
        return gettext("not decided yet")
    due = step.window.due
    if due.sign < 0:
        return gettext("%(span)s before", span=span_of_offset(-due, language))
    return gettext("after %(span)s", span=span_of_offset(due, language))
