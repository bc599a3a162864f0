"""Texts of unknown outcome, settled by asking the provider what it remembers of the phone.

A callback with our id is the first proof and needs nothing of this; what the list proves is weighed in
`evidence`, and written down by `settling`, a transaction a text. Several workers may ask at once. Called by
the job `reconcile_unknown`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Engine

from backend.db import transaction
from backend.models import OutboundMessage
from backend.outbox.asking import NO_LIST_AGAIN_AFTER, provable_at, unknown_again
from backend.outbox.dispatching import Effects
from backend.outbox.evidence import CLOCK_WRONG_BY, Absent, Found, weigh
from backend.outbox.rounds import Rounds, is_silent
from backend.outbox.settling import adopt, owned_by_others, read_attempt, send_again
from backend.outbox.turns import Turn, ask_again, take_turns
from notifications.gateway import Listing, MessageLookup, PermanentSendError, SendError
from notifications.phone import InvalidPhone, PhoneNumber
from notifications.timing import MAX_ATTEMPTS

_TOGETHER: Final = 64
_A_ROUND: Final = 1024  # the next round, seconds later, goes on with a clock of its own


@dataclass(slots=True)
class ReconcileCounts:
    """What one round did with texts; `asked_in_vain` counts phones whose list did not come."""

    found: int = 0
    absent: int = 0
    undecided: int = 0
    asked_in_vain: int = 0


@dataclass(slots=True)
class _Phone:
    """What is open at one phone, and since when."""

    to: PhoneNumber
    since: datetime
    rows: list[Turn] = field(default_factory=list)


class Reconciler(Rounds):
    """Settles texts of unknown outcome, round after round."""

    def __init__(
        self, engine: Engine, lookup: MessageLookup, effects: Effects, *, absent_after: timedelta
    ) -> None:
        """Wire the database to the provider.

        `effects` is told what became of the texts; `absent_after` its attempt a text that is not in the
        list never left (`asking.absent_after`).
        """
        super().__init__(lookup)
        self._engine = engine
        self._lookup = lookup
        self._effects = effects
        self._absent_after = absent_after

    def tick(self, now: datetime) -> ReconcileCounts:
        """Ask about the phones of all texts whose time to ask has come, and settle what that proves.

        A provider that does not answer ends the round with nothing changed for those it was asked about.
        """
        counts = ReconcileCounts()
        taken = 0
        while not self.stopped and taken < _A_ROUND and (rows := self._take(now)):
            taken += len(rows)
            phones = self._by_phone(rows, counts, now)
            answers = self.ask(
                [
                    partial(self._lookup.find, to=phone.to, since=phone.since, until=now + CLOCK_WRONG_BY)
                    for phone in phones
                ]
            )
            for phone, answer in zip(phones, answers, strict=True):
                self._settle(phone, answer, counts, now)
            if answers and all(map(is_silent, answers)):
                break
        return counts

    def _take(self, now: datetime) -> Sequence[Turn]:
        """Take the turns of texts that are due to be asked about and still useful."""
        with transaction(self._engine) as session:
            return take_turns(
                session,
                OutboundMessage.ask_at <= now,
                OutboundMessage.status == "unknown",
                OutboundMessage.expires_at > now,
                now=now,
                most=_TOGETHER,
            )

    def _by_phone(self, rows: Sequence[Turn], counts: ReconcileCounts, now: datetime) -> Sequence[_Phone]:
        reach = CLOCK_WRONG_BY + self._absent_after  # as far back as a text in the same words matters
        phones: dict[str, _Phone] = {}
        for row in rows:
            try:
                to = PhoneNumber.parse(row.phone or "")
            except InvalidPhone:
                counts.undecided += self._ask_later([row], now)
                continue
            phone = phones.setdefault(row.phone, _Phone(to, row.attempted_at - reach))
            phone.since = min(phone.since, row.attempted_at - reach)
            phone.rows.append(row)
        return list(phones.values())

    def _settle(
        self, phone: _Phone, answer: Listing | SendError, counts: ReconcileCounts, now: datetime
    ) -> None:
        if not isinstance(answer, Listing):
            counts.asked_in_vain += 1
            if isinstance(answer, PermanentSendError):
                self._ask_later(phone.rows, now)
            else:
                self._ask_soon(phone.rows, now)
            return
        undecided = [row for row in phone.rows if not self._is_settled(phone, row, answer, counts, now)]
        counts.undecided += self._ask_later(undecided, now)

    def _is_settled(
        self, phone: _Phone, row: Turn, listing: Listing, counts: ReconcileCounts, now: datetime
    ) -> bool:
        """Act on what the list proves about one text; False when it proves nothing."""
        with transaction(self._engine) as session:
            attempt = read_attempt(session, row.id, row.attempt, phone.to, absent_after=self._absent_after)
            if attempt is None:
                return False
            owned = owned_by_others(session, attempt, listing)
            match weigh(attempt, listing, owned, now=now):
                case Found(message):
                    outcomes = adopt(session, attempt, message, now=now)
                    self._effects(session, outcomes, now)
                    counts.found += len(outcomes)
                    return bool(outcomes)
                case Absent() if row.attempt < MAX_ATTEMPTS:
                    counts.absent += send_again(session, attempt, now=now)
                    return True
                case _:
                    return False

    def _ask_later(self, rows: Sequence[Turn], now: datetime) -> int:
        """Set when these texts are asked about next; return how many still are of unknown outcome."""
        with transaction(self._engine) as session:
            return sum(ask_again(session, row, self._next_time(row, now)) for row in rows)

    def _ask_soon(self, rows: Sequence[Turn], now: datetime) -> None:
        with transaction(self._engine) as session:
            for row in rows:
                ask_again(session, row, now + NO_LIST_AGAIN_AFTER)

    def _next_time(self, row: Turn, now: datetime) -> datetime:
        provable = provable_at(row.attempted_at, row.lease_until, self._absent_after)
        return unknown_again(row.attempted_at, now, provable_at=provable)
