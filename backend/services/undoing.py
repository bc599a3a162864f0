"""Taking the newest change of a plan back: what it moved returns, as far as nothing has happened since."""

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.errors import Conflict
from backend.models import CarePlan, Milestone, PlanRevision
from backend.services.actors import Actor
from backend.services.announcing import announce, take_back_unsent
from backend.services.milestones import restore_columns
from backend.services.plan_revisions import Recorded, newest_revision, parts_in
from backend.services.plan_standings import Standings, read_parts
from backend.services.plan_terms import Terms, with_decided
from backend.services.plan_writing import PlanChange
from backend.services.protocols import protocol_of
from backend.services.replanning import CAUSES, Replanned, carry_out, terms_of
from schedules.plan_parts import Key, Planned
from schedules.replan import Standing, diff


def undo(
    session: Session, actor: Actor, revision: PlanRevision, *, reason: str = "", now: datetime
) -> Replanned:
    """Take a plan's newest change back, and leave a record of that too.

    What reached the patient meanwhile stays as it is, and what fell due meanwhile is not sent afterwards.
    Raises Conflict when it is not the newest, was taken back already, or followed the patient's particulars.
    """
    plan = session.get_one(CarePlan, revision.care_plan_id)
    _check(session, plan, revision)
    before = terms_of(session, plan)
    if "milestone" in revision.before:
        _restore_milestone(session, revision.before["milestone"])
    after = _former(before, revision)
    standings = read_parts(session, [plan.id], lock=True)[plan.id]
    decided = diff(
        list(standings.parts.values()),
        _as_it_was(standings, revision),
        standings.happened,
        now=now,
        cause=CAUSES["undone"],
        why_dropped=CAUSES["undone"],
    )
    done = Recorded(before, PlanChange(after, standings, decided), _milestones(revision))
    undone = carry_out(session, actor, plan, done, cause="undone", reason=reason, now=now, undoes=revision.id)
    revision.undone_at = now
    session.flush()
    needless = take_back_unsent(session, plan.id, revision.id, now=now)
    if not needless and undone.revision is not None:
        announce(session, protocol_of(plan), before, after, undone.revision.id, now=now)
    return undone


def _check(session: Session, plan: CarePlan, revision: PlanRevision) -> None:
    if revision.undone_at is not None or revision.undoes is not None:
        raise Conflict("this change was already taken back")
    newest = newest_revision(session, plan.id)
    if newest is None or newest.id != revision.id:
        raise Conflict("the plan was changed again since; take the newest change back first")
    if revision.cause == "particulars_changed":
        raise Conflict("this followed the patient's particulars; change those back instead")
    ended_since = plan.status in {"completed", "revoked"} and not _ended_it(revision)
    if ended_since:
        raise Conflict(f"the plan is {plan.status}; its dates do not change any more")


def _ended_it(revision: PlanRevision) -> bool:
    was, became = (side["terms"]["plan_status"] for side in (revision.before, revision.after))
    return bool(was != became)


def _former(now_held: Terms, revision: PlanRevision) -> Terms:
    """The terms from before; a hold that came since stays."""
    former = with_decided(now_held, revision.before["terms"])
    return former if _ended_it(revision) else replace(former, plan_status=now_held.plan_status)


def _as_it_was(standings: Standings, revision: PlanRevision) -> list[Planned]:
    parts: dict[Key, Planned] = {
        key: part
        for key, part in standings.parts.items()
        if key not in standings.happened or standings.happened[key].standing is not Standing.WITHDRAWN
    }
    for part in parts_in(revision.after):
        parts.pop(part.key, None)
    return [*parts.values(), *parts_in(revision.before)]


def _restore_milestone(session: Session, kept: dict[str, Any]) -> None:
    milestone = session.get_one(Milestone, uuid.UUID(kept["id"]))
    restore_columns(session, milestone, kept)


def _milestones(revision: PlanRevision) -> tuple[dict[str, Any], dict[str, Any]] | None:
    if "milestone" not in revision.before:
        return None
    return revision.after["milestone"], revision.before["milestone"]
