"""The port to the house's outbox: what the dispatcher takes from it, and what it hands back.

Values only. The table, its states and its transactions are the house's; what to do with a row is
`decision`'s and `attempt`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Literal, Protocol

from notifications.flow import Trouble
from notifications.gateway import ErrorClass, Receipt
from notifications.segments import Segments


@dataclass(frozen=True, slots=True)
class Claimed:
    """One outbox row in our hands; `body` holds words already settled (a nurse's, an earlier attempt's).

    `sender` is the clinic's own, None for the house's. `last_text_at` is when the patient last got another
    text, as far as this one must keep its distance; `not_before` and its reason are the house's word as well.
    `addressee` is whom it is for, where several people share the phone; `wording` says it in front.
    """

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
    sender: str | None = None
    last_text_at: datetime | None = None
    not_before: datetime | None = None
    not_before_why: str = ""
    addressee: str | None = None


@dataclass(frozen=True, slots=True)
class _Result:
    message_id: str
    attempt: int
    sender: str | None = field(default=None, kw_only=True)


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
    """Certainly not sent; back to waiting. `pause` is what the provider asked for, in seconds."""

    until: datetime
    why: str
    body: str
    trouble: Trouble | None = None
    pause: float | None = None


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
    """The house's table of texts, as the dispatcher sees it."""

    def exchange(self, results: Sequence[Result], now: datetime, limit: int) -> Sequence[Claimed]:
        """Write down what came of claimed rows, and take up to `limit` due ones for this dispatcher alone.

        One commit for both, before it returns. Called from one thread at a time, not always the same.
        """
        ...
