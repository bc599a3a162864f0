"""Callbacks: how many signed delivery reports a second one web process takes."""

import os
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from backend.clock import utc_now
from backend.db import make_engine
from tools.bench.backlog import (
    SENDER,
    add_patients,
    add_texts,
    count_by_status,
    mark_accepted,
    refresh_statistics,
)
from tools.bench.children import child, module
from tools.bench.databases import POSTGRESQL
from tools.bench.endpoint import ACCOUNT, TOKEN
from tools.bench.load import drive, post
from tools.bench.ports import free_port, until_it_listens
from tools.bench.report import Sheet, Spent
from tools.bench.run import Run
from tools.bench.usage import cpu_seconds_of

_PUBLIC_URL: Final = "https://recovery.example.org"
_CONNECTIONS: Final = 8


def callbacks(run: Run) -> list[Sheet]:
    """Report every text as delivered, once, to gunicorn with one process as gunicorn.conf.py has it."""
    with run.databases.fresh(POSTGRESQL) as url:
        engine = make_engine(url)
        now = utc_now()
        add_patients(engine, run.sizes.callbacks, now)
        add_texts(engine, "sent", now, due_at=now - timedelta(minutes=1))
        requests = [_delivered(str(message_id)) for message_id in mark_accepted(engine, now)]
        refresh_statistics(engine)
        port = free_port()
        command = module("gunicorn", "--bind", f"127.0.0.1:{port}")
        with child("web", command, _environment(url), heard=False) as web:
            until_it_listens(web, port)
            with run.step(f"{len(requests):,} callbacks"):
                before = cpu_seconds_of(web.pid)
                answered = drive(port, requests, _CONNECTIONS)
                spent = Spent(len(requests), answered.seconds, cpu_seconds_of(web.pid) - before)
        delivered = count_by_status(engine).get("delivered", 0)
        engine.dispose()
    return [
        Sheet(
            "Signed delivery reports, one web process, PostgreSQL",
            ("callbacks", "a second", "CPU ms/callback", "texts delivered afterwards"),
            [(f"{spent.messages:,}", f"{spent.rate:,.0f}", f"{spent.cpu_ms:.2f}", f"{delivered:,}")],
            [f"answers by status code: {dict(answered.by_status)}; for information, there is no aim"],
        )
    ]


def _delivered(message_id: str) -> bytes:
    path = f"/webhooks/twilio/status/{message_id}?attempt=1"
    form = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "MessageSid": f"SM{message_id.replace('-', '')}",
        "MessageStatus": "delivered",
        "MessagingServiceSid": SENDER,
    }
    signature = RequestValidator(TOKEN).compute_signature(_PUBLIC_URL + path, form)
    return post(path, urlencode(form).encode(), {"X-Twilio-Signature": signature})


def _environment(url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "SECRET_KEY": os.urandom(32).hex(),
        "PUBLIC_URL": _PUBLIC_URL,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_SENDER": SENDER,
        "WEB_WORKERS": "1",
        "LOG_LEVEL": "WARNING",
    }
