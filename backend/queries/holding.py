"""Texts that are due and have not gone: for how long, and what holds them back.

Read by operators' views through `vitals`, and by the job that watches sending.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backend.models import Clinic, ClinicDay, OutboundMessage, SenderState

REASONS: Final = ("worker", "sender_paused", "sender_rate", "switched_off", "daily_limit")
"""Why a due text has not gone; `worker` is everything that nobody intended."""

_SCHEDULED: Final = text("outbound_messages.status = 'scheduled'")  # a literal, for the partial indexes


def limits_reached(session: Session, *, now: datetime) -> frozenset[uuid.UUID]:
    """Return the clinics that have sent as many texts as they may on their own present day."""
    counted = session.execute(
        select(Clinic.id, Clinic.timezone, ClinicDay.day_on)
        .join(ClinicDay, ClinicDay.clinic_id == Clinic.id)
        .where(
            ClinicDay.texts >= Clinic.daily_text_limit,
            ClinicDay.day_on >= (now - timedelta(days=1)).date(),
        )
    )
    return frozenset(row.id for row in counted if row.day_on == now.astimezone(ZoneInfo(row.timezone)).date())


def due_ages(session: Session, *, now: datetime, sender: str) -> dict[str, float]:
    """Return how many seconds the oldest due text has waited, by each of REASONS, 0 where none does.

    `sender` is the one that clinics without their own text from. Four statements, and one look into an
    index for each clinic, however many texts there are.
    """
    senders = {row.sender: row for row in session.scalars(select(SenderState))}
    reached = limits_reached(session, now=now)
    ages = dict.fromkeys(REASONS, 0.0)
    for waiting in _waiting(session, now):
        standing = senders.get(waiting.sender or sender)
        reason = _reason(waiting, standing, now, limited=waiting.clinic_id in reached)
        ages[reason] = max(ages[reason], (now - waiting.since).total_seconds())
    return ages


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A clinic's oldest due text, or its oldest urgent one, which neither switch nor limit holds back."""

    clinic_id: uuid.UUID
    sender: str | None
    switched_on: bool
    urgent: bool
    since: datetime


def _waiting(session: Session, now: datetime) -> Iterator[_Waiting]:
    oldest = (
        select(func.min(OutboundMessage.due_at, type_=OutboundMessage.due_at.type))
        .where(OutboundMessage.clinic_id == Clinic.id, _SCHEDULED)
        .correlate(Clinic)
        .scalar_subquery()
    )
    urgent = (
        select(
            OutboundMessage.clinic_id,
            func.min(OutboundMessage.due_at, type_=OutboundMessage.due_at.type).label("since"),
        )
        .where(_SCHEDULED, text("outbound_messages.ignores_quiet_hours"), OutboundMessage.due_at <= now)
        .group_by(OutboundMessage.clinic_id)
    )
    waiting = {row.clinic_id: row.since for row in session.execute(urgent)}
    clinics = select(Clinic.id, Clinic.sender, Clinic.sending_enabled, oldest.label("since"))
    for row in session.execute(clinics):
        if row.since is not None and row.since <= now:
            yield _Waiting(row.id, row.sender, row.sending_enabled, urgent=False, since=row.since)
        if row.id in waiting:
            yield _Waiting(row.id, row.sender, row.sending_enabled, urgent=True, since=waiting[row.id])


def _reason(waiting: _Waiting, standing: SenderState | None, now: datetime, *, limited: bool) -> str:
    if not waiting.urgent and not waiting.switched_on:
        return "switched_off"
    if not waiting.urgent and limited:
        return "daily_limit"
    if standing is not None and standing.paused_until is not None and standing.paused_until > now:
        return "sender_paused"
    if standing is not None and standing.free_at is not None and standing.free_at > now:
        return "sender_rate"
    return "worker"
