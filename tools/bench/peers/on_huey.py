"""Huey, with Redis and worker threads."""

from huey import RedisHuey  # type: ignore[import-not-found]  # installed in .venv-bench alone

from tools.bench.peers.texts import TOLD, send

huey = RedisHuey("recovery-bench", url=TOLD["redis"])
send_text = huey.task()(send)


def enqueue(text_ids: list[str]) -> None:
    """Queue one task a text."""
    for text_id in text_ids:
        send_text(text_id)
