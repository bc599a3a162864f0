"""The floor: the same texts through Twilio's own client and nothing else, measured from inside.

No database, no claim, no record: what is left is the price of the request itself. Through the official
async transport, or through ours (for information). A process of its own, like `run_dispatcher`.
"""

import asyncio
import json
import logging
import sys
import time
import uuid
from typing import Any, Final

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from notifications.gateway import OutgoingText
from notifications.phone import PhoneNumber
from notifications.twilio_gateway import TwilioGateway
from tools.bench.backlog import SENDER
from tools.bench.endpoint import ACCOUNT, TOKEN
from tools.bench.run_dispatcher import cpu_seconds

CONCURRENCY: Final = 32
_VALIDITY: Final = 14_400


async def official(port: int, texts: list[OutgoingText]) -> tuple[float, float]:
    """Send with Twilio's async client as its documentation shows it; return seconds and CPU seconds."""
    async with AsyncTwilioHttpClient(pool_connections=True) as transport:
        client = Client(ACCOUNT, TOKEN, http_client=transport)
        client.api.base_url = f"http://127.0.0.1:{port}"

        async def send(text: OutgoingText) -> None:
            await client.messages.create_async(
                to=text.to.e164,
                body=text.body,
                messaging_service_sid=SENDER,
                status_callback=text.status_url,
                validity_period=text.validity_seconds,
            )

        return await _measured(send, texts)


async def ours(port: int, texts: list[OutgoingText]) -> tuple[float, float]:
    """Send through the product's gateway; return seconds and CPU seconds."""
    gateway = TwilioGateway(ACCOUNT, TOKEN, SENDER, f"http://127.0.0.1:{port}")
    try:
        return await _measured(gateway.send, texts)
    finally:
        await gateway.close()


async def _measured(send: Any, texts: list[OutgoingText]) -> tuple[float, float]:
    waiting = iter(texts)

    async def one_of_many() -> None:
        for text in waiting:
            await send(text)

    cpu, started = cpu_seconds(), time.perf_counter()
    await asyncio.gather(*(one_of_many() for _ in range(CONCURRENCY)))
    return time.perf_counter() - started, cpu_seconds() - cpu


def main() -> None:
    """Wait for the word, send, print what it took."""
    told: dict[str, Any] = json.loads(sys.argv[1])
    logging.getLogger("twilio").setLevel(logging.WARNING)
    texts = [_text(number, told["body"]) for number in range(told["messages"])]
    print("ready", flush=True)
    if not sys.stdin.readline():
        return
    loop = official if told["transport"] == "official" else ours
    seconds, cpu = asyncio.run(loop(told["port"], texts))
    print(json.dumps({"accepted": len(texts), "seconds": seconds, "cpu": cpu}), flush=True)


def _text(number: int, body: str) -> OutgoingText:
    message_id = str(uuid.uuid4())
    url = f"http://127.0.0.1:8000/webhooks/twilio/status/{message_id}?attempt=1"
    return OutgoingText(message_id, 1, PhoneNumber.parse(f"+90501{number:07d}"), body, url, _VALIDITY)


if __name__ == "__main__":
    main()
