"""The periodic jobs: each reads what is due, does it in transactions of its own, and returns counts.

Called by the worker's metronome and by `python -m backend run-job NAME`. Two
processes may run the same job at once: every change is conditional on what it found.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import structlog
from sqlalchemy import Engine, select

from backend.clock import Clock
from backend.config import TWILIO_API_URL, Settings
from backend.db import transaction
from backend.errors import SettingsError
from backend.models import InboundMessage
from backend.outbox import (
    Poller,
    Reconciler,
    Redactor,
    Senders,
    SqlOutbox,
    absent_after,
    expire_leases,
    forget_codes,
    give_up_unknown,
)
from backend.services.alarms import tell_operators
from backend.services.check_ins import close_expired, open_due
from backend.services.delivery import draw_conclusions
from backend.services.heartbeats import leave_sign
from backend.services.inbound import set_aside
from backend.services.sign_in import forget_expired
from backend.services.understanding import handle_inbound
from backend.services.watching import plans_to_watch, watch
from notifications.dispatch import Dispatcher
from notifications.flow import segment_rate
from notifications.gateway import MessageGateway, MessageLookup, MessageRedactor
from notifications.twilio_gateway import TwilioGateway

_log = structlog.get_logger(__name__)

_BATCH: Final = 100


def make_dispatcher(
    engine: Engine, settings: Settings, clock: Clock, gateway: MessageGateway | None = None
) -> Dispatcher:
    """Wire the outbox to the provider; the caller closes it. `gateway` stands in for Twilio in tests.

    Raises SettingsError without credentials: a worker that cannot send must not claim.
    """
    if gateway is None:
        gateway = _twilio(settings)
    lease = settings.dispatch_lease_seconds
    limit = _BATCH
    if settings.dispatch_rate:
        # up to two claims may be in hand, and must be sent well within their lease
        limit = max(1, min(_BATCH, int(settings.dispatch_rate * lease / 4)))
    senders = Senders(settings.twilio_sender, partial(_segment_rate, settings), random.random, tell_operators)
    return Dispatcher(
        SqlOutbox(
            engine, timedelta(seconds=lease), draw_conclusions, senders, redact=settings.redact_at_provider
        ),
        gateway,
        status_url=lambda message_id, attempt: (
            f"{settings.public_url}/webhooks/twilio/status/{message_id}?attempt={attempt}"
        ),
        clock=clock,
        jitter=random.random,
        limit=limit,
        rate=settings.dispatch_rate,
    )


def _segment_rate(settings: Settings, sender: str) -> float | None:
    """Return segments a second: as set, else those of the sender's kind, which only the real Twilio has."""
    if settings.sender_rate is not None:
        return settings.sender_rate
    return segment_rate(sender) if settings.twilio_api_url == TWILIO_API_URL else None


def make_reconciler(engine: Engine, settings: Settings, lookup: MessageLookup | None = None) -> Reconciler:
    """Wire what settles texts of unknown outcome; the caller closes it. `lookup` replaces Twilio in tests.

    It has connections of its own, because a gateway belongs to one event loop. Raises SettingsError
    without credentials.
    """
    lease = timedelta(seconds=settings.dispatch_lease_seconds)
    return Reconciler(engine, lookup or _twilio(settings), draw_conclusions, absent_after=absent_after(lease))


def make_poller(engine: Engine, settings: Settings, lookup: MessageLookup | None = None) -> Poller:
    """Wire what asks for overdue delivery reports, as `make_reconciler` does."""
    return Poller(engine, lookup or _twilio(settings), draw_conclusions)


def make_redactor(engine: Engine, settings: Settings, provider: MessageRedactor | None = None) -> Redactor:
    """Wire what empties finished texts at the provider, as `make_reconciler` does."""
    return Redactor(engine, provider or _twilio(settings))


def _twilio(settings: Settings) -> TwilioGateway:
    if not settings.twilio_account_sid:
        raise SettingsError(
            "TWILIO_ACCOUNT_SID: missing; give the account's SID, token and sender, or the simulator's"
        )
    return TwilioGateway(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_tokens[0] if settings.twilio_auth_tokens else "",
        sender=settings.twilio_sender,
        api_url=settings.twilio_api_url,
    )


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


class ProviderJob(Protocol):
    """A periodic job that speaks to the provider, and keeps its connections from round to round."""

    def tick(self, now: datetime) -> object:
        """Do what is due at `now`; returns its counts."""
        ...

    def stop(self) -> None:
        """Begin nothing more."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
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
    "forget_secrets": _in_one_go(forget_secrets),
}
"""The jobs that need only the database, by name."""

PROVIDER_JOBS: Final[Mapping[str, Callable[[Engine, Settings, Clock], ProviderJob]]] = {
    "dispatch_messages": make_dispatcher,
    "reconcile_unknown": lambda engine, settings, _clock: make_reconciler(engine, settings),
    "poll_stale": lambda engine, settings, _clock: make_poller(engine, settings),
    "redact_sent": lambda engine, settings, _clock: make_redactor(engine, settings),
}
"""The jobs that speak to Twilio, by name: how each is made."""
