"""Procedures: moved, performed, cancelled, put on another protocol; what that does, and taking it back."""

import uuid
from typing import Any

from flask.typing import ResponseReturnValue
from sqlalchemy import select

from backend.api.idempotency import idempotent
from backend.api.resources import (
    EVERY_STAFF,
    Resource,
    check_version,
    columns_of,
    found,
    present,
    reading_language,
    tagged,
)
from backend.api.schemas import care as care_schemas
from backend.api.schemas import replanning as schemas
from backend.auth import current_actor, staff, writes
from backend.db import db
from backend.models import CarePlan, PlanRevision, Procedure
from backend.queries.revisions import list_revisions
from backend.services.procedure_changes import NewCourse, course_to
from backend.services.replanning import Replanned, preview, replan
from backend.services.undoing import undo
from schedules.replan import Entry, Replan

procedures = Resource("procedures", "Procedures, and what becomes of their plans when they change.")

_DATES = ("earliest_at", "due_at", "overdue_at", "expires_at", "ends_at")


@procedures.route("/procedures/<uuid:procedure_id>", methods=["GET"])
@staff(*EVERY_STAFF)
@procedures.response(200, care_schemas.Procedure)
def show(procedure_id: uuid.UUID) -> ResponseReturnValue:
    """Show a procedure."""
    procedure = found(Procedure, procedure_id)
    return tagged(procedure, procedure.version)


@procedures.route("/procedures/<uuid:procedure_id>/replan-preview", methods=["POST"])
@staff(*EVERY_STAFF)
@procedures.arguments(schemas.ProcedureChanges)
@procedures.response(200, schemas.Replan)
def foresee(given: dict[str, Any], procedure_id: uuid.UUID) -> Any:
    """Say what a change would keep, move, add and drop; change nothing."""
    plan = _plan_of(found(Procedure, procedure_id))
    return _shown(preview(db.session(), plan, _course(plan, given), now=present()))


@procedures.route("/procedures/<uuid:procedure_id>", methods=["PATCH"])
@staff(*EVERY_STAFF)
@writes
@procedures.arguments(schemas.ProcedureChanges)
@procedures.response(200, schemas.ChangedProcedure)
def change(given: dict[str, Any], procedure_id: uuid.UUID) -> ResponseReturnValue:
    """Move a procedure, say that it was performed or cancelled, or change its protocol; the plan follows."""
    procedure = found(Procedure, procedure_id)
    check_version(procedure.version)
    plan = _plan_of(procedure)
    course = _course(plan, given)
    done = replan(db.session(), current_actor(), plan, course, reason=given["reason"], now=present())
    body = columns_of(procedure) | _done(plan, done)
    return tagged(body | {"revision_id": done.revision and done.revision.id}, procedure.version)


@procedures.route("/care-plans/<uuid:plan_id>/revisions", methods=["GET"])
@staff(*EVERY_STAFF)
@procedures.response(200, schemas.Revisions)
def show_revisions(plan_id: uuid.UUID) -> Any:
    """List what was changed of a plan, newest first."""
    found(CarePlan, plan_id)
    return {"items": list_revisions(db.session(), plan_id)}


@procedures.route("/plan-revisions/<uuid:revision_id>/undo", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@procedures.arguments(care_schemas.Reason, required=False)
@procedures.response(200, schemas.Undone)
def take_back(given: dict[str, Any], revision_id: uuid.UUID) -> Any:
    """Take a plan's newest change back; what reached the patient meanwhile stays."""
    revision = found(PlanRevision, revision_id)
    plan = found(CarePlan, revision.care_plan_id)
    return _done(plan, undo(db.session(), current_actor(), revision, now=present(), **given))


def _plan_of(procedure: Procedure) -> CarePlan:
    return db.session.scalars(select(CarePlan).where(CarePlan.procedure_id == procedure.id)).one()


def _course(plan: CarePlan, given: dict[str, Any]) -> NewCourse:
    return course_to(
        db.session(),
        plan,
        performed_at=given.get("performed_at"),
        status=given.get("status"),
        protocol=given.get("protocol"),
        version=given.get("protocol_version"),
    )


def _done(plan: CarePlan, done: Replanned) -> dict[str, Any]:
    return {"care_plan": plan, "replan": _shown(done.replan)}


def _shown(replan: Replan) -> dict[str, Any]:
    language = reading_language({})
    return {
        name: [_entry(entry, language) for entry in getattr(replan, name)]
        for name in ("keep", "move", "add", "drop")
    }


def _entry(entry: Entry, language: str) -> dict[str, Any]:
    part = entry.part
    return {
        "key": part.key.step,
        "occurrence": part.key.occurrence,
        "text": part.key.text or None,
        "kind": part.kind,
        "title": part.title.get(language, part.key.step),
        "reason": entry.reason[language],
        **{
            side: None if at is None else {name: getattr(at, name) for name in _DATES}
            for side, at in (("before", entry.before), ("after", entry.after))
        },
    }
