"""Celery, with Redis as the broker, no results kept, and a pool of threads."""

from celery import Celery  # type: ignore[import-not-found]  # installed in .venv-bench alone

from tools.bench.peers.texts import TOLD, send

app = Celery("recovery-bench", broker=TOLD["redis"])
app.conf.task_ignore_result = True
send_text = app.task(name="send_text")(send)


def enqueue(text_ids: list[str]) -> None:
    """Queue one task a text."""
    for text_id in text_ids:
        send_text.delay(text_id)
