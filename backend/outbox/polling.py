"""Texts the provider took whose delivery report never came: asked about one by one, ever more seldom.

Only moves a status up, as the callback would have. When to ask is `asking`'s. Called by the job
`poll_stale`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.db import transaction
from backend.models import OutboundMessage
from backend.outbox.asking import report_again
from backend.outbox.dispatching import Effects, Outcome
from backend.outbox.queue import LogLine, log
from backend.outbox.reports import record_report
from backend.outbox.rounds import Rounds, is_silent
from backend.outbox.turns import Turn, ask_again, take_turns
from notifications.gateway import DeliveryReport, MessageLookup, ProviderMessage, SendError

_TOGETHER: Final = 50
_A_ROUND: Final = 200
_NOTE: Final = ": the provider was asked"


@dataclass(slots=True)
class PollCounts:
    """What one round learnt; `given_up` texts are asked about no more."""

    moved: int = 0
    unchanged: int = 0
    given_up: int = 0
    asked_in_vain: int = 0


class Poller(Rounds):
    """Asks what became of texts that were taken and never reported on, round after round."""

    def __init__(self, engine: Engine, lookup: MessageLookup, effects: Effects) -> None:
        """Wire the database to the provider; `effects` is told what became of the texts."""
        super().__init__(lookup)
        self._engine = engine
        self._lookup = lookup
        self._effects = effects

    def tick(self, now: datetime) -> PollCounts:
        """Ask about texts whose report is overdue, at most 200; a provider that is down ends the round."""
        counts = PollCounts()
        taken = 0
        while not self.stopped and taken < _A_ROUND and (turns := self._take(now)):
            taken += len(turns)
            answers = self.ask([partial(self._lookup.fetch, turn.provider_sid) for turn in turns])
            with transaction(self._engine) as session:
                outcomes = [
                    outcome
                    for turn, answer in zip(turns, answers, strict=True)
                    if (outcome := _learn(session, turn, answer, counts, now))
                ]
                self._effects(session, outcomes, now)
            if answers and all(map(is_silent, answers)):
                break
        return counts

    def _take(self, now: datetime) -> Sequence[Turn]:
        with transaction(self._engine) as session:
            return take_turns(
                session,
                OutboundMessage.ask_at <= now,
                OutboundMessage.status.in_(("accepted", "sent")),
                OutboundMessage.provider_sid.is_not(None),
                now=now,
                most=_TOGETHER,
            )


def _learn(
    session: Session,
    turn: Turn,
    answer: ProviderMessage | SendError | None,
    counts: PollCounts,
    now: datetime,
) -> Outcome | None:
    """Write down what the provider said of one text."""
    if is_silent(answer):
        counts.asked_in_vain += 1
        return None
    if isinstance(answer, ProviderMessage):
        report = DeliveryReport(answer.provider_sid, answer.status, answer.error_code)
        outcome = record_report(session, turn.id, turn.attempt, report, now=now, note=_NOTE)
        if outcome is not None:
            counts.moved += 1
            return outcome
    again = report_again(turn.sent_at or turn.attempted_at, now) if answer is not None else None
    if again is not None:
        counts.unchanged += ask_again(session, turn, again)
        return None
    why = _last_line(answer)
    if ask_again(session, turn, None, why=why):
        counts.given_up += 1
        log(session, [LogLine(turn.id, turn.clinic_id, turn.status, turn.attempt, why)], now=now)
    return None


def _last_line(answer: ProviderMessage | SendError | None) -> str:
    if isinstance(answer, ProviderMessage):
        return f"no delivery report ever came; the provider last said: {answer.status}"
    if answer is None:
        return "no delivery report ever came, and the provider no longer knows the text"
    return "no delivery report ever came, and the provider refuses to say more"
