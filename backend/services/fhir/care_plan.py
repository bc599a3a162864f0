"""A patient's care plan as a FHIR CarePlan: an activity a step, restrictions as what is not to be done."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from backend.models import CarePlan
from backend.services.fhir.elements import BASE, PROTOCOL, Element, coded

_PLAN: Final = {"active": "active", "on_hold": "on-hold", "completed": "completed", "revoked": "revoked"}
_ACTIVITY: Final[Mapping[str, Mapping[str, str]]] = {
    "milestone": {
        "planned": "not-started",
        "due": "not-started",
        "overdue": "not-started",
        "booked": "scheduled",
        "done": "completed",
        "cancelled": "cancelled",
    },
    "restriction": {
        "active": "in-progress",
        "ended": "completed",
        "lifted": "completed",
        "cancelled": "cancelled",
    },
    "check_in": {
        "planned": "scheduled",
        "awaiting": "in-progress",
        "answered": "completed",
        "missed": "stopped",
        "cancelled": "cancelled",
    },
    "education": {
        "planned": "scheduled",
        "sent": "completed",
        "cancelled": "cancelled",
        "expired": "stopped",
        "failed": "stopped",
        "undelivered": "stopped",
    },
}
"""Our states by kind of step, in FHIR's words; what was before enrolment, and any other, is unknown."""
_OPEN: Final = frozenset({"not-started", "scheduled", "in-progress"})


def care_plan_resource(
    plan: CarePlan, items: Sequence[Mapping[str, Any]], *, title: str, now: datetime
) -> Element:
    """Return a plan as a CarePlan (R4); `items` are its timeline as `queries.timelines` gives it.

    Of the patient it names the id and nothing else.
    """
    return {
        "resourceType": "CarePlan",
        "id": str(plan.id),
        "instantiatesUri": [f"{PROTOCOL}:{plan.protocol}|{plan.protocol_version}"],
        "status": _PLAN[plan.status],
        "intent": "plan",
        "title": title,
        "subject": {"reference": f"Patient/{plan.patient_id}"},
        "period": {"start": _instant(plan.anchor_at)},
        "created": _instant(plan.created_at),
        "activity": [{"detail": _detail(item, plan, now)} for item in items],
    }


def _detail(item: Mapping[str, Any], plan: CarePlan, now: datetime) -> Element:
    restricts = item["kind"] == "restriction"
    detail: Element = {
        "extension": [{"url": f"{BASE}:kind", "valueCode": item["kind"]}],
        "code": {**coded("step", item["key"]), "text": item["title"]},
        "status": _status(item, plan, now),
        "doNotPerform": restricts,
    }
    if item["why"]:
        detail["description"] = item["why"]
    begins = item["due_at"] if restricts else item["booked_at"] or item["earliest_at"] or item["due_at"]
    ends = item["ends_at"] if restricts else item["booked_at"] or item["overdue_at"] or item["expires_at"]
    period = {"start": _instant(begins)} if begins else {}
    if ends and (not begins or ends >= begins):
        period["end"] = _instant(ends)
    if period:
        detail["scheduledPeriod"] = period
    return detail


def _status(item: Mapping[str, Any], plan: CarePlan, now: datetime) -> str:
    status = _ACTIVITY[item["kind"]].get(item["status"], "unknown")
    if item["kind"] == "restriction" and status == "in-progress" and item["due_at"] > now:
        status = "not-started"
    return "on-hold" if plan.status == "on_hold" and status in _OPEN else status


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
