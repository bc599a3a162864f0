"""One claimed row to its result: decided, composed, handed to the provider, sorted by what came back.

Never raises: whatever goes wrong with one row is that row's result. Which rows, how many at once and when to
stop is `dispatch`'s, which calls this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

from notifications.compose import CopyError
from notifications.decision import Drop, Postpone, Send, decide
from notifications.flow import Trouble
from notifications.gateway import (
    ErrorClass,
    MessageGateway,
    OutgoingText,
    SendError,
    TransientSendError,
    UnknownOutcome,
    classify,
)
from notifications.outbox_port import (
    Accepted,
    Claimed,
    Dropped,
    Failed,
    Postponed,
    Result,
    Retry,
    Uncomposable,
    Unknown,
)
from notifications.phone import InvalidPhone, PhoneNumber
from notifications.stopping import Stopping
from notifications.timing import retry_at
from notifications.wording import words_of

_REFUSED_CREDENTIALS_PAUSE: Final = timedelta(minutes=5)
_LEASE_OVER: Final = "its turn came too late: the worker no longer held it"
_OUT_OF_PATIENCE: Final = "the worker stopped before the provider answered: whether it went is not known yet"


@dataclass(frozen=True, slots=True)
class Sending:
    """What every attempt needs; `status_url` makes the callback address from our message id and attempt."""

    gateway: MessageGateway
    status_url: Callable[[str, int], str]
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    stopping: Stopping

    async def attempt(self, row: Claimed) -> Result:
        """Do with a row what this instant asks for, and say what came of it."""
        now = self.clock()
        try:
            decision = decide(row, now)
        except (ZoneInfoNotFoundError, ValueError):
            why = f"there is no time zone {row.zone!r}"
            return Uncomposable(row.message_id, row.attempt, why, sender=row.sender)
        match decision:
            case Postpone(until, why):
                return Postponed(row.message_id, row.attempt, until, why, sender=row.sender)
            case Drop(status, why):
                return Dropped(row.message_id, row.attempt, status, why, sender=row.sender)
            case Send(validity):
                return await self._send(row, validity, now)

    async def _send(self, row: Claimed, validity: int, now: datetime) -> Result:
        try:
            to = PhoneNumber.stored(row.to)
            body, size = words_of(row)
        except (CopyError, InvalidPhone) as error:
            return Uncomposable(row.message_id, row.attempt, str(error), sender=row.sender)
        if row.lease_until is not None and now >= row.lease_until:  # it may be another's by now
            return Postponed(row.message_id, row.attempt, row.due_at, _LEASE_OVER, sender=row.sender)
        url = self.status_url(row.message_id, row.attempt)
        text = OutgoingText(row.message_id, row.attempt, to, body, url, validity, row.sender)
        try:
            async with self.stopping.patience() as patience:
                receipt = await self.gateway.send(text)
        except UnknownOutcome as error:
            return Unknown(row.message_id, row.attempt, error.detail, body, size, sender=row.sender)
        except SendError as error:
            return self._unsent(row, error, body, self.clock())
        except Exception as error:  # whatever a gateway does wrong, one row never stops the others
            broken = f"the gateway broke its contract: {type(error).__name__}"
            why = _OUT_OF_PATIENCE if patience.expired() else broken
            return Unknown(row.message_id, row.attempt, why, body, size, sender=row.sender)
        return Accepted(row.message_id, row.attempt, receipt, body, size, validity, sender=row.sender)

    def _unsent(self, row: Claimed, error: SendError, body: str, now: datetime) -> Result:
        transient = isinstance(error, TransientSendError)
        error_class = ErrorClass.TEMPORARY if transient else classify(error.code)
        if error_class is ErrorClass.AUTHENTICATION:
            return Retry(
                row.message_id,
                row.attempt,
                now + _REFUSED_CREDENTIALS_PAUSE,
                f"the provider refuses our credentials: {error}",
                body,
                Trouble.CREDENTIALS,
                sender=row.sender,
            )
        pause = error.retry_after if isinstance(error, TransientSendError) else None
        until = retry_at(error_class, attempt=row.attempt, now=now, jitter=self.jitter, retry_after=pause)
        if until is None:
            return Failed(
                row.message_id, row.attempt, error_class, error.code, str(error), body, sender=row.sender
            )
        if row.expires_at is not None and until >= row.expires_at:
            why = f"not sent in time: {error}"
            return Dropped(row.message_id, row.attempt, "expired", why, sender=row.sender)
        trouble = None
        if transient:
            trouble = Trouble.FAULT if error.code is None else Trouble.SLOW_DOWN
        return Retry(row.message_id, row.attempt, until, str(error), body, trouble, pause, sender=row.sender)
