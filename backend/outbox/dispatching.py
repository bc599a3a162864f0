"""The outbox as the dispatcher sees it: what came of texts is recorded, and the next ones are claimed.

Both in one transaction of its own, committed before anything is sent: one of the house's two exceptions by
design. The statements are `recording`'s and `claiming`'s, the words `attempts`', the distances `spacing`'s.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.db import transaction
from backend.outbox.claiming import claim
from backend.outbox.recording import Outcome, record
from backend.outbox.redacting import mark_for_redaction
from backend.outbox.senders import Senders
from backend.outbox.spacing import read_spaced
from notifications.outbox_port import Claimed, Result

__all__ = ["Effects", "Outcome", "SqlOutbox"]


class Effects(Protocol):
    """What an outcome means for the patient's record; runs in the transaction that records it."""

    def __call__(self, session: Session, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Draw the conclusions of these outcomes."""
        ...


class SqlOutbox:
    """The dispatcher's port on the database; safe to use from several processes at once."""

    def __init__(
        self, engine: Engine, lease: timedelta, effects: Effects, senders: Senders, *, redact: bool = False
    ) -> None:
        """`lease` is how long a claimed text is ours; `redact` lets its words be emptied at the provider."""
        self._engine = engine
        self._lease = lease
        self._effects = effects
        self._senders = senders
        self._redact = redact
        self._claims = 0

    def exchange(self, results: Sequence[Result], now: datetime, limit: int) -> Sequence[Claimed]:
        """Write down what came of claimed texts, take up to `limit` due ones, and commit both."""
        with transaction(self._engine) as session:
            if results:
                self._senders.learn(session, results, now)
                self._effects(session, record(session, results, redact=self._redact, now=now), now)
            return self._claim(session, now, limit) if limit else ()

    def claim(self, now: datetime, limit: int) -> Sequence[Claimed]:
        """Take up to `limit` due texts."""
        return self.exchange((), now, limit)

    def record(self, results: Sequence[Result], now: datetime) -> None:
        """Write down what came of claimed texts."""
        self.exchange(results, now, 0)

    def _claim(self, session: Session, now: datetime, limit: int) -> Sequence[Claimed]:
        ids = claim(session, self._senders, now=now, lease=self._lease, limit=limit, turn=self._claims)
        self._claims += 1
        if ids and self._redact:  # at the claim: a worker that dies records nothing
            mark_for_redaction(session, ids)
        return read_spaced(session, ids, now) if ids else ()
