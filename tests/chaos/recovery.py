"""How long the texts of a killed worker take until somebody knows what became of them.

From the kill until the text is settled or in a live worker's hands again. Time during which the provider or
the database was away is told apart: nobody could have asked then.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, select

from backend.db import reading, transaction
from backend.models import OutboundMessage
from backend.outbox.evidence import CLOCKS_DIFFER_BY

Key = tuple[uuid.UUID, int]
"""A text and its attempt."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One SIGKILL, and what was in flight just after it, whoever had it."""

    at: float
    worker: str
    in_flight: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Recovered:
    """How the texts of dead workers came out.

    `took`: seconds each, shortest first. `held_up`: the clock was put back meanwhile, and they had to wait
    until it had caught up with what it had shown before. `never`: not settled when the run ended. `story` is
    what the slowest went through.
    """

    took: list[float]
    held_up: list[Key]
    never: list[Key]
    story: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Recovery:
    """Watches what was in flight at each kill."""

    engine: Engine
    kills: list[Kill] = field(default_factory=list)
    settled: dict[Key, float] = field(default_factory=dict)
    _open: set[Key] = field(default_factory=set)
    _ahead: set[Key] = field(default_factory=set)
    _seen: dict[Key, list[tuple[float, str]]] = field(default_factory=dict)

    def killed(self, worker: str, at: float, now: datetime) -> None:
        """Note what is in flight now that `worker` is dead; `now` is the product's clock.

        What was claimed later than now was so before the clock was put back: its lease waits for that hour.
        """
        in_hand = select(OutboundMessage.id, OutboundMessage.attempt, OutboundMessage.attempted_at).where(
            OutboundMessage.status == "sending"
        )
        with reading(), transaction(self.engine) as session:
            rows = session.execute(in_hand).all()
        keys = frozenset((row.id, row.attempt) for row in rows)
        self.kills.append(Kill(at, worker, keys))
        self._open |= keys
        self._ahead |= {(row.id, row.attempt) for row in rows if row.attempted_at > now + CLOCKS_DIFFER_BY}

    def look(self, at: float) -> None:
        """Note which of them are settled or taken up again."""
        if not self._open:
            return
        ids = {message_id for message_id, _ in self._open}
        now_are = select(
            OutboundMessage.id, OutboundMessage.attempt, OutboundMessage.status, OutboundMessage.why
        ).where(OutboundMessage.id.in_(ids))
        with reading(), transaction(self.engine) as session:
            rows = {row.id: row for row in session.execute(now_are)}
        for key in list(self._open):
            message_id, attempt = key
            row = rows[message_id]
            seen = self._seen.setdefault(key, [])
            stands = f"{row.status} ({row.attempt}): {row.why}"
            if not seen or seen[-1][1] != stands:
                seen.append((at, stands))
            if row.attempt > attempt or row.status not in {"sending", "unknown", "scheduled"}:
                self.settled[key] = at
                self._open.discard(key)

    def durations(
        self,
        asked_by: Mapping[Key, str],
        abandoned: Collection[Key],
        outages: Sequence[tuple[float, float]],
        put_back: Sequence[float],
    ) -> Recovered:
        """Sort the texts of dead workers by how they came out.

        `asked_by` names the worker whose request the provider saw; of what it never saw, `abandoned` are
        those whose lease ran out. `put_back` is when the clock was.
        """
        begins: dict[Key, float] = {}
        for kill in self.kills:
            for key in kill.in_flight:
                if asked_by.get(key) == kill.worker or (key not in asked_by and key in abandoned):
                    begins[key] = kill.at
        took: list[tuple[float, Key]] = []
        held_up: list[Key] = []
        never: list[Key] = []
        for key, begin in begins.items():
            end = self.settled.get(key)
            if end is None:
                never.append(key)
            elif key in self._ahead or any(begin < at < end for at in put_back):
                held_up.append(key)
            else:
                took.append((end - begin - _overlap(outages, begin, end), key))
        took.sort()
        return Recovered([seconds for seconds, _ in took], held_up, never, self._story(took[-1:], begins))

    def _story(self, slowest: Sequence[tuple[float, Key]], begins: Mapping[Key, float]) -> list[str]:
        return [
            f"{at - begins[key]:+.0f} s {stands}"
            for _, key in slowest
            for at, stands in self._seen.get(key, [])
        ]


def _overlap(outages: Sequence[tuple[float, float]], begin: float, end: float) -> float:
    return sum(max(0.0, min(end, until) - max(begin, since)) for since, until in outages)
