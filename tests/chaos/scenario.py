"""What a run does to the product, and in what order: the long form's figures, and the short form's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.chaos.faults import Habits

STARTS_AT: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""Noon in Istanbul: eight hours until the texts must rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One run. What happens once happens when a given share of the texts has been taken.

    `speed` is seconds of the product's clock per real second: leases and proofs of absence pass that much
    faster, while calls, kills and callbacks keep real time. In the end `polls_for` passes at once, so that
    reports that never came are asked for; `leaves_waiting` texts at most are still on their next try then,
    and as many may be without a report when the run ends.
    """

    seed: int
    patients: int
    with_several: int
    safety: int
    kills: int
    workers: int
    speed: float = 1.0
    lease_seconds: float = 60.0
    tick_seconds: float = 5.0
    intervals: dict[str, timedelta] = field(default_factory=dict)
    due_within: timedelta = timedelta(minutes=4)
    habits: Habits = field(default_factory=Habits)
    killed_until: float = 0.92
    gone_at: float | None = 0.35
    gone_seconds: float = 60.0
    restarts_at: tuple[float, ...] = (0.2, 0.5, 0.75)
    steps: tuple[tuple[float, timedelta], ...] = (
        (0.55, timedelta(hours=1)),
        (0.65, timedelta(hours=-1)),
    )
    leaves_waiting: int = 0
    polls_for: timedelta = timedelta(hours=2, minutes=15)
    patience_seconds: float = 900.0

    @property
    def texts(self) -> int:
        """How many texts are queued: several at some patients, one at the others."""
        return self.patients + 2 * self.with_several


def long_form(seed: int, *, workers: int) -> Scenario:
    """Return the form of `make chaos`: real time, the default lease, 30 kills over more than 10,000 texts."""
    return Scenario(seed=seed, patients=10_000, with_several=150, safety=300, kills=32, workers=workers)


def short_form(seed: int, *, workers: int) -> Scenario:
    """Return the form of `make test`: the same in seconds, on a clock eight times as fast."""
    quickly = timedelta(seconds=0.25)
    return Scenario(
        seed=seed,
        patients=200,
        with_several=10,
        safety=10,
        kills=3,
        workers=workers,
        speed=8.0,
        lease_seconds=15.0,
        tick_seconds=0.25,
        intervals=dict.fromkeys(("recover_sends", "reconcile_unknown", "poll_stale"), quickly),
        due_within=timedelta(seconds=40),
        habits=Habits(slow=0.0, latency=(0.1, 0.5), report_seconds=(0.0, 1.0)),
        killed_until=0.4,
        gone_at=0.5,
        gone_seconds=1.0,
        restarts_at=(0.45,),
        steps=((0.35, timedelta(hours=1)), (0.55, timedelta(hours=-1))),
        leaves_waiting=10,
        patience_seconds=60.0,
    )
