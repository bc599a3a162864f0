"""What a run comes to: the provider's book against our rows. Pure: values in, figures out."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.outbox import FINAL
from tests.chaos.ledger import Entry

_SAYS_SENT: Final = frozenset({"accepted", "sent", "delivered", "undelivered"})


@dataclass(frozen=True, slots=True)
class Row:
    """One of our texts when the run ends; `waits`: its hour is still to come.

    `way` are the statuses and words of its why-log, oldest first.
    """

    id: uuid.UUID
    status: str
    provider_sid: str | None
    why: str
    waits: bool = False
    way: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """The count. Of texts that went wrong the rows are kept, so that they can be looked at.

    `lost`: our row says it went and the provider never took it, or our row has no final and no explained
    state. `twice`: taken more than once. `misfiled`: our row holds the id of another text.
    """

    texts: int
    taken: int
    statuses: Mapping[str, int]
    faults: Mapping[str, int]
    settled_by_list: int
    settled_by_callback: int
    sent_again: int
    lost: Sequence[Row]
    twice: Sequence[Row]
    undecided: Sequence[Row]
    misfiled: Sequence[Row]
    failed_though_taken: Sequence[Row]


def count(rows: Sequence[Row], entries: Iterable[Entry]) -> Figures:
    """Hold our rows against the provider's book."""
    faults: Counter[str] = Counter()
    sids: dict[uuid.UUID, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.fault:
            faults[entry.fault] += 1
        if entry.what == "taken":
            sids[uuid.UUID(entry.message)].add(entry.sid)
    ends = Counter(end for row in rows for end in _ends_of_unknown(row))
    return Figures(
        texts=len(rows),
        taken=sum(1 for row in rows if sids.get(row.id)),
        statuses=Counter(row.status for row in rows),
        faults=faults,
        settled_by_list=ends["list"],
        settled_by_callback=ends["callback"],
        sent_again=ends["again"],
        lost=[row for row in rows if _is_lost(row, taken=bool(sids.get(row.id)))],
        twice=[row for row in rows if len(sids.get(row.id, ())) > 1],
        undecided=[row for row in rows if row.status == "unknown"],
        misfiled=[row for row in rows if row.provider_sid and row.provider_sid not in sids.get(row.id, ())],
        failed_though_taken=[row for row in rows if row.status == "failed" and sids.get(row.id)],
    )


def _is_lost(row: Row, *, taken: bool) -> bool:
    if row.status in _SAYS_SENT:
        return not taken
    waits = row.status == "scheduled" and row.waits
    at_rest = row.status in FINAL or row.status == "unknown" or waits
    return not (at_rest and row.why)


def _ends_of_unknown(row: Row) -> list[str]:
    """Say how each time of not knowing ended."""
    ends = []
    for (before, _), (status, why) in zip(row.way, row.way[1:], strict=False):
        if before != "unknown":
            continue
        if status == "scheduled":
            ends.append("again")
        elif status in _SAYS_SENT:
            ends.append("list" if "list" in why else "callback")
    return ends
