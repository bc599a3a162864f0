"""The port to a message provider: what we hand over, what comes back, what it remembers, how a call fails.

Nothing here knows a provider's library or a socket; `twilio_gateway` does the real thing and
`MemoryGateway` is its in-memory twin, held to the same contract tests. Called by `dispatch` and by the
house's webhooks.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

from notifications.phone import PhoneNumber
from notifications.segments import segments


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One attempt at one message; `message_id` and `attempt` are ours and are in `status_url` too.

    `sender` is the clinic's own; None for the one the gateway was given.
    """

    message_id: str
    attempt: int
    to: PhoneNumber
    body: str
    status_url: str
    validity_seconds: int | None = None
    sender: str | None = None


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


@dataclass(frozen=True, slots=True)
class ProviderMessage:
    """One text in the provider's own list; `body` is empty once it was redacted there."""

    provider_sid: str
    to: PhoneNumber
    body: str
    status: str
    error_code: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """What the provider remembers of a phone; only a `complete` one can prove that a text is not there."""

    messages: tuple[ProviderMessage, ...]
    complete: bool


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


class MessageLookup(Protocol):
    """Asks the provider what it remembers. Used from one event loop at a time, as MessageGateway is."""

    async def find(self, *, to: PhoneNumber, since: datetime, until: datetime) -> Listing:
        """List the texts to a phone that the provider created from `since` to `until`, in any order.

        Texts that still wait in its queue are among them. Raises TransientSendError when it cannot say
        now, PermanentSendError when it refuses, and nothing else.
        """
        ...

    async def fetch(self, provider_sid: str) -> ProviderMessage | None:
        """Tell how far one text has come; None when the provider does not have it. Raises as `find` does."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class MessageRedactor(Protocol):
    """Takes words back from the provider. Used from one event loop at a time, as MessageGateway is."""

    async def redact(self, provider_sid: str) -> bool:
        """Empty the body of one text in a final status, for good; False when the provider does not have it.

        Emptying it twice is once. Raises TransientSendError when it cannot now, PermanentSendError when it
        refuses, as it does before the final status, and nothing else.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNDER_WAY: Final = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})


class MemoryGateway:
    """A MessageGateway, MessageLookup and MessageRedactor whose network is a list, for tests.

    Texts are created at `clock()`; a listing reads `longest_list` of them at most.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: _LONG_AGO, longest_list: int = 1000) -> None:
        self.sent: list[OutgoingText] = []
        self._clock = clock
        self._longest_list = longest_list
        self._remembered: dict[str, ProviderMessage] = {}
        self._faults: deque[SendError | None] = deque()
        self._question_faults: deque[SendError] = deque()
        self._meanwhile: deque[Callable[[str], None]] = deque()

    def fail_next(self, *errors: SendError) -> None:
        """Let the next sends end in these errors, one each; an UnknownOutcome is taken all the same."""
        self._faults.extend(errors)

    def drop_next(self) -> None:
        """Let the next send break before the text is taken: an UnknownOutcome all the same."""
        self._faults.append(None)

    def fail_next_question(self, *errors: SendError) -> None:
        """Let the next questions, of whatever kind, end in these errors, one each."""
        self._question_faults.extend(errors)

    def meanwhile(self, happen: Callable[[str], None]) -> None:
        """Let this happen while the next call is at the provider; it is given that text's id there."""
        self._meanwhile.append(happen)

    def settle(self, provider_sid: str, status: str, error_code: int | None = None) -> None:
        """Let a taken text come as far as `status`, in the provider's word, without a callback."""
        taken = self._remembered[provider_sid]
        self._remembered[provider_sid] = replace(taken, status=status, error_code=error_code)

    def forget_words(self) -> None:
        """Empty the bodies of all that was taken, in the provider's list."""
        self._remembered = {sid: replace(taken, body="") for sid, taken in self._remembered.items()}

    def forget(self, provider_sid: str) -> None:
        """Remove a taken text from the provider's memory."""
        del self._remembered[provider_sid]

    async def send(self, text: OutgoingText) -> Receipt:
        """Take a text, or fail as told."""
        if self._faults:
            fault = self._faults.popleft()
            if fault is None:
                raise UnknownOutcome("the connection broke before the text was taken")
            if isinstance(fault, UnknownOutcome):
                self._take(text)
            raise fault
        sid = self._take(text)
        self._let_happen(sid)
        return Receipt(sid, "queued", segments(text.body).count)

    def _take(self, text: OutgoingText) -> str:
        self.sent.append(text)
        sid = f"SM{len(self.sent):032x}"
        self._remembered[sid] = ProviderMessage(sid, text.to, text.body, "queued", None, self._clock())
        return sid

    async def find(self, *, to: PhoneNumber, since: datetime, until: datetime) -> Listing:
        """List what was taken, or fail as told."""
        self._fail_as_told()
        theirs = [taken for taken in self._remembered.values() if taken.to == to]
        read = theirs[::-1][: self._longest_list]
        found = tuple(taken for taken in read if since <= taken.created_at <= until)
        return Listing(found, complete=len(theirs) <= self._longest_list)

    async def fetch(self, provider_sid: str) -> ProviderMessage | None:
        """Tell what was taken, or fail as told."""
        self._fail_as_told()
        self._let_happen(provider_sid)
        return self._remembered.get(provider_sid)

    async def redact(self, provider_sid: str) -> bool:
        """Empty the words of a finished text, or fail as told."""
        self._fail_as_told()
        taken = self._remembered.get(provider_sid)
        if taken is None:
            return False
        if taken.status in _UNDER_WAY:
            raise PermanentSendError("refused: the text is still under way", code=20009)
        self._remembered[provider_sid] = replace(taken, body="")
        return True

    def _let_happen(self, provider_sid: str) -> None:
        if self._meanwhile:
            self._meanwhile.popleft()(provider_sid)

    def _fail_as_told(self) -> None:
        if self._question_faults:
            raise self._question_faults.popleft()

    async def close(self) -> None:
        """Nothing to let go of."""
