"""What patients text, kept exactly as it came: whose it may be, and when a person has dealt with it.

Nothing is interpreted here; that is `understanding`, a transaction later.
"""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.errors import Conflict
from backend.models import Clinic, InboundMessage, OutboundMessage, Patient
from backend.services.actors import Actor, record
from notifications.gateway import InboundText
from notifications.phone import InvalidPhone, PhoneNumber

_MOST_ATTEMPTS: Final = 5


def store_inbound(session: Session, text: InboundText, *, now: datetime) -> InboundMessage | None:
    """Keep a text exactly as it came; None when this provider id is stored already.

    Finds out whose it may be, and interprets nothing. The caller commits before
    anything else happens.
    """
    seen = select(InboundMessage.id).where(InboundMessage.provider_sid == text.provider_sid)
    if session.scalars(seen).first() is not None:
        return None
    number = _e164(text.sender)
    owners = may_be_from(session, number, text.recipient)
    inbound = InboundMessage(
        id=uuid.uuid4(),
        clinic_id=_clinic_for(session, owners, number, text.recipient),
        patient_id=owners[0].id if len(owners) == 1 else None,
        provider_sid=text.provider_sid,
        sender=number,
        recipient=text.recipient,
        body=text.body,
        opt_out_type=text.opt_out_type,
        media_count=text.media_count,
        received_at=now,
        status="received",
    )
    try:
        with session.begin_nested():
            session.add(inbound)
    except IntegrityError:  # the same webhook, twice at once
        return None
    return inbound


def _e164(sender: str) -> str:
    try:
        return PhoneNumber.parse(sender).e164
    except InvalidPhone:
        return sender


def owners_of(session: Session, number: str) -> list[Patient]:
    """Return the patients a number belongs to, in every clinic; several where a family shares a phone."""
    return list(
        session.scalars(
            select(Patient)
            .where(Patient.phone == number, Patient.status == "active")
            .order_by(Patient.created_at)
        )
    )


def may_be_from(session: Session, number: str, recipient: str) -> list[Patient]:
    """Return the patients a text may be from: who has the number, and is written to from the one it went to.

    A clinic with a number of its own that is another was not meant; one that writes from the installation's
    number, or from a pool of numbers, may be.
    """
    owners = owners_of(session, number)
    if len(owners) < 2:
        return owners
    clinics = session.execute(
        select(Clinic.id, Clinic.sender).where(Clinic.id.in_({owner.clinic_id for owner in owners}))
    )
    senders = {row.id: row.sender for row in clinics}
    meant = [owner for owner in owners if _may_write_from(senders[owner.clinic_id], recipient)]
    return meant or owners


def _may_write_from(sender: str | None, number: str) -> bool:
    return sender is None or not sender.startswith("+") or sender == number


def _clinic_for(session: Session, owners: list[Patient], number: str, recipient: str) -> uuid.UUID:
    """Return whose a text is: its patient's clinic, else the one whose number was texted, else the oldest."""
    clinics = {owner.clinic_id for owner in owners}
    if len(clinics) == 1:
        return clinics.pop()
    if clinics:  # patients of several clinics: the one that wrote to this number last
        last = session.scalars(
            select(OutboundMessage.clinic_id)
            .join(Patient, Patient.id == OutboundMessage.patient_id)
            .where(Patient.phone == number, OutboundMessage.sent_at.is_not(None))
            .order_by(OutboundMessage.sent_at.desc())
            .limit(1)
        ).first()
        if last is not None:
            return last
    addressed = session.scalars(select(Clinic.id).where(Clinic.sender == recipient).limit(1)).first()
    return addressed or session.scalars(select(Clinic.id).order_by(Clinic.created_at).limit(1)).one()


def set_aside(inbound: InboundMessage) -> None:
    """Count a failed attempt to handle a text; after a few, a person gets it as it came."""
    inbound.attempts += 1
    if inbound.attempts >= _MOST_ATTEMPTS:
        inbound.status = "needs_review"
        inbound.why = "our program failed on this text: please read it"


def close_inbound(
    session: Session, actor: Actor, inbound: InboundMessage, *, now: datetime, note: str = ""
) -> InboundMessage:
    """Record that a person has dealt with a text. Raises Conflict when somebody did already."""
    if inbound.status != "needs_review":
        raise Conflict("this text is not waiting for a person (any more)")
    inbound.status = "handled"
    inbound.handled_at = now
    inbound.handled_by = actor.account_id
    if note.strip():
        inbound.why = note.strip()
    record(
        session, actor, "close_text", "inbound_message", inbound.id, now=now, patient_id=inbound.patient_id
    )
    return inbound
