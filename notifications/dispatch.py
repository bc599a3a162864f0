"""From due rows to sent texts: decide, compose, hand over, say what came of each.

The rows themselves, their transactions and their states are the house's, behind the port `Outbox`; what
is due is decided there and in `schedules`. Called by the worker's periodic job, from a plain thread.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Literal, Self
from zoneinfo import ZoneInfoNotFoundError

from notifications.compose import CopyError, compose
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
from notifications.phone import InvalidPhone, PhoneNumber
from notifications.segments import segments
from notifications.timing import next_local, retry_at, validity_seconds, within_window

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


@dataclass(frozen=True, slots=True)
class Send:
    """Go on at once; the provider may hold the text for this long."""

    validity_seconds: int


@dataclass(frozen=True, slots=True)
class Postpone:
    """Not now; ask again at `until`."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Never."""

    status: Literal["expired", "cancelled"]
    why: str


def decide(claimed: Claimed, now: datetime) -> Send | Postpone | Drop:
    """Say what is to become of a claimed row at this instant; every `why` is a sentence for a nurse."""
    if claimed.suppressed is not None:
        return Drop("cancelled", claimed.suppressed)
    if claimed.expires_at is not None and claimed.expires_at <= now:
        return Drop("expired", "too late to be useful: not sent")
    if claimed.due_at > now:
        return Postpone(claimed.due_at, "not due yet")
    if claimed.ignores_quiet_hours or claimed.window_start == claimed.window_end:
        return Send(validity_seconds(now, claimed.expires_at, None))
    if within_window(now, claimed.zone, claimed.window_start, claimed.window_end):
        window_ends_at = next_local(now, claimed.zone, claimed.window_end)
        return Send(validity_seconds(now, claimed.expires_at, window_ends_at))
    until = next_local(now, claimed.zone, claimed.window_start)
    if claimed.expires_at is not None and until >= claimed.expires_at:
        return Drop("expired", f"quiet hours {claimed.zone} last until it is too late to be useful: not sent")
    return Postpone(until, f"moved to {claimed.window_start:%H:%M}: quiet hours {claimed.zone}")


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
    ) -> None:
        """Wire the two ports.

        `status_url` makes the callback address from our message id and attempt, `jitter` yields 0 to 1,
        `limit` is rows a claim, `concurrency` sends at once.
        """
        self._outbox = outbox
        self._gateway = gateway
        self._status_url = status_url
        self._clock = clock
        self._jitter = jitter
        self._limit = limit
        self._concurrency = concurrency
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
        while self._halted is None and (batch := self._outbox.claim(now, self._limit)):
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

    async def _handle_all(self, batch: Sequence[Claimed], now: datetime) -> list[Result]:
        places = asyncio.Semaphore(self._concurrency)

        async def handle_in_turn(row: Claimed) -> Result:
            async with places:
                return await self._handle(row, now)

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
        url = self._status_url(row.message_id, row.attempt)
        try:
            receipt = await self._gateway.send(
                OutgoingText(row.message_id, row.attempt, to, body, url, validity)
            )
        except UnknownOutcome as error:
            return Unknown(row.message_id, row.attempt, error.detail, body, segments(body))
        except SendError as error:
            return self._unsent(row, error, body, now)
        except Exception as error:  # whatever a gateway does wrong, one row never stops the others
            why = f"the gateway broke its contract: {type(error).__name__}"
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


def _set_aside(row: Claimed, now: datetime) -> Postponed:
    return Postponed(row.message_id, row.attempt, now + _SET_ASIDE, "came back within one tick: set aside")
