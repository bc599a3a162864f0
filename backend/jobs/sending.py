"""The periodic jobs that speak to the provider: how each is wired, with connections of its own.

What they do is `notifications.dispatch`'s and the outbox's.
"""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from sqlalchemy import Engine

from backend.clock import Clock
from backend.config import TWILIO_API_URL, Settings
from backend.errors import SettingsError
from backend.outbox import Poller, Reconciler, Redactor, Senders, SqlOutbox, absent_after
from backend.services.alarms import tell_operators
from backend.services.delivery import draw_conclusions
from notifications.dispatch import Dispatcher
from notifications.flow import segment_rate
from notifications.gateway import MessageGateway, MessageLookup, MessageRedactor
from notifications.twilio_gateway import TwilioGateway

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


PROVIDER_JOBS: Final[Mapping[str, Callable[[Engine, Settings, Clock], ProviderJob]]] = {
    "dispatch_messages": make_dispatcher,
    "reconcile_unknown": lambda engine, settings, _clock: make_reconciler(engine, settings),
    "poll_stale": lambda engine, settings, _clock: make_poller(engine, settings),
    "redact_sent": lambda engine, settings, _clock: make_redactor(engine, settings),
}
"""The jobs that speak to Twilio, by name: how each is made."""
