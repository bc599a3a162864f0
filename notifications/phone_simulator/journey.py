"""The way of one message through the network: which statuses it passes, and which callbacks are made.

Pure: the courier carries out what is decided here. The order of statuses is Twilio's: accepted (only with a
Messaging Service) → queued → sent → delivered, undelivered or failed. The first status has no callback.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from notifications.phone_simulator.refusals import MISHAPS

UNDER_WAY = ("accepted", "queued", "sent")
FINAL_STAGE = len(UNDER_WAY)


@dataclass(frozen=True, slots=True)
class Move:
    """One thing to do, `after` seconds after the one before: take on the status, report it, or both."""

    after: float
    status: str
    error_code: int | None
    enters: bool
    reports: bool


def stage_of(status: str) -> int:
    """Yield how far along a status is: statuses under way in their order, then FINAL_STAGE for all others."""
    return UNDER_WAY.index(status) if status in UNDER_WAY else FINAL_STAGE


def journey(status: str, mishap: str | None, callbacks: str, *, pace: float, late: float) -> tuple[Move, ...]:
    """Yield what happens to a message from its present status to a final one.

    `mishap` is a key of refusals.MISHAPS or None; `callbacks` a mode of faults.CALLBACK_MODES; `pace` seconds
    pass between statuses, and `late` more before a report in mode "late".
    """
    legs = _legs(status, mishap)
    entering = [
        Move(pace, leg, code, enters=True, reports=callbacks in ("once", "twice")) for leg, code in legs
    ]
    reporting = [Move(0, leg, code, enters=False, reports=True) for leg, code in legs]
    if callbacks == "twice":
        return tuple(move for pair in zip(entering, reporting, strict=True) for move in pair)
    if callbacks == "shuffled":  # the last first: always out of order, never by luck in order
        return (*entering, *reversed(reporting))
    if callbacks == "late":
        return (*entering, replace(reporting[0], after=late), *reporting[1:]) if legs else ()
    return tuple(entering)


def _legs(status: str, mishap: str | None) -> list[tuple[str, int | None]]:
    if stage_of(status) == FINAL_STAGE:
        return []
    code, end, _ = MISHAPS[mishap] if mishap else (None, "delivered", "")
    still_to_pass = UNDER_WAY[stage_of(status) + 1 :]
    if end == "failed":  # it never left the queue
        still_to_pass = tuple(leg for leg in still_to_pass if leg != "sent")
    return [(leg, None) for leg in still_to_pass] + [(end, code)]
