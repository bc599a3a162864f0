"""Texts that people cause: a nurse's own words, and the code a patient signs in with."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import Invalid, Refused
from backend.models import OutboundMessage, Patient
from backend.outbox import NewMessage, enqueue
from backend.services.actors import Actor, record

LONGEST_BODY: Final = 1600
"""Characters; Twilio's limit for one message (reference/twilio.md)."""
WRITTEN_USEFUL_FOR: Final = timedelta(hours=24)
CODE_USEFUL_FOR: Final = timedelta(minutes=5)


def write_message(
    session: Session, actor: Actor, patient: Patient, body: str, *, now: datetime
) -> OutboundMessage:
    """Queue a person's own text to a patient; it goes with the next tick, at any hour.

    Raises Invalid for an empty or too long body, Refused when the patient has not
    consented, has opted out or cannot be reached.
    """
    body = body.strip()
    if not body:
        raise Invalid({"body": ["write something."]})
    if len(body) > LONGEST_BODY:
        raise Invalid({"body": [f"{len(body)} characters; a text may have {LONGEST_BODY}."]})
    if patient.consent_state == "opted_out":
        raise Refused("this patient has opted out of texts; please telephone")
    if patient.consent_state != "opted_in":
        raise Refused("this patient has not consented to texts yet; please telephone")
    if patient.phone_unreachable_since is not None:
        raise Refused("this number does not receive texts; please correct it or telephone")
    identity = f"written/{uuid.uuid4()}"
    enqueue(
        session,
        patient.clinic_id,
        [
            NewMessage(
                identity=identity,
                patient_id=patient.id,
                purpose="written",
                body=body,
                language=patient.language,
                due_at=now,
                expires_at=now + WRITTEN_USEFUL_FOR,
                ignores_quiet_hours=True,  # a person decided to write now
                written_by=actor.account_id,
                why=f"written by {actor.name}",
            )
        ],
        now=now,
    )
    message = session.scalars(select(OutboundMessage).where(OutboundMessage.identity == identity)).one()
    record(session, actor, "write_message", "message", message.id, now=now, patient_id=patient.id)
    return message


def send_sign_in_code(session: Session, patient: Patient, code: str, *, now: datetime) -> None:
    """Queue the code a patient signs in to the app with; it goes at any hour, and is useful for minutes."""
    enqueue(
        session,
        patient.clinic_id,
        [
            NewMessage(
                identity=f"code/{uuid.uuid4()}",
                patient_id=patient.id,
                purpose="sign_in",
                template="sign_in_code",
                facts={"code": code, "minutes": int(CODE_USEFUL_FOR.total_seconds() // 60)},
                due_at=now,
                expires_at=now + CODE_USEFUL_FOR,
                ignores_quiet_hours=True,
                ignores_opt_out=True,
                why="the patient asked to sign in to the app",
            )
        ],
        now=now,
    )
