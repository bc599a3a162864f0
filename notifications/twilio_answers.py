"""How Twilio's answers are read: what it took, what it remembers, what it refuses. Pure.

Takes the library's message objects as they come, without importing it. Called by `twilio_gateway` alone.
"""

from datetime import datetime
from typing import Any, Final

from notifications.gateway import (
    ErrorClass,
    OutgoingText,
    PermanentSendError,
    ProviderMessage,
    Receipt,
    SendError,
    TransientSendError,
    UnknownOutcome,
    classify,
)
from notifications.phone import PhoneNumber

_UNAUTHORIZED: Final = 401
_REFUSALS: Final = range(400, 500)
_SERVER_ERRORS: Final = range(500, 600)
_TRIAL_PREFIX: Final = "Sent from your Twilio trial account - "


def receipt(message: Any, text: OutgoingText) -> Receipt:
    """Take the answer to a send only if it speaks of our text: a crossed one would file a SID under another.

    A trial account puts a sentence before the body, and redaction empties it; neither makes it another text.
    Raises UnknownOutcome.
    """
    words = " ".join(text.body.split())
    echo = " ".join((message.body or "").split())
    if (
        not message.sid
        or not message.status
        or message.to != text.to.e164
        or not echo.endswith(words if echo else "")
    ):
        raise UnknownOutcome("the provider's answer is not about this text")
    count = str(message.num_segments or "")
    return Receipt(message.sid, str(message.status), int(count) if count.isdecimal() and int(count) else None)


def remembered(message: Any, to: PhoneNumber) -> ProviderMessage:
    """Read one message of Twilio's. Raises ValueError when it is not about this phone, or says too little."""
    told = message.sid and message.status and isinstance(message.date_created, datetime)
    if message.to != to.e164 or not told:
        raise ValueError("the message is not about this phone")
    return ProviderMessage(
        provider_sid=message.sid,
        to=to,
        body=(message.body or "").removeprefix(_TRIAL_PREFIX),
        status=str(message.status),
        error_code=message.error_code,
        created_at=message.date_created,
    )


def refused_text(status: int, code: int | None) -> SendError:
    """Sort an error answer to a send. Twilio's own sentence is left out: it may quote the number."""
    if status in _SERVER_ERRORS:
        return UnknownOutcome(f"the provider failed while handling the request: HTTP {status}", code=code)
    if classify(code) is ErrorClass.TEMPORARY:
        return TransientSendError("the provider cannot take it now", code=code)
    return PermanentSendError(f"the provider refused it: HTTP {status}", code=code)


def refused_question(status: int) -> SendError:
    """Sort an error answer to a question: a list, a fetch, a redaction."""
    if status in _REFUSALS:
        code = _UNAUTHORIZED if status == _UNAUTHORIZED else None
        return PermanentSendError(f"the provider refuses to say: HTTP {status}", code=code)
    return TransientSendError(f"the provider cannot say now: HTTP {status}")


def seconds(header: str | None) -> float | None:
    """Read a Retry-After header; None when it holds no whole number of seconds."""
    return float(header) if header is not None and header.isdecimal() else None
