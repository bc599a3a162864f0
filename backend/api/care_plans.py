"""Care plans: what one consists of, and holding, resuming, completing, revoking it."""

import uuid
from typing import Any

from backend.api.idempotency import idempotent
from backend.api.resources import EVERY_STAFF, Resource, found, page_of, present, reading_language
from backend.api.schemas import LanguageQuery, PageQuery, page_schema
from backend.api.schemas import care as schemas
from backend.api.schemas.alerts import AlertQuery, ListedAlert
from backend.api.schemas.messages import Message
from backend.auth import current_actor, staff, writes
from backend.db import db
from backend.models import CarePlan
from backend.queries.alerts import list_alerts
from backend.queries.check_ins import list_check_ins
from backend.queries.conversations import plan_messages
from backend.queries.timelines import timeline
from backend.services import plans

care_plans = Resource("care_plans", "Care plans: a protocol applied to one procedure.")


@care_plans.route("/care-plans/<uuid:plan_id>", methods=["GET"])
@staff(*EVERY_STAFF)
@care_plans.response(200, schemas.CarePlan)
def show(plan_id: uuid.UUID) -> Any:
    """Show a care plan."""
    return found(CarePlan, plan_id)


@care_plans.route("/care-plans/<uuid:plan_id>/timeline", methods=["GET"])
@staff(*EVERY_STAFF)
@care_plans.arguments(LanguageQuery, location="query")
@care_plans.response(200, schemas.Timeline)
def show_timeline(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """Show every step of a plan by date, as it stands now."""
    found(CarePlan, plan_id)
    return {"items": timeline(db.session(), plan_id, now=present(), language=reading_language(given))}


@care_plans.route("/care-plans/<uuid:plan_id>/messages", methods=["GET"])
@staff(*EVERY_STAFF)
@care_plans.arguments(PageQuery, location="query")
@care_plans.response(200, page_schema(Message))
def show_messages(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """List a plan's texts by date: sent, still to come, and called off."""
    found(CarePlan, plan_id)
    return page_of(plan_messages(db.session(), plan_id, **given))


@care_plans.route("/care-plans/<uuid:plan_id>/check-ins", methods=["GET"])
@staff(*EVERY_STAFF)
@care_plans.arguments(schemas.CheckInQuery, location="query")
@care_plans.response(200, page_schema(schemas.CheckIn))
def show_check_ins(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """List a plan's check-ins by date, with the answers."""
    found(CarePlan, plan_id)
    given["language"] = reading_language(given)
    return page_of(list_check_ins(db.session(), plan_id=plan_id, **given))


@care_plans.route("/care-plans/<uuid:plan_id>/alerts", methods=["GET"])
@staff(*EVERY_STAFF)
@care_plans.arguments(AlertQuery, location="query")
@care_plans.response(200, page_schema(ListedAlert))
def show_alerts(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """List a plan's alerts, the most urgent first."""
    found(CarePlan, plan_id)
    given["language"] = reading_language(given)
    return page_of(list_alerts(db.session(), plan_id=plan_id, **given))


@care_plans.route("/care-plans/<uuid:plan_id>/hold", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@care_plans.arguments(schemas.Reason, required=False)
@care_plans.response(200, schemas.CarePlan)
def hold(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """Pause a plan: nothing is sent, and nobody counts as silent, until it is resumed."""
    return plans.hold(db.session(), current_actor(), found(CarePlan, plan_id), now=present(), **given)


@care_plans.route("/care-plans/<uuid:plan_id>/resume", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@care_plans.arguments(schemas.Reason, required=False)
@care_plans.response(200, schemas.CarePlan)
def resume(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """Go on with a held plan; what fell due meanwhile is not sent afterwards."""
    return plans.resume(db.session(), current_actor(), found(CarePlan, plan_id), now=present(), **given)


@care_plans.route("/care-plans/<uuid:plan_id>/complete", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@care_plans.arguments(schemas.Reason, required=False)
@care_plans.response(200, schemas.CarePlan)
def complete(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """End a plan that has served its purpose."""
    return plans.complete(db.session(), current_actor(), found(CarePlan, plan_id), now=present(), **given)


@care_plans.route("/care-plans/<uuid:plan_id>/revoke", methods=["POST"])
@staff(*EVERY_STAFF)
@writes
@idempotent
@care_plans.arguments(schemas.Reason, required=False)
@care_plans.response(200, schemas.CarePlan)
def revoke(given: dict[str, Any], plan_id: uuid.UUID) -> Any:
    """Withdraw a plan; a procedure still planned is cancelled with it."""
    return plans.revoke(db.session(), current_actor(), found(CarePlan, plan_id), now=present(), **given)
