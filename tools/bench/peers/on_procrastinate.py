"""Procrastinate, with its tables in the same PostgreSQL database."""

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector  # type: ignore[import-not-found]  # installed in .venv-bench alone

from tools.bench.peers.texts import TOLD, send

app = App(connector=PsycopgConnector(conninfo=TOLD["conninfo"]))
send_text = app.task(name="send_text")(send)


def enqueue(text_ids: list[str]) -> None:
    """Make its tables, and queue one job a text."""
    with app.replace_connector(SyncPsycopgConnector(conninfo=TOLD["conninfo"])) as waiting, waiting.open():
        waiting.schema_manager.apply_schema()
        waiting.tasks["send_text"].batch_defer(*({"text_id": text_id} for text_id in text_ids))
