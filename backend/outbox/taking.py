"""The statements that take due texts, as each database wants them.

One conditional UPDATE each, so that any number of workers on any number of machines never hold the same text.
Who may have how many is `claiming`'s, which calls this.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import TextualSelect, Uuid, bindparam, text
from sqlalchemy.orm import Session

from backend.db import UtcDateTime

# The status is a literal: a bound one would keep PostgreSQL's generic plan off the partial indexes. And
# ANY(ARRAY(…)): with IN, the subselect may be planned as a semi-join that claims more than the limit
# (both measured, house.md).
_TAKE: Final = """
    UPDATE outbound_messages SET status = 'sending', attempt = attempt + 1, attempted_at = :now,
    lease_until = :lease_until, ask_at = NULL
    WHERE {these} AND status = 'scheduled' RETURNING id, clinic_id"""
_URGENT: Final = """
    SELECT id FROM outbound_messages {by_index}
    WHERE status = 'scheduled' AND ignores_quiet_hours AND due_at <= :now AND clinic_id {of_these}
    ORDER BY due_at LIMIT :most"""
_SHARES: Final = """
    SELECT due.id FROM jsonb_to_recordset(CAST(:shares AS jsonb)) AS turn(clinic_id uuid, share int)
    CROSS JOIN LATERAL (
        SELECT id FROM outbound_messages
        WHERE clinic_id = turn.clinic_id AND status = 'scheduled' AND due_at <= :now
        ORDER BY due_at LIMIT turn.share FOR UPDATE SKIP LOCKED
    ) AS due"""
_ONE_SHARE: Final = """
    SELECT id FROM outbound_messages
    WHERE clinic_id = :clinic_id AND status = 'scheduled' AND due_at <= :now
    ORDER BY due_at LIMIT :share"""

_BY_URGENCY: Final = "INDEXED BY ix_outbound_urgent"  # by itself SQLite reads all that is due, and sorts it
_AMONG_CLINICS: Final = "IN (SELECT value FROM json_each(:clinics))"


@dataclass(frozen=True, slots=True)
class Taken:
    """A text that is ours now, and its clinic."""

    id: uuid.UUID
    clinic_id: uuid.UUID


class Taking(Protocol):
    """How one kind of database takes texts due at `now`, for a lease until `lease_until`."""

    def urgent(
        self,
        session: Session,
        clinics: Sequence[uuid.UUID],
        most: int,
        *,
        now: datetime,
        lease_until: datetime,
    ) -> list[Taken]:
        """Take up to `most` urgent texts of these clinics, oldest first."""
        ...

    def shares(
        self, session: Session, shares: Mapping[uuid.UUID, int], *, now: datetime, lease_until: datetime
    ) -> list[Taken]:
        """Take of each clinic up to its share, oldest first."""
        ...


def _statement(these: str) -> TextualSelect:
    instant = UtcDateTime()
    return (
        text(_TAKE.format(these=these))
        .bindparams(bindparam("now", type_=instant), bindparam("lease_until", type_=instant))
        .columns(id=Uuid(), clinic_id=Uuid())
    )


def _take(session: Session, statement: TextualSelect, **values: Any) -> list[Taken]:
    return [Taken(row.id, row.clinic_id) for row in session.execute(statement, values)]


class _PostgreSQL:
    _URGENT = _statement(
        f"id = ANY(ARRAY({_URGENT.format(by_index='', of_these='= ANY(CAST(:clinics AS uuid[]))')}"
        " FOR UPDATE SKIP LOCKED))"
    )
    _SHARES = _statement(f"id = ANY(ARRAY({_SHARES}))")

    def urgent(
        self,
        session: Session,
        clinics: Sequence[uuid.UUID],
        most: int,
        *,
        now: datetime,
        lease_until: datetime,
    ) -> list[Taken]:
        these = [str(clinic) for clinic in clinics]
        return _take(session, self._URGENT, clinics=these, most=most, now=now, lease_until=lease_until)

    def shares(
        self, session: Session, shares: Mapping[uuid.UUID, int], *, now: datetime, lease_until: datetime
    ) -> list[Taken]:
        turns = [{"clinic_id": str(clinic), "share": share} for clinic, share in shares.items()]
        return _take(session, self._SHARES, shares=json.dumps(turns), now=now, lease_until=lease_until)


class _SQLite:
    """No LATERAL and no arrays; with one writer at a time, clinic by clinic does as well."""

    _URGENT = _statement(f"id IN ({_URGENT.format(by_index=_BY_URGENCY, of_these=_AMONG_CLINICS)})")
    _ONE_SHARE = _statement(f"id IN ({_ONE_SHARE})").bindparams(bindparam("clinic_id", type_=Uuid()))

    def urgent(
        self,
        session: Session,
        clinics: Sequence[uuid.UUID],
        most: int,
        *,
        now: datetime,
        lease_until: datetime,
    ) -> list[Taken]:
        these = json.dumps([clinic.hex for clinic in clinics])
        return _take(session, self._URGENT, clinics=these, most=most, now=now, lease_until=lease_until)

    def shares(
        self, session: Session, shares: Mapping[uuid.UUID, int], *, now: datetime, lease_until: datetime
    ) -> list[Taken]:
        taken = []
        for clinic_id, share in shares.items():
            taken += _take(
                session, self._ONE_SHARE, clinic_id=clinic_id, share=share, now=now, lease_until=lease_until
            )
        return taken


TAKING: Final[Mapping[str, Taking]] = {"postgresql": _PostgreSQL(), "sqlite": _SQLite()}
"""By the name of the database's dialect."""
