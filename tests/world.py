"""A clinic in a test: readable builders, a clock one sets, and the real jobs on a gateway of memory."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, select

from backend import jobs
from backend.config import Settings
from backend.db import transaction
from backend.models import Alert, CarePlan, CheckIn, InboundMessage, Milestone, OutboundMessage, Patient
from backend.outbox import ReconcileCounts
from backend.services.actors import Actor
from backend.services.clinics import ClinicDetails, create_clinic
from backend.services.delivery import record_delivery
from backend.services.enrolment import Enrolment, ProcedureOrder, enrol
from backend.services.inbound import store_inbound
from backend.services.patients import ConsentGiven, PatientDetails, register_patient, update_patient
from backend.services.protocols import sign_protocol
from backend.services.understanding import handle_inbound
from notifications.dispatch import DispatchCounts
from notifications.gateway import DeliveryReport, InboundText, MemoryGateway

CLINIC = ClinicDetails(
    name="Bosphorus Spine Clinic",
    country="TR",
    timezone="Europe/Istanbul",
    language="en",
    phone="+90 212 555 01 00",
    emergency_number="112",
)
PHONE = "+905321234567"
OTHER_PHONE = "+905339876543"
CLINIC_NUMBER = "+15005550006"
SIGNED = {"heavy_lifting.ends": "P6W"}


class World:
    """Everything a story needs; each call opens and commits its own transaction, as the product does."""

    def __init__(self, engine: Engine, settings: Settings, now: datetime) -> None:
        self.engine = engine
        self.settings = settings
        self.now = now
        self.clock_ahead_by = timedelta()  # of the provider's
        self.gateway = MemoryGateway(lambda: self.now - self.clock_ahead_by)
        self.dispatcher = jobs.make_dispatcher(engine, settings, lambda: self.now, self.gateway)
        self.nurse = self.open_clinic(CLINIC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dispatcher.close()

    # people

    def open_clinic(self, details: ClinicDetails) -> Actor:
        """Set a clinic up with both protocols signed, and return a nurse of it."""
        with transaction(self.engine) as session:
            clinic = create_clinic(session, details, now=self.now)
            clinician = Actor(None, "Dr Test", clinic.id)
            for protocol in ("nucleoplasty_lumbar", "nucleoplasty_cervical"):
                sign_protocol(session, clinician, protocol, SIGNED, now=self.now)
            return Actor(None, "Elif", clinic.id)

    def patient(self, *, actor: Actor | None = None, consent: bool = True, **details: Any) -> Patient:
        """Register a patient: Ayşe from Istanbul unless told otherwise."""
        actor = actor or self.nurse
        given = {
            "given_name": "Ayşe",
            "family_name": "Yılmaz",
            "phone": PHONE,
            "language": "en",
            "timezone": "Europe/Istanbul",
            "consent": ConsentGiven(given_at=self.now, source="clinic") if consent else None,
        } | details
        with transaction(self.engine, actor.clinic_id) as session:
            return register_patient(session, actor, PatientDetails(**given), now=self.now)

    def enrol(self, patient: Patient | None = None, *, actor: Actor | None = None, **order: Any) -> Enrolment:
        """Enrol a patient (a new one by default): lumbar, L4-L5, performed just now, pain 8 before."""
        actor = actor or self.nurse
        patient = patient or self.patient(actor=actor)
        region = order.get("region", "lumbar")
        given = {
            "performed_at": self.now,
            "protocol": f"nucleoplasty_{region}",
            "region": region,
            "levels": ("L4-L5",) if region == "lumbar" else ("C5-C6",),
            "technique": "radiofrequency",
            "baseline_pain": 8,
        } | order
        with transaction(self.engine, actor.clinic_id) as session:
            return enrol(
                session, actor, session.get_one(Patient, patient.id), ProcedureOrder(**given), now=self.now
            )

    def change_patient(self, **changes: Any) -> None:
        """Change the particulars of the only patient there is; what is planned follows."""
        (patient,) = self.rows(Patient)
        with transaction(self.engine, self.nurse.clinic_id) as session:
            update_patient(session, self.nurse, session.get_one(Patient, patient.id), changes, now=self.now)

    # time

    def at(self, *moment: int) -> Self:
        """Set the clock to a UTC moment (year, month, day, hour, minute)."""
        self.now = datetime(*moment, tzinfo=UTC)  # type: ignore[misc]
        return self

    def advance(self, **duration: float) -> Self:
        """Let time pass: `advance(days=1, hours=2)`."""
        self.now += timedelta(**duration)
        return self

    def tick(self) -> DispatchCounts:
        """Run every job once, as a worker does, and return what was dispatched."""
        for job in jobs.JOBS.values():
            job(self.engine, self.now)
        return self.dispatcher.tick(self.now)

    def run(self, *, minutes: int) -> None:
        """Let a worker run for some minutes: a patient's texts keep a minute's distance."""
        for _ in range(minutes):
            self.tick()
            self.advance(minutes=1)

    def reconcile(self) -> ReconcileCounts:
        """Ask the provider once about every text of unknown outcome."""
        with jobs.make_reconciler(self.engine, self.settings, self.gateway) as reconciler:
            return reconciler.tick(self.now)

    # texts

    def text_in(
        self, body: str, *, sender: str = PHONE, sid: str | None = None, **more: Any
    ) -> InboundMessage:
        """Let a phone text the clinic, and understand it."""
        text = InboundText(
            provider_sid=sid or f"SM{uuid.uuid4().hex}",
            sender=sender,
            recipient=CLINIC_NUMBER,
            body=body,
            **more,
        )
        with transaction(self.engine) as session:
            stored = store_inbound(session, text, now=self.now)
        assert stored is not None, "this provider id is stored already"
        with transaction(self.engine) as session:
            return handle_inbound(session, session.get_one(InboundMessage, stored.id), now=self.now)

    def report(
        self, message: OutboundMessage, status: str, *, code: int | None = None, attempt: int = 1
    ) -> bool:
        """Let the provider say what became of a text."""
        report = DeliveryReport(message.provider_sid or "SM" + "f" * 32, status, code)
        with transaction(self.engine) as session:
            return record_delivery(session, message.id, attempt, report, now=self.now)

    # looking

    def rows(self, model: type[Any], *where: Any) -> list[Any]:
        """Return rows as they stand in the database."""
        with transaction(self.engine) as session:
            return list(session.scalars(select(model).where(*where)))

    def messages(self, **where: Any) -> list[OutboundMessage]:
        """Return outbound messages with these columns, oldest due first."""
        found: list[OutboundMessage] = self.rows(
            OutboundMessage, *(getattr(OutboundMessage, name) == value for name, value in where.items())
        )
        return sorted(found, key=lambda message: (message.due_at, message.identity))

    def alerts(self, *, status: str | None = None) -> list[Alert]:
        """Return alerts, oldest first."""
        where = [] if status is None else [Alert.status == status]
        return sorted(self.rows(Alert, *where), key=lambda alert: alert.raised_at)

    def check_ins(self, plan: CarePlan) -> list[CheckIn]:
        """Return a plan's check-ins in order."""
        return sorted(self.rows(CheckIn, CheckIn.care_plan_id == plan.id), key=lambda row: row.due_at)

    def milestone(self, plan: CarePlan, key: str) -> Milestone:
        """Return a plan's first milestone of that key."""
        found: Sequence[Milestone] = self.rows(
            Milestone, Milestone.care_plan_id == plan.id, Milestone.step_key == key, Milestone.occurrence == 0
        )
        return found[0]

    def sent(self) -> list[str]:
        """Return the bodies that were handed to the provider, in order."""
        return [text.body for text in self.gateway.sent]
