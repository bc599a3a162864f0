"""From due rows to sent texts: decide, compose, hand over, say what came of each.

The rows themselves, their transactions and their states are the house's, behind the port `Outbox`; what
is due is decided there and in `schedules`, what a row calls for in `decision`. Called by the worker's
periodic job, from a plain thread.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self
from zoneinfo import ZoneInfoNotFoundError

from notifications.compose import CopyError, compose
from notifications.decision import Drop, Postpone, Send, decide
from notifications.gateway import (
    ErrorClass,
    MessageGateway,
    OutgoingText,
    SendError,
    TransientSendError,
    UnknownOutcome,
    classify,
)
from notifications.outbox_port import (
    Accepted,
    Claimed,
    Dropped,
    Failed,
    Outbox,
    Postponed,
    Result,
    Retry,
    Uncomposable,
    Unknown,
)
from notifications.pacing import TurnNotCome
from notifications.phone import InvalidPhone, PhoneNumber
from notifications.segments import segments
from notifications.stopping import Stopping
from notifications.timing import retry_at

__all__ = [
    "Accepted",
    "Claimed",
    "DispatchCounts",
    "Dispatcher",
    "Drop",
    "Dropped",
    "Failed",
    "Outbox",
    "Postpone",
    "Postponed",
    "Result",
    "Retry",
    "Send",
    "Uncomposable",
    "Unknown",
    "decide",
    "dispatch_due",
]

_SET_ASIDE: Final = timedelta(minutes=1)
_REFUSED_CREDENTIALS_PAUSE: Final = timedelta(minutes=5)
_PATIENCE: Final = 10.0  # seconds, as long as the gateway gives a call: most end by themselves
_LEASE_OVER: Final = "its turn came too late: the worker no longer held it"
_OUT_OF_PATIENCE: Final = "the worker stopped before the provider answered: whether it went is not known yet"


@dataclass(slots=True)
class DispatchCounts:
    """What one dispatch did; `halted` tells an operator why it stopped with texts still due, if it did."""

    claimed: int = 0
    accepted: int = 0
    postponed: int = 0
    dropped: int = 0
    retried: int = 0
    failed: int = 0
    unknown: int = 0
    uncomposable: int = 0
    halted: str | None = None

    def add(self, results: Sequence[Result]) -> None:
        """Count a batch's results."""
        self.claimed += len(results)
        for result in results:
            name = _COUNTER[type(result)]
            setattr(self, name, getattr(self, name) + 1)


_COUNTER: Final[dict[type[Result], str]] = {
    Accepted: "accepted",
    Postponed: "postponed",
    Dropped: "dropped",
    Retry: "retried",
    Failed: "failed",
    Unknown: "unknown",
    Uncomposable: "uncomposable",
}


