"""The provider as far as the benchmarks need it: answers create-Message as Twilio does, and counts.

A process of its own, as little work for each request as can be, so that it is never the slow one; the
phone simulator is the one that behaves. `GET /counts` tells how often each message id (from the
callback's address) was sent to it, `POST /reset` begins anew. Ends when its standard input does.
"""

import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from urllib.parse import unquote_plus

from tools.bench.framing import cut

ACCOUNT: Final = "AC" + "b" * 32
TOKEN: Final = "a-token-of-the-benchmark"  # noqa: S105 - checked by nobody
MESSAGES_PATH: Final = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

_MESSAGE_ID: Final = re.compile(rb"status%2F([0-9a-f-]+)|status/([0-9a-f-]+)", re.IGNORECASE)


class Tally:
    """How often each message id came."""

    requests: int
    by_id: dict[bytes, int]

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.requests = 0
        self.by_id = {}

    def note(self, body: bytes) -> None:
        """Count one create-Message by the id in its callback's address."""
        self.requests += 1
        if found := _MESSAGE_ID.search(body):
            message_id = found[1] or found[2]
            self.by_id[message_id] = self.by_id.get(message_id, 0) + 1

    def as_json(self) -> bytes:
        """Return what `GET /counts` answers."""
        distinct = len(self.by_id)
        return json.dumps(
            {
                "requests": self.requests,
                "distinct": distinct,
                "repeated": sum(times - 1 for times in self.by_id.values()),
            }
        ).encode()


class Endpoint(asyncio.Protocol):
    """One connection, kept open; requests may come several at once."""

    def __init__(self, tally: Tally, created: str) -> None:
        self._tally = tally
        self._created = created
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        answers = []
        while frame := cut(self._received):
            self._received = frame.rest
            answers.append(self._answer(frame.head, frame.body))
        if answers and self._transport is not None:
            self._transport.write(b"".join(answers))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"POST /2010"):
            self._tally.note(body)
            return _response(b"201 Created", self._message(body))
        if head.startswith(b"POST /reset"):
            self._tally.reset()
        return _response(b"200 OK", self._tally.as_json())

    def _message(self, body: bytes) -> bytes:
        form = dict(pair.split("=", 1) for pair in body.decode("ascii").split("&"))
        service = "MessagingServiceSid" in form
        sid = f"SM{self._tally.requests:032x}"
        return json.dumps(
            {
                "account_sid": ACCOUNT,
                "api_version": "2010-04-01",
                "body": unquote_plus(form.get("Body", "")),
                "date_created": self._created,
                "date_sent": None,
                "date_updated": self._created,
                "direction": "outbound-api",
                "error_code": None,
                "error_message": None,
                "from": None if service else unquote_plus(form.get("From", "")),
                "messaging_service_sid": form.get("MessagingServiceSid"),
                "num_media": "0",
                "num_segments": "0" if service else "1",
                "price": None,
                "price_unit": "USD",
                "sid": sid,
                "status": "accepted" if service else "queued",
                "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media.json"},
                "to": unquote_plus(form.get("To", "")),
                "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
            }
        ).encode()


def _response(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


async def serve() -> None:
    """Listen on a free loopback port, print it, and answer until the standard input ends."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    created = format_datetime(datetime.now(UTC))
    server = await loop.create_server(lambda: Endpoint(tally, created), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
