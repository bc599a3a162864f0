"""The list of patients, found while typing, and one patient's page."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from sqlalchemy import case, select

from backend.auth import staff
from backend.dashboard.charts import chart_data, plan_picture
from backend.dashboard.formats import age
from backend.dashboard.shell import STAFF, found, house, present, reader, render
from backend.dashboard.talk import talk
from backend.dashboard.words import SIGNS
from backend.db import db
from backend.models import CarePlan, Patient, Procedure
from backend.queries.courses import Course, course
from backend.queries.patients import list_patients
from backend.queries.timelines import timeline
from backend.queries.trails import trail
from backend.services.alerts import OUTCOMES
from backend.services.calendar_feeds import is_open
from schedules.timeline import day_number

pages = Blueprint("patients", __name__)

PAGE: Final = 50
_MESSAGES: Final = 40
_ACTED_ON_AHEAD: Final = timedelta(days=400)
_OPEN_MILESTONES: Final = frozenset({"planned", "due", "overdue", "booked"})


@pages.get("/patients")
@staff(*STAFF)
def index() -> str:
    """Show the clinic's patients by family name."""
    return _listed("", None)


@pages.post("/patients/search")
@staff(*STAFF)
def search() -> str:
    """Show the patients a search finds. A POST, so that no name ends up in an address or a log."""
    return _listed(request.form.get("query", ""), request.form.get("cursor") or None)


@pages.get("/patients/<uuid:patient_id>")
@staff(*STAFF)
def show(patient_id: uuid.UUID) -> str:
    """Show everything about one patient that changes a decision."""
    session, now = db.session(), present()
    patient = found(Patient, patient_id)
    return render(
        "patient.html",
        patient=patient,
        age=age(patient.birth_date, _today(now)) if patient.birth_date else None,
        talk=talk(session, patient.id, limit=_MESSAGES),
        traces=trail(session, patient.id),
        has_calendar=is_open(session, patient.id),
        outcomes=OUTCOMES,
        signs=SIGNS,
        **_plan_of(patient, now),
    )


def _listed(query: str, cursor: str | None) -> str:
    page = list_patients(db.session(), query=query, cursor=cursor, limit=PAGE)
    return render(
        "patients.html",
        here="/patients",
        query=query,
        rows=[_row(row) for row in page.items],
        next_cursor=page.next_cursor,
    )


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    plan = row["care_plan"]
    return {
        **row,
        "levels": plan["levels"] if plan else (),
        "technique": plan["technique"] if plan else "",
        "plan_status": plan["status"] if plan else None,
        "day": day_number(plan["anchor_at"], present(), house().zone) if plan else None,
    }


def _plan_of(patient: Patient, now: datetime) -> dict[str, Any]:
    """Return what the page shows of the patient's newest running plan, or newest at all."""
    session, language = db.session(), reader().language
    found_plan = session.execute(
        select(CarePlan, Procedure)
        .join(Procedure, Procedure.id == CarePlan.procedure_id)
        .where(CarePlan.patient_id == patient.id)
        .order_by(case((CarePlan.status.in_(("active", "on_hold")), 0), else_=1), CarePlan.anchor_at.desc())
        .limit(1)
    ).one_or_none()
    if found_plan is None:
        return {"plan": None}
    plan, procedure = found_plan
    items = timeline(session, plan.id, now=now, language=language)
    told = course(
        session,
        plan.id,
        baseline=procedure.baseline_pain,
        anchor_at=plan.anchor_at,
        clinic_zone=house().zone,
        language=language,
    )
    milestones = [item for item in items if item["kind"] == "milestone"]
    restrictions = [item for item in items if item["kind"] == "restriction"]
    return {
        "plan": plan,
        "procedure": procedure,
        "day": day_number(plan.anchor_at, now, house().zone),
        "picture": plan_picture(items, anchor=plan.anchor_at, reader=reader()),
        "chart": chart_data(told, day=day_number(plan.anchor_at, now, house().zone), reader=reader()),
        "course": told,
        **_open_milestones(milestones, now),
        "past_milestones": [item for item in milestones if item["status"] not in _OPEN_MILESTONES],
        "restrictions": [item for item in restrictions if item["status"] == "active"],
        "past_restrictions": [item for item in restrictions if item["status"] != "active"],
        **_check_ins(told, now),
    }


def _open_milestones(milestones: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Return the milestones to act on, and apart from them those too far ahead to."""
    still_open = [item for item in milestones if item["status"] in _OPEN_MILESTONES]
    return {
        "milestones": [item for item in still_open if item["due_at"] <= now + _ACTED_ON_AHEAD],
        "later_milestones": [item for item in still_open if item["due_at"] > now + _ACTED_ON_AHEAD],
    }


def _check_ins(told: Course, now: datetime) -> dict[str, Any]:
    """Return the check-ins asked so far, newest first, the next one, and those after it."""
    asked = [one for one in told.check_ins if one.due_at <= now]
    ahead = [one for one in told.check_ins if one.due_at > now and one.status == "planned"]
    return {"asked": asked[::-1], "next_check_in": ahead[0] if ahead else None, "later_check_ins": ahead[1:]}


def _today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(house().zone)).date()
