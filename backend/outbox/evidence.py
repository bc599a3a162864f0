"""What the provider's list proves about one attempt at a text. Pure: values in, a verdict out.

Asking the provider and acting on the verdict is `reconciling`'s.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifications.gateway import Listing, ProviderMessage
from notifications.phone import PhoneNumber

CLOCKS_DIFFER_BY: Final = timedelta(minutes=2)
"""How far the provider's clock and ours may stand apart, both ways."""

ABSENT_AFTER: Final = timedelta(minutes=5)
"""How long after its attempt a text that is not in the list is absent for good.

The list is asked for without dates, so a text that waits in the provider's queue (up to 10 h) is in it, and
only a request that the provider is still working on can be missing. Our own call ends after 10 s, the lease
after 60 s; five times the lease leaves room for both, for a slow list and for `CLOCKS_DIFFER_BY`.
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of unknown outcome.

    `recorded`: `body` was written down as what left; otherwise it was composed anew, and other words may have
    left. `moved`: the patient's record changed since, so that it may have gone to another number. `rivals`:
    another attempt at the same words to the same phone is open as well.
    """

    message_id: uuid.UUID
    number: int
    to: PhoneNumber
    body: str
    recorded: bool
    moved: bool
    rivals: bool
    attempted_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """It was taken: this is it."""

    message: ProviderMessage


@dataclass(frozen=True, slots=True)
class Absent:
    """The provider never took it."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nothing is proven, yet or at all."""


def weigh(
    attempt: Attempt, listing: Listing, owned: Collection[str], *, now: datetime, absent_after: timedelta
) -> Found | Absent | Undecided:
    """Say what became of an attempt.

    `owned` are provider ids that belong to other messages of ours. Of texts that cannot be told apart none is
    adopted; and nothing is absent while any text in the list might be it.
    """
    earliest = attempt.attempted_at - CLOCKS_DIFFER_BY
    free = [
        message
        for message in listing.messages
        if message.to == attempt.to and message.created_at >= earliest and message.provider_sid not in owned
    ]
    same = [message for message in free if _words(message.body) == _words(attempt.body)]
    if same:
        return Found(same[0]) if len(same) == 1 and not attempt.rivals else Undecided()
    doubtful = [message for message in free if not (attempt.recorded and message.body)]
    waited = now - attempt.attempted_at >= absent_after
    proven = listing.complete and waited and not attempt.moved and not doubtful
    return Absent() if proven else Undecided()


def _words(body: str) -> str:
    """Whitespace may change on the way; nothing else does."""
    return " ".join(body.split())
