"""The clinic's protocols: what is in them, who approved which dates, their versions, and the signature."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, current_caller, staff, writes
from backend.dashboard import simulation
from backend.dashboard.formats import span_of_offset
from backend.dashboard.language import gettext
from backend.dashboard.shell import STAFF, act, house, present, reader, render
from backend.db import db
from backend.errors import Invalid
from backend.services.protocol_versions import KnownVersion, known_versions
from backend.services.protocols import clinic_protocols, own_figures, sign_protocol
from schedules.civil_time import Offset
from schedules.protocol import CareProtocol, ProtocolError
from schedules.steps import Step

pages = Blueprint("protocols", __name__)
pages.register_blueprint(simulation.pages)

_SIGNERS = frozenset({"clinician", "admin"})


@pages.get("/protocols")
@staff(*STAFF)
def index() -> str:
    """Show the newest version of every protocol with its steps, and its versions beside each other."""
    known = known_versions(db.session(), house().id)
    return render(
        "protocols.html",
        protocols=[_shown(versions) for versions in known.values()],
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
        session, actor = db.session(), current_actor()
        signed = {one.id: signature for one, signature in clinic_protocols(session, actor.clinic_id)}
        signature = signed.get(protocol_id)
        overrides = dict(signature.overrides) if signature else {}  # what this form does not ask stays
        overrides |= {key: f"P{int(value)}W" for key, value in weeks.items()}
        sign_protocol(session, actor, protocol_id, overrides, now=present())

    return act(do, said=gettext("Signed off. Patients can be enrolled with it."), back="/protocols")


def _shown(versions: tuple[KnownVersion, ...]) -> dict[str, Any]:
    language = reader().language
    protocol, signature = versions[-1].protocol, versions[-1].signature
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
        "figures": [
            {
                "figure": figure,
                "what": _what(protocol, figure.key, language),
                "base": _value(figure.base, language),
                "value": _value(figure.value, language),
            }
            for figure in (own_figures(protocol, signature) if signature else ())
        ],
        "versions": versions,
        "steps": [
            {
                "title": step.title[language],
                "kind": step.kind.value,
                "when": _when(step, language),
                "why": step.why[language],
                "source": step.source,
                "approved_by": step.approved_by,
                "approved_on": step.approved_on,
            }
            for step in protocol.steps
        ],
    }


def _what(protocol: CareProtocol, key: str, language: str) -> str:
    """Return what a clinic's figure is about: the step's title, or the rule's key."""
    section, _, rest = key.removeprefix("steps.").partition(".")
    return rest.partition(".")[0] if section == "rules" else protocol.step(section).title[language]


def _value(written: str, language: str) -> str:
    """Return a figure in words where it is a length of time, else as the file writes it."""
    if not written:
        return gettext("left to the clinic")
    try:
        offset = Offset.parse(written)
    except ProtocolError:
        return written
    span = span_of_offset(offset, language)
    return gettext("%(span)s before", span=span) if offset.sign < 0 else span


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
