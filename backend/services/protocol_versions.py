"""The versions of a protocol as a clinic has them, and what differs from one to the next.

Whether a date or a sentence changed is told by the protocol's two hashes. Which version a patient is on is
the plan's. Called by the page of protocols, and by whoever compares two versions.
"""

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import Invalid
from backend.models import CarePlan, ClinicProtocol
from backend.services.protocols import clinic_protocols, shipped
from schedules.protocol import CareProtocol

FILE: Final = "file"
CLINIC: Final = "clinic"


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """One version, as its file has it or as the clinic signed it (`own`), beside what it came from.

    A file came from the version before it, a clinic's copy from its file; `same_timing` and `same_wording`
    are None for the first. `plans` are those made from this version.
    """

    protocol: CareProtocol
    own: bool
    signature: ClinicProtocol | None
    plans: int
    same_timing: bool | None
    same_wording: bool | None


def known_versions(session: Session, clinic_id: uuid.UUID) -> dict[str, tuple[KnownVersion, ...]]:
    """Return the versions of every protocol by its id, oldest first; a clinic's copy follows its file."""
    plans = {
        (row.protocol, row.protocol_version): row.plans
        for row in session.execute(
            select(CarePlan.protocol, CarePlan.protocol_version, func.count().label("plans"))
            .where(CarePlan.clinic_id == clinic_id)
            .group_by(CarePlan.protocol, CarePlan.protocol_version)
        )
    }
    versions: dict[str, tuple[KnownVersion, ...]] = {}
    for protocol, signature in clinic_protocols(session, clinic_id):
        file = shipped().get(protocol.id, protocol.version)
        made = plans.get((protocol.id, protocol.version), 0)
        earlier = versions.get(protocol.id, ())
        last = next((known.protocol for known in reversed(earlier) if not known.own), None)
        rows = [known_version(file, beside=last, plans=0 if signature else made)]
        if signature is not None:
            rows.append(known_version(protocol, beside=file, signature=signature, plans=made))
        versions[protocol.id] = (*earlier, *rows)
    return versions


def known_version(
    protocol: CareProtocol,
    *,
    beside: CareProtocol | None,
    signature: ClinicProtocol | None = None,
    plans: int = 0,
) -> KnownVersion:
    """Return a version and whether its dates and its wording are those of the one beside it."""
    return KnownVersion(
        protocol=protocol,
        own=signature is not None,
        signature=signature,
        plans=plans,
        same_timing=beside.timing_hash == protocol.timing_hash if beside else None,
        same_wording=beside.wording_hash == protocol.wording_hash if beside else None,
    )


def version_named(session: Session, clinic_id: uuid.UUID, protocol_id: str, name: str) -> CareProtocol:
    """Return the version that a name means: `file` and `clinic` of the newest version, or a file's number.

    Raises Invalid naming `compare`: no such version, or the clinic has not signed it.
    """
    offered = [pair for pair in clinic_protocols(session, clinic_id) if pair[0].id == protocol_id]
    if offered and name == CLINIC:
        protocol, signature = offered[-1]
        if signature is None:
            raise Invalid({"compare": ["the clinic has not signed this protocol, so it has no own figures."]})
        return protocol
    files = [shipped().get(protocol_id, protocol.version) for protocol, _ in offered]
    for file in files:
        if name == str(file.version) or (name == FILE and file is files[-1]):
            return file
    numbers = [str(file.version) for file in files]
    raise Invalid({"compare": [f"'{name}' is unknown; choose one of {', '.join([FILE, CLINIC, *numbers])}."]})
