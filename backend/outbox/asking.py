"""When the provider is asked what became of a text: soon while it decides what we do, then seldom.

Pure: instants in, instants out. The column is `outbound_messages.ask_at`; whose turn it is, is `turns`', what
is asked `reconciling`'s, `polling`'s and `redacting`'s.
"""

from datetime import datetime, timedelta
from typing import Final

GRACE: Final = timedelta(seconds=30)
"""How long a callback has to come by itself before the provider is asked about a text of unknown outcome."""

REPORT_OVERDUE_AFTER: Final = timedelta(hours=1)
"""How long after its last sign of life a text that was taken is asked about: reports come within minutes."""

POLLED_FOR: Final = timedelta(hours=48)
"""How long a text without a delivery report is asked about; its queue holds it for 10 h at most."""

HELD_FOR: Final = timedelta(seconds=15)
"""How long one worker keeps a text to itself while it asks; one that dies meanwhile delays it by that."""

NO_LIST_AGAIN_AFTER: Final = timedelta(seconds=3)
"""How long after a question that got no list it is asked again: a text that never left is waiting."""

CALL_AND_LIST: Final = timedelta(seconds=30)
"""How long a request may still be under way unseen: a call of ours ends after 10 s
(`TwilioGateway`), and the provider has 20 s more to show in its list what it took.
"""

_STEP: Final = timedelta(seconds=10)
_SELDOM: Final = timedelta(hours=1)
_MOST_SELDOM: Final = timedelta(hours=12)


def absent_after(lease: timedelta) -> timedelta:
    """Yield how long after its claim a text that is not in the provider's list is absent for good.

    A worker looks at its lease before each request, so that none begins later than that.
    """
    return lease + CALL_AND_LIST


def provable_at(attempted_at: datetime, lost_at: datetime | None, proven_after: timedelta) -> datetime:
    """Yield from when a text that is not in the list is absent for good, `proven_after` its claim.

    One that was taken from its worker at `lost_at` may have been on its way until then, if a clock jumped:
    the worker goes by its own.
    """
    at = attempted_at + proven_after
    return at if lost_at is None else max(at, lost_at + CALL_AND_LIST)


def unknown_again(attempted_at: datetime, now: datetime, *, provable_at: datetime) -> datetime:
    """Yield when to ask about an undecided text again.

    Every ten seconds until absence can be proven, and at that very instant; then after a quarter of its
    age, an hour at most.
    """
    if now < provable_at:
        return min(now + _STEP, provable_at)
    return now + _between(_STEP, (now - attempted_at) / 4, _SELDOM)


def report_again(since: datetime, now: datetime) -> datetime | None:
    """Yield when to ask again about a text without a report, taken at `since`; None once that is enough.

    Each distance is half its age: about ten questions in two days.
    """
    if now - since >= POLLED_FOR:
        return None
    return now + _between(REPORT_OVERDUE_AFTER / 2, (now - since) / 2, _MOST_SELDOM)


def redact_again(since: datetime, now: datetime) -> datetime:
    """Yield when to try again to empty a text at the provider that was taken at `since`."""
    return now + _between(_STEP * 6, (now - since) / 4, _MOST_SELDOM)


def _between(least: timedelta, wanted: timedelta, most: timedelta) -> timedelta:
    return max(least, min(wanted, most))
