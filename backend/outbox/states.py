"""The states of an outbound message and the moves between them; docs/messages.md draws the same table."""

from collections.abc import Mapping
from typing import Final

TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    "scheduled": frozenset(
        {"sending", "accepted", "sent", "delivered", "undelivered", "failed", "expired", "cancelled"}
    ),
    "sending": frozenset(
        {
            "scheduled",
            "unknown",
            "accepted",
            "sent",
            "delivered",
            "undelivered",
            "failed",
            "expired",
            "cancelled",
        }
    ),
    "unknown": frozenset({"scheduled", "accepted", "sent", "delivered", "undelivered", "failed", "expired"}),
    "accepted": frozenset({"sent", "delivered", "undelivered", "failed", "expired"}),
    "sent": frozenset({"delivered", "undelivered", "failed"}),
    "delivered": frozenset(),
    "undelivered": frozenset(),
    "failed": frozenset(),
    "expired": frozenset(),
    "cancelled": frozenset(),
}
"""From each status to those it may become. A status with none is final and never regresses."""

FINAL: Final = frozenset(status for status, onward in TRANSITIONS.items() if not onward)


def sources_of(status: str) -> tuple[str, ...]:
    """Return the statuses a message may be in to become `status`, for a WHERE clause."""
    return tuple(source for source, onward in TRANSITIONS.items() if status in onward)
