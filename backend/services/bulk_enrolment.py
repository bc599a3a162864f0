"""Registering and enrolling many people at once: the same rows as one at a time, an insert a table and batch.

Each row comes from the builder that `register_patient` and `enrol` use; here they are gathered, and written
together in the caller's transaction. Who is known already, and what a line of a file means, is `importing`'s.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.db import Base
from backend.models import (
    AuditEvent,
    CarePlan,
    CheckIn,
    Clinic,
    ConsentEvent,
    Milestone,
    Patient,
    Procedure,
    Restriction,
)
from backend.models.rows import Row, insert_rows
from backend.outbox import NewMessage, enqueue, enqueue_first
from backend.services.actors import Actor, audit_row
from backend.services.consent import consent_row
from backend.services.patients import PatientDetails, patient_row
from backend.services.plan_rows import PlainWords, plan_row, procedure_row, step_rows
from backend.services.planned_texts import planned_texts, welcome
from backend.services.procedure_course import course_of
from backend.services.procedure_orders import ProcedureOrder, check_order, check_protocol
from backend.services.protocols import overrides_of, signed_protocol
from notifications.phone import PhoneNumber
from schedules.course import Course
from schedules.protocol import CareProtocol
from schedules.timeline import Occurrence, lay_out

_IN_ORDER: tuple[type[Base], ...] = (
    Patient,
    ConsentEvent,
    Procedure,
    CarePlan,
    Milestone,
    Restriction,
    CheckIn,
    AuditEvent,
)
"""The tables, each after those its rows point to."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A protocol as the clinic signed it, and the figures the clinic set itself."""

    protocol: CareProtocol
    overrides: dict[str, Any]


@dataclass(slots=True)
class BulkEnrolment:
    """What one transaction is to write for one clinic; `write` writes it, and nothing else does.

    What is handed in must have been checked, and must not be recorded yet.
    """

    session: Session
    actor: Actor
    clinic: Clinic
    now: datetime
    _rows: dict[type[Base], list[Row]] = field(default_factory=lambda: {model: [] for model in _IN_ORDER})
    _texts: list[NewMessage] = field(default_factory=list)
    _welcomes: dict[str, NewMessage] = field(default_factory=dict)
    _words: PlainWords = field(default_factory=PlainWords)
    _signed: dict[str, Signed] = field(default_factory=dict)
    _timelines: dict[Hashable, tuple[Occurrence, ...]] = field(default_factory=dict)

    def signed_for(self, order: ProcedureOrder) -> Signed:
        """Return the protocol an order is to follow. Raises Invalid naming each field that cannot be used."""
        check_order(order, self.clinic, now=self.now)
        signed = self._signed.get(order.protocol)
        if signed is None:
            protocol = signed_protocol(self.session, self.clinic.id, order.protocol)
            signed = Signed(protocol, overrides_of(self.session, self.clinic.id, protocol))
            self._signed[order.protocol] = signed
        check_protocol(order, signed.protocol)
        return signed

    def register(self, details: PatientDetails, phone: PhoneNumber) -> Patient:
        """Register somebody, with consent where it was given; the patient returned is in no session."""
        row = patient_row(self.clinic, details, phone, now=self.now)
        patient_id = row["id"]
        self._rows[Patient].append(row)
        self._record("register_patient", "patient", patient_id, patient_id)
        if (consent := details.consent) is not None:
            self._rows[ConsentEvent].append(
                consent_row(
                    self.actor,
                    patient_id,
                    state="opted_in",
                    source=consent.source,
                    wording=consent.wording,
                    given_at=consent.given_at,
                    now=self.now,
                )
            )
            detail = {"state": "opted_in", "source": consent.source}
            self._record("record_consent", "patient", patient_id, patient_id, detail)
        return Patient(**row)

    def enrol(self, patient: Patient, order: ProcedureOrder, signed: Signed) -> None:
        """Record a procedure of a patient, registered here or before, and plan what follows from it."""
        protocol, now = signed.protocol, self.now
        procedure = procedure_row(self.clinic.id, patient.id, order, now=now)
        plan = plan_row(procedure, protocol, signed.overrides, now=now)
        course = course_of(Procedure(**procedure), patient, self.clinic, now=now)
        timeline = self._timeline(protocol, course)
        steps = step_rows(plan, timeline, self._words, now=now)
        self._rows[Procedure].append(procedure)
        self._rows[CarePlan].append(plan)
        self._rows[Milestone] += steps.milestones
        self._rows[Restriction] += steps.restrictions
        self._rows[CheckIn] += steps.check_ins
        self._texts += planned_texts(plan, steps, timeline)
        greeting = welcome(plan, now=now)
        self._welcomes.setdefault(greeting.identity, greeting)
        detail = {"protocol": protocol.id, "version": protocol.version}
        self._record("enrol", "care_plan", plan["id"], patient.id, detail)

    def write(self) -> None:
        """Write everything handed in so far, in the session's transaction."""
        for model, rows in self._rows.items():
            insert_rows(self.session, model, rows)
        enqueue(self.session, self.clinic.id, list(self._welcomes.values()), now=self.now)
        enqueue_first(self.session, self.clinic.id, self._texts, now=self.now)

    def _timeline(self, protocol: CareProtocol, course: Course) -> tuple[Occurrence, ...]:
        """Lay a protocol out once for all whose dates hang on the same facts and hours."""
        key = (
            protocol.id,
            course.anchor,
            course.patient_zone,
            course.preferred_time,
            course.flies_home_on,
            tuple(sorted(course.facts.items())),
        )
        if key not in self._timelines:
            self._timelines[key] = lay_out(protocol, course).occurrences
        return self._timelines[key]

    def _record(
        self, action: str, subject: str, subject_id: Any, patient_id: Any, detail: Any = None
    ) -> None:
        self._rows[AuditEvent].append(
            audit_row(
                self.actor, action, subject, subject_id, now=self.now, patient_id=patient_id, detail=detail
            )
        )
