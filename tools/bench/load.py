"""A client that sends prepared requests as fast as they are answered, and does nothing else.

Measures servers: the endpoint's ceiling, and the web process under callbacks.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.bench.framing import cut


@dataclass(frozen=True, slots=True)
class Answered:
    """How long it took, and how often each status code came."""

    seconds: float
    by_status: Counter[int]


class _Asker(asyncio.Protocol):
    """One connection that has one request under way."""

    def __init__(self, requests: Iterator[bytes], answered: Counter[int]) -> None:
        self._requests = requests
        self._answered = answered
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while frame := cut(self._received):
            self._received = frame.rest
            self._answered[int(frame.head[9:12])] += 1
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up with requests unanswered"))

    def _ask(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()


def drive(port: int, requests: Sequence[bytes], connections: int) -> Answered:
    """Send every request once, over so many connections, and wait for all the answers."""
    return asyncio.run(_drive(port, requests, connections))


async def _drive(port: int, requests: Sequence[bytes], connections: int) -> Answered:
    loop = asyncio.get_running_loop()
    waiting = iter(requests)
    answered: Counter[int] = Counter()
    started = time.perf_counter()
    askers = [
        (await loop.create_connection(lambda: _Asker(waiting, answered), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(asker.done for asker in askers))
    return Answered(time.perf_counter() - started, answered)


def post(path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """Return a form POST as bytes, ready to send."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
