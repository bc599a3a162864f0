"""Texts that ended without reaching their phone: what must be known to judge each, and who makes it good.

Called by `delivery`, which hands over outcomes; whether a second try is worth it is `second_tries`'.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import CarePlan, OutboundMessage
from backend.outbox import Outcome
from backend.services.alerts import raise_alerts
from backend.triage import Finding
from notifications.gateway import ErrorClass
from schedules.protocol import Text, Tier

_MISSED_BY_PURPOSE: Final = {"safety": Tier.SAME_DAY, "written": Tier.NEXT_DAY, "ask": Tier.NEXT_DAY}
"""Texts whose loss a person must make good, and how soon; a lost reminder or piece of advice can wait."""
_LOST: Final[Text] = {
    "en": "A text did not reach the phone: call instead",
    "tr": "Bir mesaj telefona ulaşmadı: arayın",
}
_TOO_LATE: Final[Text] = {
    "en": "A reminder could not be sent in time: call instead",
    "tr": "Bir hatırlatma zamanında gönderilemedi: arayın",
}


@dataclass(frozen=True, slots=True)
class EndedText:
    """One text that ended: whose, what for, and how far it had come."""

    id: uuid.UUID
    identity: str
    purpose: str
    template: str | None
    lateness: str
    has_words: bool
    was_taken: bool
    expires_at: datetime
    sent_at: datetime | None
    ignores_opt_out: bool
    patient_id: uuid.UUID | None
    care_plan_id: uuid.UUID | None
    check_in_id: uuid.UUID | None
    milestone_id: uuid.UUID | None


def ended_texts(session: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, EndedText]:
    """Return these texts by id, in one statement; none for none."""
    if not ids:
        return {}
    rows = session.execute(
        select(
            OutboundMessage.id,
            OutboundMessage.identity,
            OutboundMessage.purpose,
            OutboundMessage.template,
            OutboundMessage.lateness,
            OutboundMessage.body.is_not(None).label("has_words"),
            OutboundMessage.provider_sid.is_not(None).label("was_taken"),
            OutboundMessage.expires_at,
            OutboundMessage.sent_at,
            OutboundMessage.ignores_opt_out,
            OutboundMessage.patient_id,
            OutboundMessage.care_plan_id,
            OutboundMessage.check_in_id,
            OutboundMessage.milestone_id,
        ).where(OutboundMessage.id.in_(ids))
    )
    return {row["id"]: EndedText(**row) for row in rows.mappings()}


def report_lost(session: Session, outcome: Outcome, text: EndedText, now: datetime) -> None:
    """Put a lost text that mattered in front of a nurse; several of one plan fold into one line."""
    finding = _finding(outcome, text)
    if finding is None or text.patient_id is None:
        return
    for plan in running_plans(session, text.patient_id):
        raise_alerts(session, plan, [finding], now=now)


def running_plans(session: Session, patient_id: uuid.UUID) -> list[CarePlan]:
    """Return the patient's plans that have not ended."""
    return list(
        session.scalars(
            select(CarePlan).where(
                CarePlan.patient_id == patient_id, CarePlan.status.in_(("active", "on_hold"))
            )
        )
    )


def _finding(outcome: Outcome, text: EndedText) -> Finding | None:
    if outcome.status == "expired" and text.lateness == "call":
        return Finding("text_too_late", Tier.NEXT_DAY, "text_too_late", _TOO_LATE)
    if outcome.status == "expired" and text.purpose == "ask":
        return None  # its check-in is missed, and silence has rules of its own
    tier = _MISSED_BY_PURPOSE.get(text.purpose)
    refused = outcome.error_class is ErrorClass.REFUSED and text.purpose != "sign_in"
    if tier is None and (refused or text.lateness == "call"):
        tier = Tier.NEXT_DAY  # the carrier would refuse the next one too, or its protocol asks for a call
    return None if tier is None else Finding("text_lost", tier, f"text_lost:{tier.value}", _LOST)
