"""The work every peer is given: read a text, send it with Twilio's client, write down that it is sent.

As somebody would write it who picks a queue: the official synchronous client with a timeout, kept open for
each thread, and plain SQL. Runs in `.venv-bench`; what it must know comes as JSON in RECOVERY_BENCH.
"""

import json
import os
import threading
from typing import Any, Final

import psycopg
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

THREADS: Final = 8
"""At once, for every peer: Dramatiq's default, and what the others' documentation suggests for I/O."""

TOLD: Final[dict[str, Any]] = json.loads(os.environ.get("RECOVERY_BENCH", "{}"))
_TIMEOUT_SECONDS: Final = 10.0
_of_this_thread = threading.local()


def send(text_id: str) -> None:
    """Send one text and record its SID."""
    database = _database()
    row = database.execute("SELECT phone, body FROM peer_texts WHERE id = %s", (text_id,)).fetchone()
    assert row is not None
    phone, body = row
    message = _client().messages.create(
        to=phone,
        body=body,
        messaging_service_sid=TOLD["sender"],
        status_callback=f"http://127.0.0.1:8000/webhooks/twilio/status/{text_id}?attempt=1",
    )
    database.execute(
        "UPDATE peer_texts SET status = 'sent', sid = %s, sent_at = now() WHERE id = %s",
        (message.sid, text_id),
    )


def waiting() -> list[str]:
    """Return the ids of all texts there are to send."""
    with psycopg.connect(TOLD["conninfo"]) as database:
        return [str(row[0]) for row in database.execute("SELECT id FROM peer_texts")]


def _database() -> psycopg.Connection[Any]:
    if not hasattr(_of_this_thread, "database"):
        _of_this_thread.database = psycopg.connect(TOLD["conninfo"], autocommit=True)
    database: psycopg.Connection[Any] = _of_this_thread.database
    return database


def _client() -> Client:
    if not hasattr(_of_this_thread, "client"):
        client = Client(
            TOLD["account"], TOLD["token"], http_client=TwilioHttpClient(timeout=_TIMEOUT_SECONDS)
        )
        client.api.base_url = TOLD["api_url"]
        _of_this_thread.client = client
    return _of_this_thread.client
