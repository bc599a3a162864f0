"""What decides a plan's dates: whose plan it is, when the procedure is, and what is known of both.

Read once for a batch of plans; what is to be different is a copy with other terms. Called by re-planning.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import CarePlan, Clinic, Patient, Procedure
from schedules.protocol import CareProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything about one plan that a date of it depends on, apart from its milestones."""

    plan_id: uuid.UUID
    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    procedure_id: uuid.UUID
    plan_status: str
    protocol: str
    protocol_version: int
    overrides: Mapping[str, object]
    timing_hash: str
    anchor_at: datetime
    procedure_status: str
    region: str
    levels: tuple[str, ...]
    technique: str
    anaesthesia: str
    job: str | None
    flies_home_on: date | None
    language: str
    patient_zone: str
    preferred_time: time | None
    clinic_zone: str
    country: str
    closed_weekdays: tuple[int, ...]
    closed_days: tuple[str, ...]

    @property
    def is_cancelled(self) -> bool:
        """Whether the procedure does not take place, so that nothing follows from it."""
        return self.procedure_status == "cancelled"

    def under(self, protocol: CareProtocol, overrides: Mapping[str, object]) -> "Terms":
        """Return the terms with another version of a protocol, or with other dates of the clinic's."""
        return replace(
            self,
            protocol=protocol.id,
            protocol_version=protocol.version,
            overrides=dict(overrides),
            timing_hash=protocol.timing_hash,
        )


_DECIDED = (
    "plan_status",
    "protocol",
    "protocol_version",
    "overrides",
    "timing_hash",
    "anchor_at",
    "procedure_status",
)
"""The terms that are a plan's and its procedure's own; the others are facts about people and places."""


def decided(terms: Terms) -> dict[str, Any]:
    """Return what re-planning may change of the terms, as JSON keeps it."""
    kept = {name: getattr(terms, name) for name in _DECIDED}
    return kept | {"anchor_at": terms.anchor_at.isoformat(), "overrides": dict(terms.overrides)}


def with_decided(terms: Terms, kept: Mapping[str, Any]) -> Terms:
    """Return the terms with what `decided` kept of others."""
    values = {name: kept[name] for name in _DECIDED}
    return replace(terms, **values | {"anchor_at": datetime.fromisoformat(kept["anchor_at"])})


def read_terms(session: Session, plan_ids: Collection[uuid.UUID]) -> list[Terms]:
    """Return the terms of these plans, in one statement."""
    rows = session.execute(
        select(
            CarePlan.id.label("plan_id"),
            CarePlan.clinic_id,
            CarePlan.patient_id,
            CarePlan.procedure_id,
            CarePlan.status.label("plan_status"),
            CarePlan.protocol,
            CarePlan.protocol_version,
            CarePlan.overrides,
            CarePlan.timing_hash,
            CarePlan.anchor_at,
            Procedure.status.label("procedure_status"),
            Procedure.region,
            Procedure.levels,
            Procedure.technique,
            Procedure.anaesthesia,
            Procedure.job,
            Procedure.flies_home_on,
            Patient.language,
            Patient.timezone.label("patient_zone"),
            Patient.preferred_time,
            Clinic.timezone.label("clinic_zone"),
            Clinic.country,
            Clinic.closed_weekdays,
            Clinic.closed_days,
        )
        .join(Procedure, Procedure.id == CarePlan.procedure_id)
        .join(Patient, Patient.id == CarePlan.patient_id)
        .join(Clinic, Clinic.id == CarePlan.clinic_id)
        .where(CarePlan.id.in_(plan_ids))
        .order_by(CarePlan.id)
    )
    lists = ("levels", "closed_weekdays", "closed_days")
    found = []
    for row in rows.mappings():
        columns: dict[str, Any] = dict(row)
        found.append(Terms(**columns | {name: tuple(columns[name]) for name in lists}))
    return found
