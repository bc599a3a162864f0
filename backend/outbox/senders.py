"""Each sender's standing, kept in the database so that all workers share it.

How a standing changes is `notifications.flow`'s; this reads it, writes it, and says what operators must know.
Called inside the outbox's own transactions.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.db import insert_if_new
from backend.models import SenderState
from notifications.flow import CALM, Standing, Tally, Trouble, reserve, standing_after
from notifications.outbox_port import Accepted, Result, Retry, Unknown

CREDENTIALS: Final = "credentials"
PROVIDER_DOWN: Final = "provider_down"
"""The causes of the two alarms this raises."""

_COLUMNS: Final = tuple(getattr(SenderState, column.name) for column in fields(Standing))


class TellOperators(Protocol):
    """Lets operators know what only they can mend; no `detail` says that it is over."""

    def __call__(self, session: Session, cause: str, detail: str | None, *, now: datetime) -> None:
        """Raise the alarm of this cause, or clear it."""
        ...


class Senders:
    """The senders of a worker, and what it last saw of their standings."""

    def __init__(
        self,
        default: str,
        rate: Callable[[str], float | None],
        jitter: Callable[[], float],
        tell_operators: TellOperators,
    ) -> None:
        """`default` is the house's own sender; `rate` yields how many segments a second one may carry."""
        self.default = default
        self.rate = rate
        self._jitter = jitter
        self._tell_operators = tell_operators
        self._seen: Mapping[str, Standing] = {}

    def standings(self, session: Session) -> Mapping[str, Standing]:
        """Return the standings that were ever worth writing down; all others are calm."""
        rows = session.execute(select(SenderState.sender, *_COLUMNS)).all()
        self._seen = {row[0]: Standing(*row[1:]) for row in rows}
        return self._seen

    def reserve(self, session: Session, texts: Mapping[str, int], now: datetime) -> None:
        """Take room for texts that were claimed, after a look at the standings."""
        for sender, count in texts.items():
            rate = self.rate(sender)
            if rate is not None or self._seen.get(sender, CALM).ramp is not None:
                _change(session, sender, partial(reserve, texts=count, now=now, rate=rate))

    def learn(self, session: Session, results: Iterable[Result], now: datetime) -> None:
        """Write down what a batch has shown of its senders, where that changes anything.

        A sender that was calm when this batch was claimed, and gave no trouble since, costs no query.
        """
        for sender, tally in self._tallies(results).items():
            rate = self.rate(sender)
            calm = self._seen.get(sender, CALM) == CALM
            if calm and rate is None and not _shows_trouble(tally):
                continue
            change = partial(standing_after, tally=tally, now=now, rate=rate, jitter=self._jitter)
            was, is_ = _change(session, sender, change)
            self._tell(session, tally, was, is_, now)

    def _tallies(self, results: Iterable[Result]) -> dict[str, Tally]:
        by_sender: dict[str, list[Result]] = {}
        for result in results:
            by_sender.setdefault(result.sender or self.default, []).append(result)
        return {sender: _tally(theirs) for sender, theirs in by_sender.items()}

    def _tell(self, session: Session, tally: Tally, was: Standing, is_: Standing, now: datetime) -> None:
        if tally.refused:
            self._tell_operators(session, CREDENTIALS, tally.refused, now=now)
        elif tally.accepted and was.pause_reason:
            self._tell_operators(session, CREDENTIALS, None, now=now)
        if is_.openings > was.openings:
            self._tell_operators(session, PROVIDER_DOWN, is_.pause_reason, now=now)
        elif was.openings and tally.accepted and not tally.faults:
            self._tell_operators(session, PROVIDER_DOWN, None, now=now)


def _tally(results: Iterable[Result]) -> Tally:
    accepted = extra = faults = 0
    slow_down: float | None = None
    refused: str | None = None
    for result in results:
        match result:
            case Accepted():
                accepted, faults = accepted + 1, 0
                extra += result.segments.count - 1
            case Unknown():
                faults += 1
                extra += result.segments.count - 1
            case Retry(trouble=Trouble.CREDENTIALS):
                refused = result.why
            case Retry(trouble=Trouble.FAULT):
                faults += 1
                extra -= 1
            case Retry(pause=float() as pause):
                slow_down = max(pause, slow_down or 0.0)
                extra -= 1
            case _:
                extra -= 1
    return Tally(accepted, extra, faults, slow_down, refused)


def _shows_trouble(tally: Tally) -> bool:
    return bool(tally.faults) or tally.slow_down is not None or tally.refused is not None


def _change(
    session: Session, sender: str, change: Callable[[Standing], Standing]
) -> tuple[Standing, Standing]:
    """Change a standing as it is now, under its lock; return it as it was and as it is."""
    insert_if_new(session, SenderState, sender=sender, **asdict(CALM))
    mine = SenderState.sender == sender
    was = Standing(*session.execute(select(*_COLUMNS).where(mine).with_for_update()).one())
    is_ = change(was)
    if is_ != was:
        session.execute(
            update(SenderState).where(mine).values(**asdict(is_)).execution_options(synchronize_session=False)
        )
    return was, is_
