"""The port to the house's outbox: what the dispatcher takes from it, and what it hands back.

Values only. The table, its states and its transactions are the house's; what to do with a row is
`dispatch`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal, Protocol

from notifications.gateway import ErrorClass, Receipt
from notifications.segments import Segments


@dataclass(frozen=True, slots=True)
class Claimed:
    """One outbox row in our hands; `body` holds words already settled (a nurse's, an earlier attempt's)."""

    message_id: str
    attempt: int
    to: str
    language: str
    template: str
    facts: Mapping[str, object]
    body: str | None
    due_at: datetime
    expires_at: datetime | None
    zone: str
    window_start: time = time(9)
    window_end: time = time(20)
    ignores_quiet_hours: bool = False
    suppressed: str | None = None
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Result:
    message_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Accepted(_Result):
    """The provider took it."""

    receipt: Receipt
    body: str
    segments: Segments
    validity_seconds: int


@dataclass(frozen=True, slots=True)
class Postponed(_Result):
    """Back to waiting, untried."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Dropped(_Result):
    """Will not be sent, for a reason of ours."""

    status: Literal["expired", "cancelled"]
    why: str


@dataclass(frozen=True, slots=True)
class Retry(_Result):
    """Certainly not sent; back to waiting."""

    until: datetime
    why: str
    body: str


@dataclass(frozen=True, slots=True)
class Failed(_Result):
    """Certainly not sent, and not worth another try; `error_class` says who must act."""

    error_class: ErrorClass
    code: int | None
    why: str
    body: str


@dataclass(frozen=True, slots=True)
class Unknown(_Result):
    """May have been sent: to be reconciled, never blindly repeated. `body` is what may have left."""

    why: str
    body: str
    segments: Segments


@dataclass(frozen=True, slots=True)
class Uncomposable(_Result):
    """Our own mistake in the row: template, facts, number or zone."""

    why: str


Result = Accepted | Postponed | Dropped | Retry | Failed | Unknown | Uncomposable


class Outbox(Protocol):
    """The house's table of texts, as the dispatcher sees it. Both calls commit before they return."""

    def claim(self, now: datetime, limit: int) -> Sequence[Claimed]:
        """Take up to `limit` due rows for this dispatcher alone."""
        ...

    def record(self, results: Sequence[Result], now: datetime) -> None:
        """Write down what came of claimed rows."""
        ...
