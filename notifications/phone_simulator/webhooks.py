"""How the simulator calls the clinic: one signed POST, recorded on the wire.

The only outgoing HTTP of the simulator. It reports what happened and never raises: what to do about a failure
is for the caller (the courier tries again, an inbound text is noted as not received).
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urldefrag, urlencode, urlsplit

from notifications.phone_simulator.line import Line
from notifications.phone_simulator.signature import sign
from notifications.phone_simulator.wire import Exchange, Wire

TIMEOUT_SECONDS = 15  # Twilio's own, for a webhook
_ANSWER_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: the HTTP status, or None and the reason in words when no answer came."""

    status: int | None
    reason: str = ""

    @property
    def words(self) -> str:
        """The outcome in a word or two: the status, or why there is none."""
        return str(self.status) if self.status is not None else self.reason


class Webhooks:
    """Calls the clinic's addresses as Twilio does."""

    def __init__(self, line: Line, wire: Wire, clock: Callable[[], datetime]) -> None:
        self._line = line
        self._wire = wire
        self._clock = clock

    def post(self, kind: str, url: str, params: Mapping[str, str], *, phone: str) -> Outcome:
        """Sign and send the form to the URL without its fragment; `kind` is "callback" or "webhook"."""
        target = urldefrag(url).url  # a fragment carries settings for Twilio and is neither sent nor signed
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": sign(target, params, self._line.auth_tokens[0]),
        }
        at = self._clock()
        started = time.perf_counter()
        try:
            status, answer = _exchange(target, urlencode(params).encode(), headers)
            outcome = Outcome(status)
        except (OSError, http.client.HTTPException) as error:
            outcome, answer = Outcome(None, _in_words(error)), ""
        self._wire.keep(
            Exchange(
                kind=kind,
                at=at,
                method="POST",
                url=url,
                status=outcome.status,
                milliseconds=(time.perf_counter() - started) * 1000,
                headers=headers,
                params=dict(params),
                answer=answer,
                note=outcome.reason,
                phone=phone,
            )
        )
        return outcome


def _exchange(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(_ANSWER_SHOWN).decode("utf-8", "replace")
    finally:
        connection.close()


def _in_words(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return f"no answer in {TIMEOUT_SECONDS} s"
    return type(error).__name__
