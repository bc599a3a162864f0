"""Who may have how many of a batch, when several clinics have texts due. Pure.

One clinic's bulk enrolment must not delay another's texts: a batch is dealt out in turns, one text a clinic a
turn, to those that have a right to more. What is due and the taking itself are `claiming`'s.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waiting:
    """A clinic with texts due, the sender it may share with others, and how many it may still send today."""

    clinic_id: uuid.UUID
    sender: str
    allowance: int | None = None


def deal(
    waiting: Sequence[Waiting], most: int, rooms: Mapping[str, int], *, first: int
) -> dict[uuid.UUID, int]:
    """Yield how many texts each clinic may have of `most`; clinics with none are left out.

    `rooms` is what each sender can take. The turns begin at position `first`, so that with more clinics
    than texts each comes first once.
    """
    if not waiting:
        return {}
    start = first % len(waiting)
    table = [*waiting[start:], *waiting[:start]]
    left = dict(rooms)
    shares: dict[uuid.UUID, int] = {}
    while table and most:
        for place in table:
            if most and _may_have_more(place, shares, left):
                shares[place.clinic_id] = shares.get(place.clinic_id, 0) + 1
                left[place.sender] -= 1
                most -= 1
        table = [place for place in table if _may_have_more(place, shares, left)]
    return shares


def _may_have_more(place: Waiting, shares: Mapping[uuid.UUID, int], left: Mapping[str, int]) -> bool:
    within = place.allowance is None or shares.get(place.clinic_id, 0) < place.allowance
    return within and left[place.sender] > 0
