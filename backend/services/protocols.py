"""Which protocol a clinic follows: the shipped data with the figures the clinic set itself."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import Invalid, NotFound
from backend.models import CarePlan, ClinicProtocol
from backend.services.actors import Actor, record
from schedules.catalogue import Catalogue
from schedules.protocol import CareProtocol, ProtocolError

_Figures = tuple[tuple[str, str], ...]
"""A clinic's own figures as sorted pairs of key and JSON, so that a cache can know them."""


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """A figure the clinic set itself beside the one of the file, and who vouches for it.

    `base` and `value` are written as in a file; `base` is empty where the file leaves it to the clinic.
    """

    key: str
    base: str
    value: str
    by: str
    on: date
    reason: str


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """Return the protocols that come with the product, read and checked once."""
    return Catalogue.shipped()


def signed_protocol(
    session: Session, clinic_id: uuid.UUID, protocol_id: str, version: int | None = None
) -> CareProtocol:
    """Return the newest version of a protocol, or the one asked for, as the clinic signed it.

    Raises Invalid naming the field `protocol`: unknown, or not signed off yet.
    """
    try:
        base = shipped().get(protocol_id, version)
    except ProtocolError:
        known = ", ".join(f"{protocol.id} {protocol.version}" for protocol in shipped().all())
        asked = protocol_id if version is None else f"{protocol_id} {version}"
        raise Invalid({"protocol": [f"'{asked}' is unknown; choose one of {known}."]}) from None
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
    return protocol_at(plan.protocol, plan.protocol_version, plan.overrides)


def protocol_at(protocol_id: str, version: int, overrides: Mapping[str, object]) -> CareProtocol:
    """Return a version of a protocol with a clinic's figures. Raises NotFound when it no longer ships."""
    try:
        return _with_figures(protocol_id, version, _pairs(overrides))
    except ProtocolError as error:
        raise NotFound(f"protocol {protocol_id} {version} is not installed") from error


@lru_cache(maxsize=256)
def _with_figures(protocol_id: str, version: int, figures: _Figures) -> CareProtocol:
    """Checking a protocol anew costs some 40 ms; a clinic has one set of figures a version: few are kept."""
    return (
        shipped().get(protocol_id, version).with_overrides({key: json.loads(value) for key, value in figures})
    )


def _pairs(overrides: Mapping[str, object]) -> _Figures:
    return tuple(sorted((key, json.dumps(value, sort_keys=True)) for key, value in overrides.items()))


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
    session: Session, actor: Actor, protocol_id: str, overrides: Mapping[str, object], *, now: datetime
) -> CareProtocol:
    """Sign a protocol off for the actor's clinic, with the figures the clinic decided.

    A figure is a value as in a file, which the signature vouches for, or {value, by, on, reason}. Raises
    NotFound for an unknown protocol, Invalid naming what is undecided or wrong.
    """
    try:
        base = shipped().get(protocol_id)
    except ProtocolError as error:
        raise NotFound(str(error)) from error
    try:
        protocol = base.with_overrides(overrides).activated(actor.name, now.date())
    except ProtocolError as error:
        raise Invalid({error.key: [error.reason]}) from error
    own = {key: _storable(value) for key, value in overrides.items()}
    signature = _newest_signature(session, actor.clinic_id, base)
    if signature is None:
        signature = ClinicProtocol(clinic_id=actor.clinic_id, protocol=base.id, version=base.version)
        session.add(signature)
    signature.overrides = own
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
        detail={"protocol": base.id, "version": base.version, "overrides": own},
    )
    return protocol


def _storable(given: object) -> object:
    """Return a figure as JSON can hold it: days as ISO text."""
    if isinstance(given, Mapping):
        return {
            name: part.isoformat() if isinstance(part, date) else part
            for name, part in given.items()
            if part is not None
        }
    return given


def own_figures(protocol: CareProtocol, signature: ClinicProtocol) -> tuple[OwnFigure, ...]:
    """Return what a clinic changed in a protocol it signed: base, own figure, who approved it, when, why."""
    base = shipped().get(protocol.id, protocol.version)
    return tuple(
        OwnFigure(
            key=figure.key,
            base=base.figure(figure.key),
            value=str(figure.value),
            by=figure.by or signature.approved_by,
            on=figure.on or signature.approved_at.date(),
            reason=figure.reason,
        )
        for figure in protocol.own_figures
    )


def overrides_of(session: Session, clinic_id: uuid.UUID, protocol: CareProtocol) -> dict[str, Any]:
    """Return the figures the clinic set itself for this version, by dotted key, as it gave them."""
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
        _pairs(signature.overrides),
        signature.approved_by,
        signature.approved_at.date(),
    )


@lru_cache(maxsize=256)
def _activated(
    protocol_id: str,
    version: int,
    figures: _Figures,
    approved_by: str,
    approved_on: date,
) -> CareProtocol:
    return _with_figures(protocol_id, version, figures).activated(approved_by, approved_on)
