"""The tables, one file an aggregate. Importing this package maps them all.

No behaviour beyond what a row can say of itself; use cases live in
`backend.services`, the outbox's state changes in `backend.outbox`.
"""

from backend.models.accounts import Account, PatientAccount, RefreshToken, Role
from backend.models.alerts import Alert
from backend.models.audit import AuditEvent, IdempotencyKey, WorkerHeartbeat
from backend.models.calendars import CalendarEntry, CalendarFeed
from backend.models.care import (
    CarePlan,
    CheckIn,
    Milestone,
    Observation,
    PlanRevision,
    Procedure,
    Restriction,
)
from backend.models.clinics import Clinic, ClinicProtocol
from backend.models.messages import InboundMessage, MessageEvent, OutboundMessage
from backend.models.patients import ConsentEvent, Patient
from backend.models.sending import ClinicDay, OperatorAlarm, SenderState
from backend.models.zones import ZoneRules

__all__ = [
    "Account",
    "Alert",
    "AuditEvent",
    "CalendarEntry",
    "CalendarFeed",
    "CarePlan",
    "CheckIn",
    "Clinic",
    "ClinicDay",
    "ClinicProtocol",
    "ConsentEvent",
    "IdempotencyKey",
    "InboundMessage",
    "MessageEvent",
    "Milestone",
    "Observation",
    "OperatorAlarm",
    "OutboundMessage",
    "Patient",
    "PatientAccount",
    "PlanRevision",
    "Procedure",
    "RefreshToken",
    "Restriction",
    "Role",
    "SenderState",
    "WorkerHeartbeat",
    "ZoneRules",
]
