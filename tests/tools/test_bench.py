"""The benchmarks measure what they say: real sends, each counted once, and nothing left behind.

No time is asserted anywhere: how fast something is depends on the machine.
"""

import asyncio
import re
import subprocess
import sys

import pytest
from sqlalchemy import Engine

from notifications.gateway import OutgoingText
from notifications.phone import PhoneNumber
from notifications.twilio_gateway import TwilioGateway
from tests.house.sources import ROOT, document
from tools.bench.__main__ import PARTS
from tools.bench.backlog import add_patients, add_texts, count_by_status, mark_accepted
from tools.bench.children import ChildFailed, child, module
from tools.bench.databases import POSTGRESQL, SQLITE
from tools.bench.endpoint import ACCOUNT, MESSAGES_PATH, TOKEN
from tools.bench.framing import cut
from tools.bench.load import drive, post
from tools.bench.parts.idle import idle
from tools.bench.report import Sheet, save
from tools.bench.sending import dispatch_backlog, floor
from tools.bench.usage import exists


def text(message_id: str) -> OutgoingText:
    """A text as the dispatcher hands it to the gateway."""
    url = f"https://recovery.example.org/webhooks/twilio/status/{message_id}?attempt=1"
    return OutgoingText(message_id, 1, PhoneNumber.parse("+905010000001"), "Günaydın 😀 & more", url)


def send_to(port: int, *texts: OutgoingText) -> list[str]:
    """Send texts through the product's gateway; return the SIDs."""

    async def send() -> list[str]:
        gateway = TwilioGateway(ACCOUNT, TOKEN, "+15005550006", f"http://127.0.0.1:{port}")
        try:
            return [(await gateway.send(one)).provider_sid for one in texts]
        finally:
            await gateway.close()

    return asyncio.run(send())


def test_the_endpoint_answers_as_the_products_gateway_demands(run):
    sids = send_to(run.endpoint.port, text("a"), text("b"))
    assert len(set(sids)) == 2


def test_the_endpoint_tells_a_message_that_came_twice(run):
    run.endpoint.reset()
    send_to(run.endpoint.port, text("a"), text("b"), text("a"))
    assert run.endpoint.counts() == {"requests": 3, "distinct": 2, "repeated": 1}


def test_the_load_sends_each_request_once(run):
    run.endpoint.reset()
    requests = [post(MESSAGES_PATH, f"To=1&StatusCallback=status/{n:x}".encode()) for n in range(100)]
    answered = drive(run.endpoint.port, requests, connections=7)
    assert (answered.by_status, run.endpoint.counts()["distinct"]) == ({201: 100}, 100)


def test_a_request_that_is_not_all_there_waits():
    whole = post("/", b"To=1")
    assert {cut(whole[:length]) for length in range(len(whole))} == {None}


def test_requests_that_come_together_are_taken_one_by_one():
    first, second = post("/one", b"a=1"), post("/two", b"b=22")
    frame = cut(first + second)
    assert frame is not None
    assert (frame.body, frame.rest) == (b"a=1", second)


def test_the_backlog_holds_what_is_due_what_waits_and_what_was_sent(engine: Engine, now):
    add_patients(engine, 5, now)
    add_texts(engine, "due", now, due_at=now, each=2)
    add_texts(engine, "later", now, due_at=now.replace(year=2027))
    add_texts(engine, "sent", now, due_at=now.replace(year=2025), sent=True)
    assert count_by_status(engine) == {"scheduled": 15, "delivered": 5}


def test_texts_that_are_marked_accepted_can_be_reported_on(engine: Engine, now):
    add_patients(engine, 5, now)
    add_texts(engine, "sent", now, due_at=now)
    assert len(set(mark_accepted(engine, now))) == 5
    assert count_by_status(engine) == {"accepted": 5}


@pytest.mark.parametrize(
    "kind", [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgresql)], ids=str.lower
)
def test_what_is_measured_was_really_sent_and_recorded(run, kind):
    done = dispatch_backlog(run, kind, messages=30, workers=2)
    assert (done.spent.messages, done.distinct, done.repeated) == (30, 30, 0)
    assert done.statuses == {"accepted": 30}


@pytest.mark.parametrize("transport", ["official", "ours"])
def test_the_floor_sends_as_much(run, transport):
    run.endpoint.reset()
    assert floor(run, transport, 30).messages == run.endpoint.counts()["distinct"] == 30


@pytest.mark.postgresql
def test_an_idle_tick_is_measured_with_every_amount_that_waits(run):
    (sheet,) = idle(run)
    assert [row[:2] for row in sheet.rows] == [("PostgreSQL", "10"), ("PostgreSQL", "30"), ("SQLite", "10")]


def test_a_child_takes_its_own_children_along():
    spawner = (
        "import subprocess, sys, time; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); "
        "time.sleep(60)"
    )
    with child("spawner", [sys.executable, "-c", spawner]) as process:
        grandchild = int(process.hear())
        assert exists(grandchild)
    assert gone(grandchild)


def gone(pid: int) -> bool:
    """Whether a process has ended; a zombie has."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return not done.stdout.strip() or done.stdout.startswith("Z")


def test_a_child_that_fails_is_quoted():
    with (
        child("broken", [sys.executable, "-c", "raise SystemExit('no such table')"]) as process,
        pytest.raises(ChildFailed, match="broken: no such table"),
    ):
        process.hear()


def test_a_worker_whose_starter_is_gone_sends_nothing(run, database_url):
    told = f'{{"database_url": "{database_url}", "port": {run.endpoint.port}}}'
    run.endpoint.reset()
    with child("worker", module("tools.bench.run_dispatcher", told)) as worker:
        worker.hear()
    assert run.endpoint.counts()["requests"] == 0


def test_tables_replace_those_of_the_same_part_alone(tmp_path):
    page = tmp_path / "benchmarks.md"
    marks = re.findall(r"<!-- (?:measured|end).* -->", document("docs/benchmarks.md"))
    page.write_text("before\n{}\n{}\nafter\n".format(*marks), encoding="utf-8")
    save(page, "yesterday", {"dispatch": [a_sheet("old")], "idle": [a_sheet("kept")]})
    save(page, "today", {"dispatch": [a_sheet("new"), a_sheet("and another")]})
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert re.findall(r"### (.*)\n\n(.*)\.", written) == [
        ("new", "today"),
        ("and another", "today"),
        ("kept", "yesterday"),
    ]
    assert written.count("| a/b | 7 |") == 3


def a_sheet(title: str) -> Sheet:
    """A table of one figure."""
    return Sheet(title, ("what", "how fast"), [("a|b", "7")], ["aim: more"])


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_documented(part):
    assert f"`{part}`" in document("docs/benchmarks.md")


def test_the_peers_are_locked_by_hash():
    lock = (ROOT / "tools" / "bench" / "peers.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z0-9-]+)==.*\\\n +--hash=", lock, re.MULTILINE)
    assert {"celery", "dramatiq", "huey", "procrastinate", "apscheduler", "twilio"} <= set(pinned)
    assert len(pinned) == len(re.findall(r"^[a-z0-9-]+==", lock, re.MULTILINE))


def test_no_lock_of_the_peers_says_where_packages_come_from():
    assert "://" not in (ROOT / "tools" / "bench" / "peers.txt").read_text(encoding="utf-8")
