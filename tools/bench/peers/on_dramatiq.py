"""Dramatiq, with Redis and its default number of worker threads, in one process."""

import dramatiq  # type: ignore[import-not-found]  # installed in .venv-bench alone
from dramatiq.brokers.redis import RedisBroker  # type: ignore[import-not-found]  # the same

from tools.bench.peers.texts import TOLD, send

dramatiq.set_broker(RedisBroker(url=TOLD["redis"]))
send_text = dramatiq.actor(send)


def enqueue(text_ids: list[str]) -> None:
    """Queue one message a text."""
    for text_id in text_ids:
        send_text.send(text_id)
