"""Dispatch: due texts through one worker, held against the barest loop of Twilio's own client."""

from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

from tools.bench.backlog import words
from tools.bench.databases import POSTGRESQL, SQLITE
from tools.bench.endpoint import MESSAGES_PATH
from tools.bench.load import drive, post
from tools.bench.report import Sheet, Spent, against
from tools.bench.run import Run
from tools.bench.sending import dispatch_backlog, floor

RATE_AIM: Final = 1500
FLOOR_AIM: Final = 1.5
_CONNECTIONS: Final = 32


def dispatch(run: Run) -> list[Sheet]:
    """Measure the floor, the product on both databases, and the floor again: its mean is the measure."""
    messages = run.sizes.messages
    ceiling = endpoint_ceiling(run)
    before = floor(run, "official", messages)
    ours = {kind: _ours(run, kind) for kind in (POSTGRESQL, SQLITE)}
    transport = floor(run, "ours", messages)
    after = floor(run, "official", messages)
    bare = _mean(before, after)
    sheet = Sheet(
        f"Dispatch of {messages:,} due texts, one worker",
        ("sender", "messages", "messages/s", "CPU ms/message", "store's CPU ms", "CPU, of the floor"),
    )
    for kind, spent in ours.items():
        cells = spent.cells() if kind == POSTGRESQL else _storeless(spent)
        sheet.rows.append((f"ours, {kind}", *cells, f"{spent.cpu_ms / bare.cpu_ms:.2f}"))
    sheet.rows += [
        ("the floor: Twilio's async client, no database", *_storeless(bare), "1.00"),
        ("the same through our transport", *_storeless(transport), f"{transport.cpu_ms / bare.cpu_ms:.2f}"),
    ]
    on_postgresql = ours[POSTGRESQL]
    ratio = on_postgresql.cpu_ms / bare.cpu_ms
    fast = against(on_postgresql.rate, RATE_AIM, at_most=False)
    cheap = against(ratio, FLOOR_AIM, at_most=True)
    sheet.notes += [
        f"aim: {RATE_AIM:,} messages/s or more on PostgreSQL: {fast} ({on_postgresql.rate:,.0f})",
        f"aim: CPU at most {FLOOR_AIM} of the floor on PostgreSQL: {cheap} ({ratio:.2f})",
        f"the endpoint's own ceiling is {ceiling:,.0f} requests/s",
        f"the floor before and after: {before.cpu_ms:.3f} and {after.cpu_ms:.3f} ms",
    ]
    return [sheet]


def endpoint_ceiling(run: Run) -> float:
    """Return how many prepared requests a second the endpoint answers."""
    body = words()
    requests = [
        post(
            MESSAGES_PATH,
            urlencode(
                {
                    "To": f"+90501{number:07d}",
                    "Body": body,
                    "StatusCallback": f"http://127.0.0.1:8000/webhooks/twilio/status/{uuid4()}?attempt=1",
                }
            ).encode(),
        )
        for number in range(run.sizes.messages)
    ]
    with run.step("the endpoint's ceiling"):
        answered = drive(run.endpoint.port, requests, _CONNECTIONS)
    return len(requests) / answered.seconds


def _ours(run: Run, kind: str) -> Spent:
    spent = dispatch_backlog(run, kind, run.sizes.messages).spent
    run.measured[kind] = spent
    return spent


def _mean(one: Spent, other: Spent) -> Spent:
    return Spent(one.messages + other.messages, one.seconds + other.seconds, one.cpu + other.cpu)


def _storeless(spent: Spent) -> tuple[str, str, str, str]:
    messages, rate, cpu, _ = spent.cells()
    return messages, rate, cpu, "–"
