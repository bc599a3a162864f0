"""The words of finished texts, emptied at the provider: the setting `REDACT_AT_PROVIDER`.

Which texts is said by their flag `redact`; our own copy of the words stays. Called by the job `redact_sent`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Engine, or_, text, true, update
from sqlalchemy.orm import Session

from backend.db import transaction
from backend.models import OutboundMessage
from backend.outbox.asking import redact_again
from backend.outbox.queue import LogLine, log
from backend.outbox.rounds import Rounds, is_silent
from backend.outbox.states import FINAL
from backend.outbox.turns import Turn, ask_again, take_turns
from notifications.gateway import MessageRedactor, SendError

_TOGETHER: Final = 50
_A_ROUND: Final = 500
_DONE: Final = "its words were emptied at the provider"
_GONE: Final = "the provider no longer has it, so there are no words to empty"
_FLAGGED: Final = text("outbound_messages.redact")  # as the partial index spells it, on both databases
_FINISHED: Final = OutboundMessage.status.in_(sorted(FINAL))


@dataclass(slots=True)
class RedactCounts:
    """What one round did; `gone` texts the provider no longer had, `failed` ones are tried again later."""

    emptied: int = 0
    gone: int = 0
    failed: int = 0


class Redactor(Rounds):
    """Empties what was sent, at the provider, once it is in a final status."""

    def __init__(self, engine: Engine, provider: MessageRedactor) -> None:
        """Wire the database to the provider."""
        super().__init__(provider)
        self._engine = engine
        self._redactor = provider

    def tick(self, now: datetime) -> RedactCounts:
        """Empty finished texts, at most 500; a provider that is down ends the round."""
        counts = RedactCounts()
        taken = 0
        while not self.stopped and taken < _A_ROUND and (turns := self._take(now)):
            taken += len(turns)
            sent = [turn for turn in turns if turn.provider_sid is not None]
            answers = self.ask([partial(self._redactor.redact, turn.provider_sid) for turn in sent])
            with transaction(self._engine) as session:
                for turn in turns:
                    if turn.provider_sid is None:  # it never got there
                        ask_again(session, turn, None, redact=False)
                for turn, answer in zip(sent, answers, strict=True):
                    _write_down(session, turn, answer, counts, now)
            if answers and all(map(is_silent, answers)):
                break
        return counts

    def _take(self, now: datetime) -> Sequence[Turn]:
        with transaction(self._engine) as session:
            return take_turns(
                session,
                _FLAGGED,
                _FINISHED,
                or_(OutboundMessage.ask_at.is_(None), OutboundMessage.ask_at <= now),
                now=now,
                most=_TOGETHER,
            )


def mark_for_redaction(session: Session, ids: Sequence[uuid.UUID]) -> None:
    """Let these texts be emptied at the provider, should they reach it."""
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(ids))
        .values(redact=true())
        .execution_options(synchronize_session=False)
    )


def _write_down(
    session: Session, turn: Turn, answer: bool | SendError, counts: RedactCounts, now: datetime
) -> None:
    if isinstance(answer, SendError):
        counts.failed += 1
        ask_again(session, turn, redact_again(turn.sent_at or turn.attempted_at, now))
        return
    if not ask_again(session, turn, None, redact=False):
        return
    counts.emptied += answer
    counts.gone += not answer
    why = _DONE if answer else _GONE
    log(session, [LogLine(turn.id, turn.clinic_id, turn.status, turn.attempt, why)], now=now)
