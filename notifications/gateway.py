"""The port to a message provider: what we hand over, what comes back, and the three ways a send can fail.

Nothing here knows a provider's library or a socket; `twilio_gateway` does the real thing and
`MemoryGateway` is its in-memory twin, held to the same contract tests. Called by `dispatch` and by the
house's webhooks.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from notifications.phone import PhoneNumber
from notifications.segments import segments


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One attempt at one message; `message_id` and `attempt` are ours and are in `status_url` too."""

    message_id: str
    attempt: int
    to: PhoneNumber
    body: str
    status_url: str
    validity_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took the text; `status` is the provider's own word for where it stands."""

    provider_sid: str
    status: str
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text from a phone, as the provider reported it; `sender` may be something that is no number."""

    provider_sid: str
    sender: str
    recipient: str
    body: str
    opt_out_type: str | None = None
    media_count: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What the provider says became of a text; may come twice, late, out of order, or never."""

    provider_sid: str
    status: str
    error_code: int | None = None


class SendError(Exception):
    """A send that yielded no receipt. `detail` is ours, and never holds a number or a body."""

    def __init__(self, detail: str, *, code: int | None = None) -> None:
        super().__init__(detail if code is None else f"{detail} (code {code})")
        self.code = code
        self.detail = detail


class TransientSendError(SendError):
    """Certainly not sent, worth another try; `retry_after` (seconds) if the provider asked for a pause."""

    def __init__(self, detail: str, *, code: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail, code=code)
        self.retry_after = retry_after


class PermanentSendError(SendError):
    """Certainly not sent; the same request would be refused again."""


class UnknownOutcome(SendError):
    """It may have been sent. Never to be repeated before it is proven absent: there is no idempotency key."""


class ErrorClass(StrEnum):
    """What an error code asks of us, for a refused send and for a delivery report alike."""

    OPTED_OUT = "opted_out"
    BAD_NUMBER = "bad_number"
    CONFIGURATION = "configuration"
    REFUSED = "refused"
    PHONE_OFF = "phone_off"
    TEMPORARY = "temporary"
    EXPIRED = "expired"
    AUTHENTICATION = "authentication"
    OTHER = "other"


# Source: shared/reference/twilio.md, "Error codes". 401 and 429 stand for answers without a code of Twilio's.
_CLASSES: dict[ErrorClass, tuple[int, ...]] = {
    ErrorClass.OPTED_OUT: (21610, 30004),
    ErrorClass.BAD_NUMBER: (21211, 21214, 21614, 21635, 30005, 30006),
    ErrorClass.CONFIGURATION: (21408, 21606, 21612, 21617, 30024, 30034, 63016),
    ErrorClass.REFUSED: (30007, 30008, 30009, 30010, 30442),
    ErrorClass.PHONE_OFF: (30003,),
    ErrorClass.TEMPORARY: (429, 20429, 30001, 30500, 14107, 60005),
    ErrorClass.EXPIRED: (30036,),
    ErrorClass.AUTHENTICATION: (401, 20003),
}
_CLASS_OF = {code: error_class for error_class, codes in _CLASSES.items() for code in codes}


def classify(code: int | None) -> ErrorClass:
    """Say what a provider's error code asks of us; a code we do not know, or none, is OTHER."""
    return ErrorClass.OTHER if code is None else _CLASS_OF.get(code, ErrorClass.OTHER)


class MessageGateway(Protocol):
    """Sends texts. Used from one event loop at a time; after `close` the next send opens anew."""

    async def send(self, text: OutgoingText) -> Receipt:
        """Hand one text to the provider, once.

        Raises TransientSendError or PermanentSendError when it was certainly not taken, UnknownOutcome
        when it may have been, and nothing else. Safe to call concurrently.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class MemoryGateway:
    """A MessageGateway whose network is a list, for tests of everything that sends."""

    def __init__(self) -> None:
        self.sent: list[OutgoingText] = []
        self._faults: deque[SendError] = deque()

    def fail_next(self, *errors: SendError) -> None:
        """Let the next sends end in these errors, one each; an UnknownOutcome is taken all the same."""
        self._faults.extend(errors)

    async def send(self, text: OutgoingText) -> Receipt:
        """Take a text, or fail as told."""
        fault = self._faults.popleft() if self._faults else None
        if fault is None or isinstance(fault, UnknownOutcome):
            self.sent.append(text)
        if fault is not None:
            raise fault
        return Receipt(f"SM{len(self.sent):032x}", "queued", segments(text.body).count)

    async def close(self) -> None:
        """Nothing to let go of."""
