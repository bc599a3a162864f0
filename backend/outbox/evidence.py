"""What the provider's list proves about one attempt at a text. Pure: values in, a verdict out.

Asking the provider and acting on the verdict is `reconciling`'s.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifications.gateway import Listing, ProviderMessage
from notifications.phone import PhoneNumber

CLOCKS_DIFFER_BY: Final = timedelta(minutes=2)
"""How far the provider's clock and ours may stand apart, both ways."""


CLOCK_WRONG_BY: Final = timedelta(days=1)
"""How wrong our clock may have been when a text was claimed without the text being taken for absent.

A clock that was stepped since, or still is wrong, puts what the provider created far from our attempt.
"""


@dataclass(frozen=True, slots=True)
class Alike:
    """Open attempts at the same words to the same phone, this one among them.

    `place` counts from 0, the oldest, which was claimed at `since`. `interchangeable`: all are of unknown
    outcome, of one patient and one purpose, and their words are certain.
    """

    count: int
    place: int
    since: datetime
    interchangeable: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of unknown outcome.

    `recorded`: `body` was written down as what left; otherwise it was composed anew, and other words may have
    left. `moved`: the patient's record changed since, so that it may have gone to another number. `alike`:
    what it could be mistaken for, None when there is nothing; `alone`: not even within a day is there
    anything. From `provable_at` on its absence is proof.
    """

    message_id: uuid.UUID
    number: int
    to: PhoneNumber
    body: str
    recorded: bool
    moved: bool
    attempted_at: datetime
    provable_at: datetime
    alike: Alike | None = None
    alone: bool = True


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
    attempt: Attempt, listing: Listing, owned: Collection[str], *, now: datetime
) -> Found | Absent | Undecided:
    """Say what became of an attempt.

    `owned` are provider ids that belong to other messages of ours. Texts that cannot be told apart are
    adopted only when every one of them must have been taken: as many in the list as are open, and all of
    them interchangeable. Nothing is absent while any text in the list might be it, even one that by our
    clock was created before the attempt: the clock may be wrong. Such a one is adopted if it is the only one.
    """
    earliest = (attempt.alike.since if attempt.alike else attempt.attempted_at) - CLOCKS_DIFFER_BY
    free = [
        message
        for message in listing.messages
        if message.to == attempt.to and message.provider_sid not in owned
    ]
    same = sorted(
        (message for message in free if _words(message.body) == _words(attempt.body)),
        key=lambda message: (message.created_at, message.provider_sid),
    )
    in_time = [message for message in same if message.created_at >= earliest]
    if in_time:
        return _which_of(in_time, attempt.alike, listing)
    if same:
        return Found(same[0]) if len(same) == 1 and attempt.alone else Undecided()
    doubtful = [
        message
        for message in free
        if message.created_at >= earliest and not (attempt.recorded and message.body)
    ]
    waited = now >= attempt.provable_at
    proven = listing.complete and waited and not attempt.moved and not doubtful
    return Absent() if proven else Undecided()


def _which_of(same: Sequence[ProviderMessage], alike: Alike | None, listing: Listing) -> Found | Undecided:
    if alike is None:
        return Found(same[0]) if len(same) == 1 else Undecided()
    all_were_taken = alike.interchangeable and listing.complete and len(same) == alike.count
    return Found(same[alike.place]) if all_were_taken else Undecided()


def _words(body: str) -> str:
    """Whitespace may change on the way; nothing else does."""
    return " ".join(body.split())
