"""Care: the procedure, the plan it began, and what the plan consists of."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, ClinicOwned, JsonList, JsonObject, WithId


class Procedure(WithId, ClinicOwned, Base):
    """What was done, or is planned, and when."""

    __tablename__ = "procedures"
    __table_args__ = (UniqueConstraint("patient_id", "performed_at", "region"),)

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    performed_at: Mapped[datetime]
    status: Mapped[str]  # planned, performed, cancelled
    region: Mapped[str]  # lumbar, cervical
    levels: Mapped[JsonList]
    technique: Mapped[str]  # ozone, radiofrequency, laser
    anaesthesia: Mapped[str] = mapped_column(default="local")  # local, sedation
    baseline_pain: Mapped[int | None]  # 0-10, before the procedure
    clinician: Mapped[str] = mapped_column(default="")
    job: Mapped[str | None]  # desk, standing, heavy, none; None: not asked
    flies_home_on: Mapped[date | None]  # the day the patient flies home, where a flight is planned
    selection: Mapped[JsonObject] = mapped_column(default=dict)  # criterion -> yes, no, not_known
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict


class CarePlan(WithId, ClinicOwned, Base):
    """A protocol applied to a procedure; which version, and when from, changes only by re-planning."""

    __tablename__ = "care_plans"
    __table_args__ = (Index("ix_care_plans_active", "clinic_id", postgresql_where=text("status = 'active'")),)

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    procedure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("procedures.id"), unique=True)
    protocol: Mapped[str]
    protocol_version: Mapped[int]
    overrides: Mapped[JsonObject] = mapped_column(default=dict)
    timing_hash: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")  # active, on_hold, completed, revoked
    status_since: Mapped[datetime]
    anchor_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Milestone(WithId, ClinicOwned, Base):
    """Something that is to happen: discharge, physical therapy, the MRI, the annual review."""

    __tablename__ = "milestones"
    __table_args__ = (
        UniqueConstraint("care_plan_id", "step_key", "occurrence"),
        Index("ix_milestones_open", "due_at", postgresql_where=text("status in ('planned', 'booked')")),
    )

    care_plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("care_plans.id"))
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    step_key: Mapped[str]
    occurrence: Mapped[int]
    title: Mapped[JsonObject]
    why: Mapped[JsonObject]
    bookable: Mapped[bool]
    earliest_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    overdue_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(
        default="planned"
    )  # planned, booked, done, cancelled, before_enrolment
    booked_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    moved_by_hand: Mapped[bool] = mapped_column(default=False)  # a person set due_at: re-planning leaves it
    withdrawn_at: Mapped[datetime | None]  # the plan took it back then, and may want it again
    note: Mapped[str] = mapped_column(default="")
    moved: Mapped[JsonObject] = mapped_column(default=dict)  # why not the protocol's day: {en, tr}, or {}
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict


class Restriction(WithId, ClinicOwned, Base):
    """Something that is not to happen before a date, an event or a clinician's clearance."""

    __tablename__ = "restrictions"
    __table_args__ = (UniqueConstraint("care_plan_id", "step_key", "occurrence"),)

    care_plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("care_plans.id"))
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    step_key: Mapped[str]
    occurrence: Mapped[int]
    title: Mapped[JsonObject]
    why: Mapped[JsonObject]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    ends_with: Mapped[str | None]  # "clearance", a milestone's key, or one and a distance: "visit+P7D"
    status: Mapped[str] = mapped_column(default="active")  # active, lifted, cancelled
    withdrawn_at: Mapped[datetime | None]


class CheckIn(WithId, ClinicOwned, Base):
    """A question put to the patient on a day, and whether it was answered."""

    __tablename__ = "check_ins"
    __table_args__ = (
        UniqueConstraint("care_plan_id", "step_key", "occurrence"),
        Index(
            "ix_check_ins_open",
            "due_at",
            postgresql_where=text("status in ('planned', 'awaiting')"),
            sqlite_where=text("status in ('planned', 'awaiting')"),
        ),
    )

    care_plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("care_plans.id"))
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    step_key: Mapped[str]
    occurrence: Mapped[int]
    title: Mapped[JsonObject]
    questions: Mapped[JsonList]  # [{key, text: {en, tr}, minimum, maximum, required}]
    day: Mapped[int]  # D-number, in the clinic's zone
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default="planned")  # planned, awaiting, answered, missed, cancelled
    withdrawn_at: Mapped[datetime | None]


class PlanRevision(WithId, ClinicOwned, Base):
    """One re-planning of a plan: who, why, and what moved, with what is needed to take it back."""

    __tablename__ = "plan_revisions"
    __table_args__ = (Index("ix_plan_revisions_plan", "care_plan_id", "at"),)

    care_plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("care_plans.id"))
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    at: Mapped[datetime]
    actor_id: Mapped[uuid.UUID | None]  # None: the system
    actor: Mapped[str]
    cause: Mapped[str]  # procedure_moved, protocol_changed, … undone
    reason: Mapped[str] = mapped_column(default="")  # the person's own words
    before: Mapped[JsonObject]  # {"terms": {…}, "parts": […]}: what changed, as it was
    after: Mapped[JsonObject]
    counts: Mapped[JsonObject]  # keep, move, add, drop
    undoes: Mapped[uuid.UUID | None]  # the revision this one took back
    undone_at: Mapped[datetime | None]


class Observation(WithId, ClinicOwned, Base):
    """One value the patient gave; later values amend, none overwrites."""

    __tablename__ = "observations"
    __table_args__ = (Index("ix_observations_course", "care_plan_id", "question", "observed_at"),)

    care_plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("care_plans.id"))
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    check_in_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("check_ins.id"), index=True)
    inbound_message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_messages.id"))
    question: Mapped[str]
    value: Mapped[int]
    day: Mapped[int]
    source: Mapped[str]  # sms, app, nurse
    observed_at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID | None]
