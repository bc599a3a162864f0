"""Moving a procedure or changing its protocol: what it would do to the plan, doing it, taking it back."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff, writes
from backend.dashboard.forms import Form
from backend.dashboard.language import gettext
from backend.dashboard.sentences import explain
from backend.dashboard.shell import STAFF, act, found, house, present, reader, render
from backend.dashboard.words import STEPS, TEXTS, word
from backend.db import db
from backend.errors import Conflict, Invalid
from backend.models import CarePlan, Patient, PlanRevision, Procedure
from backend.queries.revisions import list_revisions
from backend.services.procedure_changes import NewCourse, course_to
from backend.services.protocols import clinic_protocols
from backend.services.replanning import preview, replan
from backend.services.undoing import undo
from schedules.plan_parts import Planned
from schedules.replan import Entry, Replan

pages = Blueprint("replanning", __name__)

_FIELDS = ("performed_at", "status", "protocol", "reason")


@pages.get("/plans/<uuid:plan_id>/change")
@staff(*STAFF)
def show(plan_id: uuid.UUID) -> str:
    """Show what can be changed of a procedure and its protocol, and what was changed so far."""
    plan = found(CarePlan, plan_id)
    return _page(plan, _form(plan), None)


@pages.post("/plans/<uuid:plan_id>/change")
@staff(*STAFF)
def foresee(plan_id: uuid.UUID) -> ResponseReturnValue:
    """Show what a change would keep, move, add and drop; change nothing."""
    plan = found(CarePlan, plan_id)
    form = _form(plan)
    try:
        foreseen = preview(db.session(), plan, _course(plan, form), now=present())
    except Invalid as error:
        form.errors |= {name: [_hint(name)] for name in error.fields}
    except Conflict as error:
        form.errors["form"] = [explain(error)]
    else:
        return _page(plan, form, foreseen)
    return _page(plan, form, None), 422


@pages.post("/plans/<uuid:plan_id>/change/apply")
@staff(*STAFF)
@writes
def apply(plan_id: uuid.UUID) -> ResponseReturnValue:
    """Do what the preview showed, unless the procedure was changed since."""
    plan = found(CarePlan, plan_id)
    form = _form(plan)

    def do() -> None:
        procedure = found(Procedure, plan.procedure_id)
        if form.text("version") != str(procedure.version):
            raise Conflict("the plan was changed again since; look at it anew")
        course = _course(plan, form)
        replan(db.session(), current_actor(), plan, course, reason=form.text("reason")[:1000], now=present())

    back = url_for("dashboard.replanning.show", plan_id=plan.id)
    return act(do, said=gettext("The plan has its new dates. You can take this back below."), back=back)


@pages.post("/revisions/<uuid:revision_id>/undo")
@staff(*STAFF)
@writes
def take_back(revision_id: uuid.UUID) -> ResponseReturnValue:
    """Take a plan's newest change back."""
    revision = found(PlanRevision, revision_id)
    back = url_for("dashboard.replanning.show", plan_id=revision.care_plan_id)
    said = gettext("Taken back. What the patient has received meanwhile stays.")
    return act(
        lambda: undo(db.session(), current_actor(), revision, now=present()),
        said=said,
        back=back,
    )


def _form(plan: CarePlan) -> Form:
    typed = reader().typed(plan.anchor_at)
    return Form(request.form, dict.fromkeys(_FIELDS, "") | {"performed_at": typed, "version": ""})


def _course(plan: CarePlan, form: Form) -> NewCourse:
    """Read the form; a date as it stands is no change. Raises Invalid naming a field that cannot be read."""
    performed_at: datetime | None = None
    if form.text("performed_at") != reader().typed(plan.anchor_at):
        performed_at = form.moment("performed_at", house().zone, required=True)
    if form.errors:
        raise Invalid(form.errors)
    protocol, _, version = form.text("protocol").partition(" ")
    course = course_to(
        db.session(),
        plan,
        status=form.text("status") or None,
        protocol=protocol or None,
        version=int(version) if version.isdigit() else None,
    )
    return replace(course, performed_at=performed_at)


def _hint(name: str) -> str:
    """What would be right in a field of this form."""
    return {
        "performed_at": gettext("Give a date and time within the last ten years or the next twelve months."),
        "status": gettext("This does not fit the date and time above."),
    }.get(name, gettext("Choose one of the protocols signed off by the clinic."))


def _page(plan: CarePlan, form: Form, foreseen: Replan | None) -> str:
    procedure = found(Procedure, plan.procedure_id)
    return render(
        "replanning.html",
        here=url_for("dashboard.replanning.show", plan_id=plan.id),
        plan=plan,
        procedure=procedure,
        patient=found(Patient, plan.patient_id),
        form=form,
        protocols=_protocols(procedure),
        statuses=[
            ("", gettext("As the date says")),
            ("performed", gettext("It was performed then")),
            ("cancelled", gettext("It does not take place")),
        ],
        foreseen=None if foreseen is None else _shown(foreseen),
        revisions=list_revisions(db.session(), plan.id),
    )


def _protocols(procedure: Procedure) -> list[tuple[str, str]]:
    """What the clinic has signed for this region, as choices of a form."""
    language = reader().language
    signed = [
        (f"{protocol.id} {protocol.version}", f"{protocol.titles[language]} ({protocol.version})")
        for protocol, signature in clinic_protocols(db.session(), house().id)
        if signature is not None and protocol.region == procedure.region
    ]
    return [("", gettext("As it is")), *signed]


def _shown(foreseen: Replan) -> Mapping[str, list[dict[str, Any]]]:
    return {
        name: sorted(_rows(getattr(foreseen, name)), key=lambda row: row["at"])
        for name in ("move", "add", "drop", "keep")
    }


def _rows(entries: Iterable[Entry]) -> Iterable[dict[str, Any]]:
    language = reader().language
    for entry in entries:
        part = entry.part
        yield {
            "title": part.title.get(language, part.key.step),
            "kind": word(TEXTS, part.kind) if part.key.text else word(STEPS, part.kind),
            "before": _date(entry.before),
            "after": _date(entry.after),
            "reason": entry.reason[language],
            "at": part.due_at,
        }


def _date(part: Planned | None) -> datetime | None:
    """The date a nurse looks for: a restriction's end, anything else's beginning."""
    if part is None:
        return None
    return part.ends_at or part.due_at
