"""Carries messages along their journey in the background and reports each status to the clinic.

A few daemon threads work off a heap of what is due. The moves of one message are done one after the other, so
its callbacks arrive in the order the journey decided; messages do not wait for each other beyond the number
of threads. A report that finds no server is tried again, after waits counted in paces; any HTTP answer counts
as received.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from notifications.phone_simulator.faults import FaultBox
from notifications.phone_simulator.journey import Move, journey
from notifications.phone_simulator.line import Line
from notifications.phone_simulator.messages import Message, status_params
from notifications.phone_simulator.store import Store
from notifications.phone_simulator.webhooks import Webhooks

THREADS = 4
RETRIES_AFTER_PACES = (1, 4, 10)


@dataclass(frozen=True, slots=True)
class Errand:
    """What is still to be done for one message; `failures` counts vain calls for the first move."""

    message: Message
    moves: tuple[Move, ...]
    failures: int = 0


class Courier:
    """Background threads that move messages on; `pace` is in seconds between statuses."""

    def __init__(
        self,
        line: Line,
        store: Store,
        faults: FaultBox,
        webhooks: Webhooks,
        clock: Callable[[], datetime],
        *,
        pace: float,
    ) -> None:
        self._line = line
        self._store = store
        self._faults = faults
        self._webhooks = webhooks
        self._clock = clock
        self._pace = pace
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Errand]] = []
        self._order = itertools.count()
        self._open = 0  # errands waiting or in hand
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"courier-{n}", daemon=True) for n in range(THREADS)
        ]

    def start(self) -> None:
        """Start the threads and take up the messages a former process left under way."""
        for thread in self._threads:
            thread.start()
        for message in self._store.unfinished():
            self.send_off(message)

    def stop(self) -> None:
        """Drop what is waiting and end the threads; one inside a slow call dies with the process."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=0.5)

    def send_off(self, message: Message) -> None:
        """Start a message on its journey under the faults now switched on."""
        faults = self._faults.now
        moves = journey(
            message.status,
            faults.mishaps.get(message.phone),
            faults.callbacks,
            pace=self._pace,
            late=faults.late_seconds,
        )
        with self._changed:
            self._open += 1
            self._push(Errand(message, moves))

    def settle(self, timeout_seconds: float = 10) -> bool:
        """Wait until no message is under way; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == 0, timeout_seconds)

    def forget(self) -> None:
        """Drop what is waiting: its messages no longer exist."""
        with self._changed:
            self._open -= len(self._due)
            self._due.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while (errand := self._next()) is not None:
            rest = self._do(errand)
            with self._changed:
                self._push(rest)

    def _next(self) -> Errand | None:
        with self._changed:
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None

    def _push(self, errand: Errand) -> None:
        """Queue an errand, or count it as done when nothing is left of it; the caller holds the condition."""
        if not errand.moves:
            self._open -= 1
            self._changed.notify_all()
            return
        if errand.failures:
            after = RETRIES_AFTER_PACES[errand.failures - 1] * self._pace
        else:
            after = errand.moves[0].after
        heapq.heappush(self._due, (time.monotonic() + after, next(self._order), errand))
        self._changed.notify()

    def _do(self, errand: Errand) -> Errand:
        move, message = errand.moves[0], errand.message
        if move.enters and not errand.failures:
            moved = self._store.advance(message.sid, move.status, move.error_code, self._clock())
            if moved is None:  # forgotten meanwhile
                return replace(errand, moves=())
            message = moved
        if move.reports and message.status_callback:
            params = status_params(message, self._line, move.status, move.error_code)
            outcome = self._webhooks.post("callback", message.status_callback, params, phone=message.phone)
            if outcome.status is None and errand.failures < len(RETRIES_AFTER_PACES):
                return Errand(message, errand.moves, errand.failures + 1)
        return Errand(message, errand.moves[1:])