class Dispatcher:
    """Keeps one event loop and one pool of connections from tick to tick; used from one thread at a time."""

    def __init__(
        self,
        outbox: Outbox,
        gateway: MessageGateway,
        *,
        status_url: Callable[[str, int], str],
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        limit: int = 100,
        concurrency: int = 32,
        patience: float = _PATIENCE,
    ) -> None:
        """Wire the two ports.

        `status_url` makes the callback address from our message id and attempt, `jitter` yields 0 to 1,
        `limit` is rows a claim, `concurrency` sends at once, `patience` the seconds that sends under way
        still have after `stop`.
        """
        self._outbox = outbox
        self._gateway = gateway
        self._status_url = status_url
        self._clock = clock
        self._jitter = jitter
        self._limit = limit
        self._concurrency = concurrency
        self._stopping = Stopping(patience)
        self._runner = asyncio.Runner()
        self._halted: str | None = None

    def tick(self, now: datetime) -> DispatchCounts:
        """Send batch after batch until nothing is due, or the provider refuses our credentials.

        A row that comes back within the tick is set aside for a minute and ends it: no row is ever sent
        in a loop.
        """
        counts = DispatchCounts()
        seen: set[str] = set()
        self._halted = None
        while self._goes_on() and (batch := self._outbox.claim(now, self._limit)):
            fresh = [row for row in batch if row.message_id not in seen]
            results = self._runner.run(self._handle_all(fresh, now))
            results += [_set_aside(row, now) for row in batch if row.message_id in seen]
            now = self._clock()
            self._outbox.record(results, now)
            counts.add(results)
            if len(fresh) < len(batch):
                break
            seen.update(row.message_id for row in fresh)
        counts.halted = self._halted
        return counts

    def stop(self) -> None:
        """Claim no more, and give back what has not been begun; sends under way have `patience` left.

        Returns at once, for good; from any thread or signal handler, also while `tick` runs in another.
        What is still open when patience is over is recorded as Unknown.
        """
        self._stopping.ask()

    def close(self) -> None:
        """Let go of the connections and the loop; the dispatcher is done."""
        self._runner.run(self._gateway.close())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _goes_on(self) -> bool:
        return self._halted is None and not self._stopping.asked

    async def _handle_all(self, batch: Sequence[Claimed], now: datetime) -> list[Result]:
        places = asyncio.Semaphore(self._concurrency)

        async def handle_in_turn(row: Claimed) -> Result:
            async with places:
                return _give_back(row) if self._stopping.asked else await self._handle(row, now)

        return list(await asyncio.gather(*map(handle_in_turn, batch)))

    async def _handle(self, row: Claimed, now: datetime) -> Result:
        try:
            decision = decide(row, now)
        except (ZoneInfoNotFoundError, ValueError):
            return Uncomposable(row.message_id, row.attempt, f"there is no time zone {row.zone!r}")
        match decision:
            case Postpone(until, why):
                return Postponed(row.message_id, row.attempt, until, why)
            case Drop(status, why):
                return Dropped(row.message_id, row.attempt, status, why)
            case Send(validity):
                return await self._send(row, validity, now)

    async def _send(self, row: Claimed, validity: int, now: datetime) -> Result:
        try:
            to = PhoneNumber.parse(row.to)
            body = row.body if row.body is not None else compose(row.template, row.language, row.facts).body
        except (CopyError, InvalidPhone) as error:
            return Uncomposable(row.message_id, row.attempt, str(error))
        if self._halted is not None:
            return Retry(row.message_id, row.attempt, now + _REFUSED_CREDENTIALS_PAUSE, self._halted, body)
        if row.lease_until is not None and self._clock() >= row.lease_until:
            return Postponed(
                row.message_id, row.attempt, row.due_at, _LEASE_OVER
            )  # it may be another's by now
        url = self._status_url(row.message_id, row.attempt)
        text = OutgoingText(row.message_id, row.attempt, to, body, url, validity)
        try:
            async with self._stopping.patience() as patience:
                receipt = await self._gateway.send(text)
        except TurnNotCome:
            return _give_back(row)
        except UnknownOutcome as error:
            return Unknown(row.message_id, row.attempt, error.detail, body, segments(body))
        except SendError as error:
            return self._unsent(row, error, body, now)
        except Exception as error:  # whatever a gateway does wrong, one row never stops the others
            broken = f"the gateway broke its contract: {type(error).__name__}"
            why = _OUT_OF_PATIENCE if patience.expired() else broken
            return Unknown(row.message_id, row.attempt, why, body, segments(body))
        return Accepted(row.message_id, row.attempt, receipt, body, segments(body), validity)

    def _unsent(self, row: Claimed, error: SendError, body: str, now: datetime) -> Result:
        transient = isinstance(error, TransientSendError)
        error_class = ErrorClass.TEMPORARY if transient else classify(error.code)
        if error_class is ErrorClass.AUTHENTICATION:
            self._halted = f"the provider refuses our credentials: {error}"
            return Retry(row.message_id, row.attempt, now + _REFUSED_CREDENTIALS_PAUSE, self._halted, body)
        pause = error.retry_after if isinstance(error, TransientSendError) else None
        until = retry_at(error_class, attempt=row.attempt, now=now, jitter=self._jitter, retry_after=pause)
        if until is None:
            return Failed(row.message_id, row.attempt, error_class, error.code, str(error), body)
        if row.expires_at is not None and until >= row.expires_at:
            return Dropped(row.message_id, row.attempt, "expired", f"not sent in time: {error}")
        return Retry(row.message_id, row.attempt, until, str(error), body)


def dispatch_due(
    outbox: Outbox,
    gateway: MessageGateway,
    now: datetime,
    *,
    status_url: Callable[[str, int], str],
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    limit: int = 100,
    concurrency: int = 32,
) -> DispatchCounts:
    """Send everything that is due once, with connections of its own; a worker keeps a Dispatcher instead."""
    with Dispatcher(
        outbox,
        gateway,
        status_url=status_url,
        clock=clock,
        jitter=jitter,
        limit=limit,
        concurrency=concurrency,
    ) as dispatcher:
        return dispatcher.tick(now)


def _give_back(row: Claimed) -> Postponed:
    return Postponed(row.message_id, row.attempt, row.due_at, "the worker stopped before its turn")


def _set_aside(row: Claimed, now: datetime) -> Postponed:
    return Postponed(row.message_id, row.attempt, now + _SET_ASIDE, "came back within one tick: set aside")
