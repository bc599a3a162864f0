"""A backlog sent by the product's own workers, and by the barest loop: the measurements parts are made of."""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from backend.clock import utc_now
from backend.db import make_engine
from tools.bench.backlog import add_patients, add_texts, count_by_status, refresh_statistics, words
from tools.bench.children import child, module
from tools.bench.databases import server_pid
from tools.bench.report import Spent
from tools.bench.run import Run
from tools.bench.usage import cpu_seconds_of


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What workers of ours took, and what the endpoint and the table say about it afterwards."""

    spent: Spent
    distinct: int
    repeated: int
    statuses: dict[str, int]


def dispatch_backlog(
    run: Run, kind: str, messages: int, workers: int = 1, profile: str | None = None
) -> Dispatched:
    """Send so many due texts, one a patient, with so many workers at once, on a fresh database of `kind`.

    Seconds are those of the slowest worker, CPU is all of theirs. `profile` names a file for a reading of
    where the first worker's time goes (which makes it slower).
    """
    run.endpoint.reset()
    what = f"{kind}: {messages:,} texts, {workers} worker{'s' if workers > 1 else ''}"
    with run.databases.fresh(kind) as url, ExitStack() as stack:
        engine = make_engine(url)
        stack.callback(engine.dispose)
        stack.enter_context(run.step(what))
        now = utc_now()
        add_patients(engine, messages, now)
        add_texts(engine, "due", now, due_at=now - timedelta(minutes=1))
        refresh_statistics(engine)
        told: dict[str, Any] = {"database_url": url, "port": run.endpoint.port}
        senders = [
            stack.enter_context(
                child(
                    f"worker {number}",
                    module(
                        "tools.bench.run_dispatcher",
                        json.dumps({**told, "profile": profile if number == 0 else None}),
                    ),
                )
            )
            for number in range(workers)
        ]
        for sender in senders:
            sender.hear()
        store = server_pid(url)
        store_before = cpu_seconds_of(store) if store else 0.0
        for sender in senders:
            sender.tell("go")
        answers = [json.loads(sender.hear()) for sender in senders]
        store_cpu = cpu_seconds_of(store) - store_before if store else None
        for sender in senders:
            sender.tell("that is all")
            sender.finish()
        statuses = count_by_status(engine)
    counts = run.endpoint.counts()
    spent = Spent(
        messages=sum(answer["accepted"] for answer in answers),
        seconds=max(answer["seconds"] for answer in answers),
        cpu=sum(answer["cpu"] for answer in answers),
        store_cpu=store_cpu,
    )
    return Dispatched(spent, counts["distinct"], counts["repeated"], statuses)


def floor(run: Run, transport: str, messages: int) -> Spent:
    """Send as many texts with no database at all, through the `official` transport or `ours`."""
    told = {"port": run.endpoint.port, "messages": messages, "body": words(), "transport": transport}
    with (
        run.step(f"the floor, {transport} transport"),
        child("floor", module("tools.bench.run_floor", json.dumps(told))) as sender,
    ):
        sender.hear()
        sender.tell("go")
        answer = json.loads(sender.hear())
    return Spent(answer["accepted"], answer["seconds"], answer["cpu"])
