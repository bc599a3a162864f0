"""Texts of unknown outcome, settled by asking the provider what it remembers of the phone.

A callback with our id is the first proof and needs nothing of this; what the list proves is weighed in
`evidence`, and written down by `settling`, a transaction a text. Several workers may ask at once. Called by
the job `reconcile_unknown`.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Engine, select

from backend.db import transaction
from backend.models import OutboundMessage, Patient
from backend.outbox.dispatching import Effects
from backend.outbox.evidence import ABSENT_AFTER, CLOCKS_DIFFER_BY, Absent, Found, weigh
from backend.outbox.settling import adopt, owned_by_others, read_attempt, send_again
from notifications.gateway import Listing, MessageLookup, PermanentSendError, SendError
from notifications.phone import InvalidPhone, PhoneNumber
from notifications.timing import MAX_ATTEMPTS

GRACE: Final = timedelta(seconds=30)
"""How long a callback has to come by itself before the provider is asked."""

_AT_ONCE: Final = 8  # listings under way together: a worker that stops waits for one such batch


@dataclass(slots=True)
class ReconcileCounts:
    """What one round did; `asked_in_vain` counts phones whose list did not come."""

    found: int = 0
    absent: int = 0
    undecided: int = 0
    asked_in_vain: int = 0


@dataclass(slots=True)
class _Phone:
    """What is open at one phone, and what the provider says of it."""

    to: PhoneNumber
    since: datetime
    rows: list[tuple[uuid.UUID, int]] = field(default_factory=list)
    answer: Listing | SendError | None = None


class Reconciler:
    """Keeps one event loop and its connections from round to round; used from one thread at a time."""

    def __init__(
        self,
        engine: Engine,
        lookup: MessageLookup,
        effects: Effects,
        *,
        grace: timedelta = GRACE,
        absent_after: timedelta = ABSENT_AFTER,
    ) -> None:
        """Wire the database to the provider; `effects` is told what became of the texts."""
        self._engine = engine
        self._lookup = lookup
        self._effects = effects
        self._grace = grace
        self._absent_after = absent_after
        self._stopped = False
        self._runner = asyncio.Runner()

    def tick(self, now: datetime) -> ReconcileCounts:
        """Ask about every phone with an open text, and settle what that proves.

        A provider that does not answer ends the round with nothing changed for those it was asked about.
        """
        counts = ReconcileCounts()
        phones = self._open_phones(now)
        for start in range(0, len(phones), _AT_ONCE):
            if self._stopped:
                break
            batch = phones[start : start + _AT_ONCE]
            self._runner.run(self._ask(batch, now))
            for phone in batch:
                self._settle(phone, counts, now)
            if any(_gives_no_answer(phone.answer) for phone in batch):
                break
        return counts

    def stop(self) -> None:
        """Ask about no more phones, for good; from any thread. What was asked already is still settled."""
        self._stopped = True

    def close(self) -> None:
        """Let go of the connections and the loop; the reconciler is done."""
        self._runner.run(self._lookup.close())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_phones(self, now: datetime) -> list[_Phone]:
        """Return the phones with texts of unknown outcome that are still useful, longest open first."""
        open_texts = (
            select(OutboundMessage.id, OutboundMessage.attempt, OutboundMessage.attempted_at, Patient.phone)
            .join(Patient, Patient.id == OutboundMessage.patient_id)
            .where(
                OutboundMessage.status == "unknown",
                OutboundMessage.attempted_at <= now - self._grace,
                OutboundMessage.expires_at > now,
            )
            .order_by(OutboundMessage.attempted_at, OutboundMessage.id)
        )
        phones: dict[str, _Phone] = {}
        with transaction(self._engine) as session:
            for row in session.execute(open_texts):
                try:
                    to = PhoneNumber.parse(row.phone)
                except InvalidPhone:
                    continue
                since = row.attempted_at - CLOCKS_DIFFER_BY
                phones.setdefault(row.phone, _Phone(to, since)).rows.append((row.id, row.attempt))
        return list(phones.values())

    async def _ask(self, phones: Sequence[_Phone], now: datetime) -> None:
        async def ask_about(phone: _Phone) -> None:
            try:
                phone.answer = await self._lookup.find(
                    to=phone.to, since=phone.since, until=now + CLOCKS_DIFFER_BY
                )
            except SendError as error:
                phone.answer = error

        await asyncio.gather(*map(ask_about, phones))

    def _settle(self, phone: _Phone, counts: ReconcileCounts, now: datetime) -> None:
        if not isinstance(phone.answer, Listing):
            counts.asked_in_vain += 1
            return
        for message_id, number in phone.rows:
            with transaction(self._engine) as session:
                attempt = read_attempt(session, message_id, number, phone.to)
                if attempt is None:
                    continue
                owned = owned_by_others(session, attempt, phone.answer)
                match weigh(attempt, phone.answer, owned, now=now, absent_after=self._absent_after):
                    case Found(message):
                        outcomes = adopt(session, attempt, message, now=now)
                        self._effects(session, outcomes, now)
                        counts.found += len(outcomes)
                    case Absent() if number < MAX_ATTEMPTS:
                        counts.absent += send_again(session, attempt, now=now)
                    case _:
                        counts.undecided += 1


def _gives_no_answer(answer: Listing | SendError | None) -> bool:
    """Tell a provider that is down from one that refuses this one phone."""
    return isinstance(answer, SendError) and not isinstance(answer, PermanentSendError)
