"""From due rows to sent texts: claim, send many at once, record in batches, until nothing is due.

The rows themselves, their transactions and their states are the house's, behind the port `Outbox`; what
becomes of one row is `attempt`'s. Called by the worker's periodic job, from a plain thread.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from notifications.attempt import Sending
from notifications.flow import FAULTS_TO_OPEN, Trouble
from notifications.gateway import MessageGateway
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
from notifications.pacing import Pace
from notifications.stopping import Stopping

_SET_ASIDE: Final = timedelta(minutes=1)
_PATIENCE: Final = 10.0  # seconds, as long as the gateway gives a call: most end by themselves
_RECORD_WITHIN: Final = 0.05  # seconds: what a crash could leave unrecorded stays small
_RECORD_AGAIN_AFTER: Final = (0.2, 1.0, 3.0)  # seconds: a database that restarts is back by then
_REMEMBERED: Final = 10_000  # attempts of one tick: a worker's memory stays flat
_SILENT: Final = "the provider does not answer"


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


@dataclass(slots=True)
class _Desk:
    """What one tick has in hand: rows that wait for their turn, and results that wait to be recorded."""

    rows: asyncio.Queue[Claimed] = field(default_factory=asyncio.Queue)
    results: list[Result] = field(default_factory=list)
    open: int = 0  # rows without a result yet
    more_due: bool = True  # as far as the newest claim could tell
    seen: dict[tuple[str, int], None] = field(default_factory=dict)
    """Attempts of this tick, newest last: one that comes back is set aside and ends it, never sent again."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Something is to be claimed or recorded."""


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
        rate: float | None = None,
        patience: float = _PATIENCE,
        record_again_after: Sequence[float] = _RECORD_AGAIN_AFTER,
    ) -> None:
        """Wire the two ports.

        `status_url` makes the callback address from our message id and attempt, `jitter` yields 0 to 1,
        `limit` is rows a claim, `concurrency` sends at once, `rate` sends a second at most, `patience` the
        seconds that sends under way still have after `stop`, `record_again_after` the pauses, in seconds,
        after which results are offered again to an outbox that failed.
        """
        self._record_again_after = record_again_after
        self._outbox = outbox
        self._gateway = gateway
        self._clock = clock
        self._limit = limit
        self._concurrency = concurrency
        self._claim_below = min(limit, 2 * concurrency)
        self._pace = Pace(rate)
        self._stopping = Stopping(patience)
        self._sending = Sending(gateway, status_url, clock, jitter, self._stopping)
        self._runner = asyncio.Runner()
        self._halted: dict[str | None, str] = {}
        self._faults: Counter[str | None] = Counter()

    def tick(self, now: datetime) -> DispatchCounts:
        """Send until nothing is due, or each sender with texts due is halted.

        A sender is halted when the provider refuses our credentials or does not answer; what was claimed
        for it goes back as it was.
        """
        return self._runner.run(self._tick(now))

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

    async def _tick(self, now: datetime) -> DispatchCounts:
        counts, desk = DispatchCounts(), _Desk()
        self._halted.clear()
        self._stopping.listen()
        if self._stopping.asked:
            return counts
        self._take(desk, self._outbox.exchange((), now, self._limit), now)
        hands: list[asyncio.Task[None]] = []
        try:
            while desk.open or desk.results:
                missing = min(desk.open, self._concurrency) - len(hands)
                hands += [asyncio.create_task(self._work_through(desk)) for _ in range(missing)]
                await desk.news.wait()
                desk.news.clear()
                await self._record_and_claim(desk, counts)
        finally:
            for hand in hands:
                hand.cancel()
            await asyncio.gather(*hands, return_exceptions=True)
        counts.halted = "; ".join(sorted(set(self._halted.values()))) or None
        return counts

    async def _record_and_claim(self, desk: _Desk, counts: DispatchCounts) -> None:
        """Record what there is, and claim more in the same commit when little is left in hand."""
        hungry = desk.more_due and desk.open <= self._claim_below and not self._stopping.asked
        results, desk.results = desk.results, []
        if not (results or hungry):
            return
        rows = await self._exchange(results, self._limit if hungry else 0)
        if hungry:
            desk.more_due = bool(rows)
        counts.add(results)
        self._take(desk, rows, self._clock())

    async def _exchange(self, results: Sequence[Result], limit: int) -> Sequence[Claimed]:
        """Record and claim, in another thread, while sends go on.

        A database that is away is tried again: what is not recorded must be found out again from the
        provider. In the end each result is recorded alone, so that one that cannot be stops no other.
        """
        for pause in (*self._record_again_after, None):
            try:
                return await asyncio.to_thread(self._outbox.exchange, results, self._clock(), limit)
            except Exception:
                if not results:
                    raise
                limit = 0
                if pause is not None:
                    await asyncio.sleep(pause)
        mistakes = []
        for result in results:
            try:
                await asyncio.to_thread(self._outbox.exchange, [result], self._clock(), 0)
            except Exception as mistake:
                mistakes.append(mistake)
        if mistakes:
            raise ExceptionGroup("results that could not be recorded; the leases settle them", mistakes)
        return ()

    def _take(self, desk: _Desk, rows: Sequence[Claimed], now: datetime) -> None:
        for row in rows:
            desk.open += 1
            attempt = (row.message_id, row.attempt)
            if attempt in desk.seen:
                desk.more_due = False
                self._finish(desk, _set_aside(row, now))
            else:
                desk.seen[attempt] = None
                desk.rows.put_nowait(row)
        while len(desk.seen) > _REMEMBERED:
            del desk.seen[next(iter(desk.seen))]

    async def _work_through(self, desk: _Desk) -> None:
        while True:
            row = await desk.rows.get()
            if self._stopping.asked or not await self._pace.turn(self._stopping.heard):
                self._finish(desk, _give_back(row, "the worker stopped before its turn"))
            elif row.sender in self._halted:
                self._finish(desk, _give_back(row, f"not tried yet: {self._halted[row.sender]}"))
            else:
                result = await self._sending.attempt(row)
                self._learn(result)
                self._finish(desk, result)

    def _learn(self, result: Result) -> None:
        """Halt a sender that the provider refuses, or that had nothing but faults for a while."""
        match result:
            case Accepted():
                self._faults[result.sender] = 0
            case Retry(trouble=Trouble.CREDENTIALS):
                self._halted[result.sender] = result.why
            case Unknown() | Retry(trouble=Trouble.FAULT):
                self._faults[result.sender] += 1
                if self._faults[result.sender] >= FAULTS_TO_OPEN:
                    self._halted[result.sender] = _SILENT

    def _finish(self, desk: _Desk, result: Result) -> None:
        desk.open -= 1
        desk.results.append(result)
        hungry = desk.more_due and desk.open <= self._claim_below
        if hungry or not desk.open or len(desk.results) >= self._limit:
            desk.news.set()
        elif len(desk.results) == 1:
            asyncio.get_running_loop().call_later(_RECORD_WITHIN, desk.news.set)


def _give_back(row: Claimed, why: str) -> Postponed:
    return Postponed(row.message_id, row.attempt, row.due_at, why, sender=row.sender)


def _set_aside(row: Claimed, now: datetime) -> Postponed:
    why = "came back within one tick: set aside"
    return Postponed(row.message_id, row.attempt, now + _SET_ASIDE, why, sender=row.sender)
