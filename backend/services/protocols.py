"""Which protocol a clinic follows: the shipped data with the dates the clinic set itself."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import Invalid, NotFound
from backend.models import CarePlan, ClinicProtocol
from backend.services.actors import Actor, record
from schedules.catalogue import Catalogue
from schedules.protocol import CareProtocol, ProtocolError

_Dates = tuple[tuple[str, str], ...]
"""Overrides as sorted pairs, so that a cache can know them."""


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """Return the protocols that come with the product, read and checked once."""
    return Catalogue.shipped()


def signed_protocol(session: Session, clinic_id: uuid.UUID, protocol_id: str) -> CareProtocol:
    """Return the protocol as the clinic signed it last.

    Raises Invalid naming the field `protocol`: unknown, or not signed off yet.
    """
    try:
        base = shipped().get(protocol_id)
    except ProtocolError:
        known = ", ".join(sorted(protocol.id for protocol in shipped().all()))
        raise Invalid({"protocol": [f"'{protocol_id}' is unknown; choose one of {known}."]}) from None
    signature = _newest_signature(session, clinic_id, base)
    if signature is None:
        raise Invalid(
            {"protocol": [f"'{protocol_id}' has not been signed off by a clinician of this clinic yet."]}
        )
    return _as_signed(base, signature)


def protocol_of(plan: CarePlan) -> CareProtocol:
    """Return the protocol a plan was made from, with the dates that held then.

    Raises NotFound when that version no longer ships.
    """
    try:
        return _with_dates(plan.protocol, plan.protocol_version, tuple(sorted(plan.overrides.items())))
    except ProtocolError as error:
        raise NotFound(f"protocol {plan.protocol} {plan.protocol_version} is not installed") from error


@lru_cache(maxsize=256)
def _with_dates(protocol_id: str, version: int, overrides: _Dates) -> CareProtocol:
    """Checking a protocol anew costs some 40 ms; a clinic has one set of dates a version, so few are kept."""
    return shipped().get(protocol_id, version).with_overrides(dict(overrides))


def clinic_protocols(
    session: Session, clinic_id: uuid.UUID
) -> list[tuple[CareProtocol, ClinicProtocol | None]]:
    """Return every shipped protocol, as signed where it is, with the signature."""
    found = []
    for base in shipped().all():
        signature = _newest_signature(session, clinic_id, base)
        found.append((_as_signed(base, signature) if signature else base, signature))
    return found


def sign_protocol(
    session: Session, actor: Actor, protocol_id: str, overrides: Mapping[str, str], *, now: datetime
) -> CareProtocol:
    """Sign a protocol off for the actor's clinic, with the dates the clinic decided.

    Raises NotFound for an unknown one, Invalid naming what is undecided or wrong.
    """
    try:
        base = shipped().get(protocol_id)
    except ProtocolError as error:
        raise NotFound(str(error)) from error
    try:
        protocol = base.with_overrides(overrides).activated(actor.name, now.date())
    except ProtocolError as error:
        raise Invalid({error.key: [error.reason]}) from error
    signature = _newest_signature(session, actor.clinic_id, base)
    if signature is None:
        signature = ClinicProtocol(clinic_id=actor.clinic_id, protocol=base.id, version=base.version)
        session.add(signature)
    signature.overrides = dict(overrides)
    signature.approved_by = actor.name
    signature.approved_at = now
    signature.approved_account_id = actor.account_id
    session.flush()
    record(
        session,
        actor,
        "sign_protocol",
        "protocol",
        signature.id,
        now=now,
        detail={"protocol": base.id, "version": base.version, "overrides": dict(overrides)},
    )
    return protocol


def overrides_of(session: Session, clinic_id: uuid.UUID, protocol: CareProtocol) -> dict[str, str]:
    """Return the dates the clinic set itself for this version, by dotted key."""
    signature = _newest_signature(session, clinic_id, protocol)
    return dict(signature.overrides) if signature else {}


def _newest_signature(session: Session, clinic_id: uuid.UUID, base: CareProtocol) -> ClinicProtocol | None:
    return session.scalars(
        select(ClinicProtocol).where(
            ClinicProtocol.clinic_id == clinic_id,
            ClinicProtocol.protocol == base.id,
            ClinicProtocol.version == base.version,
        )
    ).one_or_none()


def _as_signed(base: CareProtocol, signature: ClinicProtocol) -> CareProtocol:
    return _activated(
        base.id,
        base.version,
        tuple(sorted(signature.overrides.items())),
        signature.approved_by,
        signature.approved_at.date(),
    )


@lru_cache(maxsize=256)
def _activated(
    protocol_id: str,
    version: int,
    overrides: tuple[tuple[str, str], ...],
    approved_by: str,
    approved_on: date,
) -> CareProtocol:
    return _with_dates(protocol_id, version, overrides).activated(approved_by, approved_on)
