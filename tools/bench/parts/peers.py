"""The peers: queues a user would pick instead, doing the same work with recording included."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from backend.db import make_engine
from tools.bench.backlog import SENDER, words
from tools.bench.children import Child, ChildFailed, child
from tools.bench.databases import POSTGRESQL, server_pid
from tools.bench.endpoint import ACCOUNT, TOKEN
from tools.bench.peers.texts import THREADS
from tools.bench.peers_environment import PYTHON, NotInstalled, install, redis, run_there
from tools.bench.report import Sheet, Spent, against
from tools.bench.run import Run
from tools.bench.sending import dispatch_backlog
from tools.bench.usage import cpu_seconds_of

TIMES_AS_FAST: Final = 5.0
SHARE_OF_CPU: Final = 0.2
_LOOK_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Peer:
    """One queue: how its worker is started, and where its queue is."""

    name: str
    module: str
    worker: Sequence[str]
    on_redis: bool


_HERE: Final = "tools.bench.peers"
PEERS: Final = (
    Peer(
        "Huey",
        "on_huey",
        ("huey.bin.huey_consumer", f"{_HERE}.on_huey.huey", "-k", "thread", "-w", str(THREADS)),
        on_redis=True,
    ),
    Peer(
        "Dramatiq",
        "on_dramatiq",
        ("dramatiq", f"{_HERE}.on_dramatiq", "--processes", "1", "--threads", str(THREADS)),
        on_redis=True,
    ),
    Peer(
        "Celery",
        "on_celery",
        (
            *("celery", "--app", f"{_HERE}.on_celery", "worker", "--loglevel", "WARNING"),
            *("--pool", "threads", "--concurrency", str(THREADS)),
        ),
        on_redis=True,
    ),
    Peer(
        "Procrastinate",
        "on_procrastinate",
        ("procrastinate", "--app", f"{_HERE}.on_procrastinate.app", "worker", "--concurrency", str(THREADS)),
        on_redis=False,
    ),
    Peer("APScheduler", "on_apscheduler", (f"{_HERE}.on_apscheduler",), on_redis=False),
)


def peers(run: Run) -> list[Sheet]:
    """Measure each peer, and ours beside them."""
    sheet = Sheet(
        "What a user would pick instead: one task or job a text, recorded in PostgreSQL",
        (
            "queue",
            "messages",
            "messages/s",
            "CPU ms/message",
            "stores' CPU ms",
            "ours is faster",
            "our CPU, of its",
        ),
    )
    ours = run.measured.get(POSTGRESQL) or dispatch_backlog(run, POSTGRESQL, run.sizes.messages).spent
    sheet.rows.append(("ours", *ours.cells(), "", ""))
    try:
        with run.step("installing the peers"):
            install()
    except NotInstalled as error:
        sheet.notes.append(f"not measured, because the peers could not be installed: {error}")
        return [sheet]
    found: list[Spent] = []
    with redis() as broker:
        for peer in PEERS:
            where = "Redis" if peer.on_redis else "PostgreSQL"
            if peer.on_redis and broker is None:
                sheet.rows.append((f"{peer.name}, Redis", "no Redis", "", "", "", "", ""))
                continue
            try:
                spent = _measured(run, peer, broker)
            except ChildFailed as error:
                sheet.rows.append((f"{peer.name}, {where}", "failed", "", "", "", "", ""))
                sheet.notes.append(f"{peer.name} could not be measured: {error}")
                continue
            found.append(spent)
            faster, share = f"{ours.rate / spent.rate:.1f} ×", f"{ours.cpu_ms / spent.cpu_ms:.2f}"
            sheet.rows.append((f"{peer.name}, {where}", *spent.cells(), faster, share))
    if found:
        sheet.notes += _aims(ours, found)
    sheet.notes.append(f"every peer: one worker process, {THREADS} threads, Twilio's synchronous client")
    return [sheet]


def _aims(ours: Spent, found: Sequence[Spent]) -> list[str]:
    times = ours.rate / max(spent.rate for spent in found)
    share = ours.cpu_ms / min(spent.cpu_ms for spent in found)
    fast, cheap = against(times, TIMES_AS_FAST, at_most=False), against(share, SHARE_OF_CPU, at_most=True)
    return [
        f"aim: {TIMES_AS_FAST:g} times the best peer's rate: {fast} ({times:.1f} times)",
        f"aim: at most {SHARE_OF_CPU:g} of the best peer's CPU: {cheap} ({share:.2f})",
    ]


def _measured(run: Run, peer: Peer, broker: tuple[str, int] | None) -> Spent:
    with run.databases.fresh(POSTGRESQL) as url, run.step(peer.name, run.sizes.peer_messages) as so_far:
        engine = make_engine(url)
        _fill(engine, run.sizes.peer_messages)
        environment = {"RECOVERY_BENCH": json.dumps(_told(url, run.endpoint.port, broker))}
        run_there([f"{_HERE}.enqueue", peer.module], environment)
        run.endpoint.reset()
        stores = [server_pid(url), broker[1] if broker and peer.on_redis else None]
        with child(peer.name, [str(PYTHON), "-m", *peer.worker], environment, heard=False) as worker:
            spent = _watched(run, worker, engine, [store for store in stores if store], so_far)
        engine.dispose()
    return spent


def _watched(run: Run, worker: Child, engine: Engine, stores: Sequence[int], so_far: Any) -> Spent:
    """Measure from the first text that arrives to the last that is recorded, so that no import counts."""
    messages = run.sizes.peer_messages
    first = _until(run, worker, 1, so_far)
    started, cpu, store_cpu = (
        time.perf_counter(),
        cpu_seconds_of(worker.pid),
        sum(map(cpu_seconds_of, stores)),
    )
    _until(run, worker, messages, so_far)
    while _recorded(engine) < messages:
        worker.check()
        time.sleep(_LOOK_SECONDS)
    return Spent(
        messages=messages - first,
        seconds=time.perf_counter() - started,
        cpu=cpu_seconds_of(worker.pid) - cpu,
        store_cpu=sum(map(cpu_seconds_of, stores)) - store_cpu if stores else None,
    )


def _until(run: Run, worker: Child, mark: int, so_far: Any) -> int:
    seen, moved = 0, time.monotonic()
    while (count := run.endpoint.counts()["distinct"]) < mark:
        worker.check()
        if count > seen:
            seen, moved = count, time.monotonic()
        if time.monotonic() - moved > _PATIENCE_SECONDS:
            raise ChildFailed(f"nothing was sent for {_PATIENCE_SECONDS:g} s: {worker.last_words()}")
        so_far(count)
        time.sleep(_LOOK_SECONDS)
    return count


def _fill(engine: Engine, messages: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE peer_texts (id uuid PRIMARY KEY, phone text NOT NULL, body text NOT NULL, "
                "status text NOT NULL, sid text, sent_at timestamptz)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO peer_texts SELECT gen_random_uuid(), '+90501' || lpad(n::text, 7, '0'), :body, "
                "'scheduled' FROM generate_series(1, :messages) AS n"
            ),
            {"body": words(), "messages": messages},
        )


def _recorded(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(text("SELECT count(*) FROM peer_texts WHERE status = 'sent'")).scalar_one()
        )


def _told(url: str, port: int, broker: tuple[str, int] | None) -> dict[str, str]:
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        "database_url": url,
        "conninfo": conninfo,
        "redis": broker[0] if broker else "",
        "api_url": f"http://127.0.0.1:{port}",
        "account": ACCOUNT,
        "token": TOKEN,
        "sender": SENDER,
    }
