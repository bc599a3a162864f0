"""The periodic jobs that need only the database: each reads what is due, does it, and returns counts.

In transactions of their own; every change is conditional on what it found.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog
from sqlalchemy import Engine, select

from backend.clock import zone_data_version
from backend.db import transaction
from backend.models import InboundMessage
from backend.outbox import expire_leases, forget_codes, give_up_unknown
from backend.services.check_ins import close_expired, open_due
from backend.services.delivery import draw_conclusions
from backend.services.heartbeats import leave_sign
from backend.services.inbound import set_aside
from backend.services.limits import LimitCounts, watch_limits
from backend.services.sign_in import forget_expired
from backend.services.understanding import handle_inbound
from backend.services.watching import plans_to_watch, watch
from backend.services.zone_changes import ZoneCounts, refresh_zones

_log = structlog.get_logger(__name__)

_BATCH: Final = 100

Stopping = Callable[[], bool]
"""Whether the process was told to stop: a job that works in batches looks before each."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class InboundCounts:
    """What one round of understanding texts did."""

    handled: int
    set_aside: int


def handle_inbound_texts(engine: Engine, now: datetime, stopping: Stopping = _never) -> InboundCounts:
    """Understand the texts that are stored and not handled yet, each in a transaction of its own.

    A text our program fails on is set aside after a few rounds and shown to a person;
    it never stops the others.
    """
    with transaction(engine) as session:
        waiting = session.scalars(
            select(InboundMessage.id)
            .where(InboundMessage.status == "received")
            .order_by(InboundMessage.received_at)
            .limit(_BATCH)
        ).all()
    handled = failed = 0
    for message_id in waiting:
        if stopping():
            break
        try:
            with transaction(engine) as session:
                handle_inbound(session, session.get_one(InboundMessage, message_id), now=now)
            handled += 1
        except Exception:
            _log.exception("an inbound text could not be handled", message_id=str(message_id))
            failed += 1
            with transaction(engine) as session:
                set_aside(session.get_one(InboundMessage, message_id))
    return InboundCounts(handled, failed)


@dataclass(frozen=True, slots=True)
class CheckInCounts:
    """What one round over the check-ins did."""

    opened: int
    plans_with_missed: int
    alerts: int


def keep_check_ins(engine: Engine, now: datetime) -> CheckInCounts:
    """Open the check-ins that are due, close those whose time is over, and raise what silence calls for."""
    with transaction(engine) as session:
        opened = open_due(session, now=now)
        plans = close_expired(session, now=now)
        alerts = watch(session, plans, now=now)
    return CheckInCounts(opened, len(plans), len(alerts))


@dataclass(frozen=True, slots=True)
class WatchCounts:
    """What one round over the running plans found; `plans` were looked at."""

    plans: int
    alerts: int


def watch_courses(engine: Engine, now: datetime, stopping: Stopping = _never) -> WatchCounts:
    """Look for milestones that passed, appointments not made and silence, a batch of plans a transaction."""
    with transaction(engine) as session:
        plans = plans_to_watch(session, now=now)
    watched = alerts = 0
    for start in range(0, len(plans), _BATCH):
        if stopping():
            break
        batch = plans[start : start + _BATCH]
        with transaction(engine) as session:
            alerts += len(watch(session, batch, now=now))
        watched += len(batch)
    return WatchCounts(watched, alerts)


@dataclass(frozen=True, slots=True)
class RecoveryCounts:
    """What one round over interrupted sends did."""

    leases_expired: int
    given_up: int


def recover_sends(engine: Engine, now: datetime) -> RecoveryCounts:
    """Take texts from dead workers, as unknown; and close the unknown ones that are too late to be useful."""
    with transaction(engine) as session:
        expired = expire_leases(session, now=now)
        given_up = give_up_unknown(session, now=now)
        draw_conclusions(session, given_up, now)
    return RecoveryCounts(expired, len(given_up))


@dataclass(frozen=True, slots=True)
class ForgetCounts:
    """What one round of forgetting removed."""

    sign_ins_and_kept_answers: int
    codes: int


def forget_secrets(engine: Engine, now: datetime) -> ForgetCounts:
    """Remove what must not be kept: dead refresh tokens, stored answers after 24 h, codes that were sent."""
    with transaction(engine) as session:
        forgotten = forget_expired(session, now=now)
        codes = forget_codes(session, now=now)
    return ForgetCounts(forgotten, codes)


def watch_daily_limits(engine: Engine, now: datetime) -> LimitCounts:
    """Let everyone of a clinic at its daily limit know, until its day is over."""
    with transaction(engine) as session:
        return watch_limits(session, now=now)


def refresh_time_zones(engine: Engine, now: datetime, stopping: Stopping = _never) -> ZoneCounts:
    """Let what is planned keep its local time where the zone data has other rules than it was planned by."""
    counts = refresh_zones(lambda: transaction(engine), zone_data_version(), now=now, stopping=stopping)
    if counts.zones:
        _log.warning("the rules of time zones have changed", version=zone_data_version(), **asdict(counts))
    return counts


def beat(
    engine: Engine, worker: str, *, tick_seconds: float, failure: str | None = None, now: datetime
) -> None:
    """Leave a sign of life, which `/readyz` reads, or count a job that failed."""
    with transaction(engine) as session:
        leave_sign(session, worker, tick_seconds=tick_seconds, failure=failure, now=now)


class Job(Protocol):
    """A periodic job that needs only the database; returns its counts."""

    def __call__(self, engine: Engine, now: datetime, stopping: Stopping = ...) -> object:
        """Do what is due at `now`, in transactions of its own."""
        ...


def _in_one_go(job: Callable[[Engine, datetime], object]) -> Job:
    """A job of a single transaction has nowhere to stop."""

    def run(engine: Engine, now: datetime, stopping: Stopping = _never) -> object:
        return None if stopping() else job(engine, now)

    return run


JOBS: Final[Mapping[str, Job]] = {
    "handle_inbound_texts": handle_inbound_texts,
    "keep_check_ins": _in_one_go(keep_check_ins),
    "watch_courses": watch_courses,
    "recover_sends": _in_one_go(recover_sends),
    "watch_daily_limits": _in_one_go(watch_daily_limits),
    "forget_secrets": _in_one_go(forget_secrets),
    "refresh_time_zones": refresh_time_zones,
}
"""The jobs that need only the database, by name."""
