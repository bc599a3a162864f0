"""The last requests, callbacks and webhooks as they went over the wire, for the page and for scripts.

In memory only. The REST side writes what came in, `webhooks` what went out. The password of the
Authorization header is masked before it is kept.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

KEPT = 200


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `kind` is "request" (to us), "callback" or "webhook" (from us).

    `status` is None when no answer came or went; `note` then says why. `phone` is the patient's number where
    one is known, so that a page can show what concerns one phone.
    """

    kind: str
    at: datetime
    method: str
    url: str
    status: int | None
    milliseconds: float
    headers: Mapping[str, str]
    params: Mapping[str, str]
    answer: str
    note: str = ""
    phone: str | None = None
    number: int = 0

    def as_json(self) -> dict[str, Any]:
        """The exchange for scripts."""
        return {
            "number": self.number,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "method": self.method,
            "url": self.url,
            "status": self.status,
            "milliseconds": round(self.milliseconds, 1),
            "headers": dict(self.headers),
            "params": dict(self.params),
            "answer": self.answer,
            "note": self.note,
        }


class Wire:
    """A bounded memory of exchanges, newest first; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Exchange] = deque(maxlen=KEPT)
        self._numbers = count(1)

    def keep(self, exchange: Exchange) -> None:
        """Remember an exchange, giving it the next number."""
        with self._lock:
            self._kept.appendleft(replace(exchange, number=next(self._numbers)))

    def latest(self, limit: int = KEPT) -> list[Exchange]:
        """Yield the latest exchanges, newest first."""
        with self._lock:
            return list(self._kept)[:limit]

    def reset(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._kept.clear()
