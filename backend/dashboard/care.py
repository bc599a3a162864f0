"""What a nurse does to a plan: hold it, tick and book its milestones, record answers, lift restrictions."""

import uuid

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff, writes
from backend.dashboard.forms import Form
from backend.dashboard.language import gettext
from backend.dashboard.shell import STAFF, act, found, house, present
from backend.db import db
from backend.errors import Invalid
from backend.models import CarePlan, CheckIn, Milestone, Patient, Restriction
from backend.services import plans
from backend.services.calendar_feeds import revoke_feed
from backend.services.check_ins import GivenAnswer, answer_check_in
from backend.services.milestones import change_milestone, lift_restriction

pages = Blueprint("care", __name__)

_MOVES = {
    "hold": plans.hold,
    "resume": plans.resume,
    "complete": plans.complete,
    "revoke": plans.revoke,
}


@pages.post("/plans/<uuid:plan_id>/<any(hold, resume, complete, revoke):move>")
@staff(*STAFF)
@writes
def move(plan_id: uuid.UUID, move: str) -> ResponseReturnValue:
    """Hold, resume, complete or withdraw a plan."""
    plan = found(CarePlan, plan_id)
    said = {
        "hold": gettext("On hold: nothing goes out until you resume."),
        "resume": gettext("Resumed. What fell due meanwhile is not sent afterwards."),
        "complete": gettext("Completed. Nothing more goes out."),
        "revoke": gettext("Withdrawn. Nothing more goes out."),
    }[move]
    return act(lambda: _MOVES[move](db.session(), current_actor(), plan, now=present()), said=said)


@pages.post("/patients/<uuid:patient_id>/calendar/end")
@staff(*STAFF)
@writes
def end_calendar(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Let the address of a patient's calendar stop working."""
    patient = found(Patient, patient_id)
    return act(
        lambda: revoke_feed(db.session(), current_actor(), patient.id, now=present()),
        said=gettext("The calendar's address no longer works."),
    )


@pages.post("/milestones/<uuid:milestone_id>/<any(done, planned, cancelled):status>")
@staff(*STAFF)
@writes
def tick(milestone_id: uuid.UUID, status: str) -> ResponseReturnValue:
    """Tick a milestone, call it off, or take either back."""
    milestone = found(Milestone, milestone_id)
    said = {
        "done": gettext("Marked as done."),
        "planned": gettext("Taken back: it is planned again."),
        "cancelled": gettext("Called off."),
    }[status]
    return act(
        lambda: change_milestone(db.session(), current_actor(), milestone, now=present(), status=status),
        said=said,
    )


@pages.post("/milestones/<uuid:milestone_id>/book")
@staff(*STAFF)
@writes
def book(milestone_id: uuid.UUID) -> ResponseReturnValue:
    """Book a visit; its reminders follow."""
    milestone = found(Milestone, milestone_id)
    booked_at = Form(request.form).moment("booked_at", house().zone)

    def do() -> None:
        if booked_at is None:
            raise Invalid({"booked_at": ["give the date and time of the appointment."]})
        change_milestone(db.session(), current_actor(), milestone, now=present(), booked_at=booked_at)

    return act(do, said=gettext("Booked. The reminders follow the new date."))


@pages.post("/milestones/<uuid:milestone_id>/move")
@staff(*STAFF)
@writes
def move_milestone(milestone_id: uuid.UUID) -> ResponseReturnValue:
    """Move the day a milestone is due; its window and reminders follow."""
    milestone = found(Milestone, milestone_id)
    due_at = Form(request.form).moment("due_at", house().zone)

    def do() -> None:
        if due_at is None:
            raise Invalid({"due_at": ["give the new date and time."]})
        change_milestone(db.session(), current_actor(), milestone, now=present(), due_at=due_at)

    return act(do, said=gettext("Moved. The reminders follow the new date."))


@pages.post("/restrictions/<uuid:restriction_id>/lift")
@staff("clinician", "admin")
@writes
def lift(restriction_id: uuid.UUID) -> ResponseReturnValue:
    """Record that a clinician has cleared the patient."""
    restriction = found(Restriction, restriction_id)
    return act(
        lambda: lift_restriction(db.session(), current_actor(), restriction, now=present()),
        said=gettext("Cleared."),
    )


@pages.post("/check-ins/<uuid:check_in_id>/answer")
@staff(*STAFF)
@writes
def answer(check_in_id: uuid.UUID) -> ResponseReturnValue:
    """Record an answer given by phone, judged like any other."""
    check_in = found(CheckIn, check_in_id)
    form = Form(request.form)

    def do() -> None:
        answer_check_in(
            db.session(), current_actor(), check_in, _answers(form, check_in), source="nurse", now=present()
        )

    return act(do, said=gettext("Recorded. Should it need a person, it is on the worklist now."))


def _answers(form: Form, check_in: CheckIn) -> list[GivenAnswer]:
    """Return what was ticked, for the questions this check-in has; signs count as a yes to red_flag."""
    asked = {question["key"] for question in check_in.questions}
    answers = [
        GivenAnswer(question=name, value=value)
        for name in ("pain", "pain_limb")
        if name in asked and (value := form.number(name)) is not None
    ]
    if form.errors:
        raise Invalid({"answers": ["give whole numbers."]})
    signs = tuple(form.values("signs"))
    if "red_flag" in asked and signs:
        answers.append(GivenAnswer(question="red_flag", value=1, signs=signs))
    return answers
