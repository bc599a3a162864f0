"""Milestones: ticked, booked, moved, called off."""

import uuid
from typing import Any

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
from backend.api.schemas import care as schemas
from backend.auth import current_actor, staff, writes
from backend.db import db
from backend.models import Milestone
from backend.queries.timelines import milestone_item
from backend.services.milestones import change_milestone

milestones = Resource("milestones", "Milestones: what is to happen, and when.")


@milestones.route("/milestones/<uuid:milestone_id>", methods=["PATCH"])
@staff(*EVERY_STAFF)
@writes
@milestones.arguments(schemas.MilestoneChanges)
@milestones.response(200, schemas.Milestone)
def change(given: dict[str, Any], milestone_id: uuid.UUID) -> Any:
    """Tick, book, move or call off a milestone; its reminders follow."""
    milestone = found(Milestone, milestone_id)
    check_version(milestone.version)
    change_milestone(db.session(), current_actor(), milestone, now=present(), **given)
    db.session.flush()
    item = milestone_item(columns_of(milestone), now=present(), language=reading_language({}))
    return tagged(item, milestone.version)
