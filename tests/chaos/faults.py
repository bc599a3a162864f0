"""What the provider does wrong, and when: chance from a seed, so that a run can be repeated.

Pure. Each draw depends on the seed, the phone and how often that phone was written to, never on the order in
which requests arrive. Used by the endpoint alone.
"""

import random
from dataclasses import dataclass
from typing import Literal

Fault = Literal["", "dropped", "broken_after", "broken", "busy", "slow"]


@dataclass(frozen=True, slots=True)
class Habits:
    """How often the provider misbehaves (shares of 1) and how long it takes (real seconds)."""

    dropped: float = 0.05
    broken_after: float = 0.025
    broken: float = 0.025
    busy: float = 0.05
    slow: float = 0.003
    list_broken: float = 0.05
    latency: tuple[float, float] = (0.05, 0.35)
    slow_seconds: float = 11.0
    silent: float = 0.10
    undelivered: float = 0.05
    twice: float = 0.20
    shuffled: float = 0.30
    report_seconds: tuple[float, float] = (0.0, 5.0)


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done to one request: the fault, and the seconds before and after the text is taken."""

    fault: Fault
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Report:
    """One status callback, `after` seconds after the text was taken."""

    after: float
    status: str
    code: int | None = None


def treatment(seed: int, phone: str, number: int, habits: Habits) -> Treatment:
    """Say how the `number`-th request about this phone is treated."""
    dice = random.Random(f"{seed}/{phone}/{number}")
    faults: list[tuple[Fault, float]] = [
        ("dropped", habits.dropped),
        ("broken_after", habits.broken_after),
        ("broken", habits.broken),
        ("busy", habits.busy),
        ("slow", habits.slow),
    ]
    before, after = dice.uniform(*habits.latency) / 2, dice.uniform(*habits.latency) / 2
    draw = dice.random()
    for fault, share in faults:
        draw -= share
        if draw < 0:
            return _slowed(dice, habits) if fault == "slow" else Treatment(fault, before, after)
    return Treatment("", before, after)


def _slowed(dice: random.Random, habits: Habits) -> Treatment:
    """Outlast the caller's patience, with the text taken early, late or in between."""
    before = dice.uniform(0, habits.slow_seconds)
    return Treatment("slow", before, habits.slow_seconds - before)


def list_breaks(seed: int, phone: str, number: int, habits: Habits) -> bool:
    """Tell whether the `number`-th request to read about this phone is answered with 500."""
    return random.Random(f"{seed}/list/{phone}/{number}").random() < habits.list_broken


def reports(seed: int, phone: str, number: int, habits: Habits) -> tuple[list[Report], list[Report]]:
    """Return a text's way, in order, and the callbacks that tell of it: twice at times, shuffled, or none."""
    dice = random.Random(f"{seed}/reports/{phone}/{number}")
    sent = Report(dice.uniform(0, 0.5), "sent")
    lands = sent.after + dice.uniform(0, 1)
    lost = dice.random() < habits.undelivered
    ends = Report(lands, "undelivered", dice.choice((30003, 30008))) if lost else Report(lands, "delivered")
    way = [sent, ends]
    if dice.random() < habits.silent:
        return way, []
    told = [Report(step.after + 0.05, step.status, step.code) for step in [Report(0, "queued"), *way]]
    if dice.random() < habits.twice:
        told += [
            Report(step.after + dice.uniform(*habits.report_seconds), step.status, step.code) for step in told
        ]
    if dice.random() < habits.shuffled:
        latest = max(step.after for step in told)
        told = [
            Report(latest + dice.uniform(*habits.report_seconds), step.status, step.code) for step in told
        ]
    return way, told
