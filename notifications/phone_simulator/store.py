"""What the network remembers: messages and opt-outs, in SQLite, in memory or in a file.

The only SQL of the simulator. One connection behind a lock serves every thread; the file is a sketchbook, so
speed is preferred to surviving a power cut. Times are aware UTC and written as ISO text, which sorts.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from notifications.phone_simulator.journey import FINAL_STAGE, stage_of
from notifications.phone_simulator.messages import Draft, Message

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    direction TEXT NOT NULL,
    phone TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body TEXT NOT NULL,
    segments INTEGER NOT NULL,
    status TEXT NOT NULL,
    stage INTEGER NOT NULL,
    error_code INTEGER,
    messaging_service_sid TEXT,
    status_callback TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    sent_at TEXT,
    redacted INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    webhook TEXT
);
CREATE INDEX IF NOT EXISTS messages_by_phone ON messages (phone, number);
CREATE INDEX IF NOT EXISTS messages_by_stage ON messages (stage, number);
CREATE TABLE IF NOT EXISTS opt_outs (phone TEXT NOT NULL, sender TEXT NOT NULL, PRIMARY KEY (phone, sender));
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages a list asks for; days are ISO dates in GMT, and match by the day of sending."""

    recipient: str | None = None
    sender: str | None = None
    sent_on: str | None = None
    sent_from: str | None = None
    sent_until: str | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """One line of the list of phones; `opted_out` means from any of the clinic's senders."""

    number: str
    last: Message
    messages: int
    opted_out: bool


class Store:
    """Messages and opt-outs; thread-safe. Every method is one transaction."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file, creating it and its folder if they are missing; without one, remember in memory."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def add(self, draft: Draft, now: datetime) -> Message:
        """Store a message under a new SID; one already in a final status counts as sent now."""
        stage = stage_of(draft.status)
        values = asdict(draft) | {
            "sid": f"SM{uuid.uuid4().hex}",
            "stage": stage,
            "now": now.isoformat(),
            "sent_at": now.isoformat() if stage == FINAL_STAGE else None,
        }
        return self._all(
            "INSERT INTO messages (sid, direction, phone, sender, recipient, body, segments, status, stage,"
            " messaging_service_sid, status_callback, created_at, updated_at, sent_at)"
            " VALUES (:sid, :direction, :phone, :sender, :recipient, :body, :segments, :status, :stage,"
            " :messaging_service_sid, :status_callback, :now, :now, :sent_at) RETURNING *",
            values,
        )[0]

    def find(self, sid: str) -> Message | None:
        """Yield a message that was not deleted at Twilio."""
        return self._first("SELECT * FROM messages WHERE sid = ? AND NOT deleted", (sid,))

    def listed(self, wanted: Filter, *, below: int | None, limit: int) -> list[Message]:
        """Yield up to `limit` messages, newest first, numbered below `below`."""
        return self._all(
            "SELECT * FROM messages WHERE NOT deleted"
            " AND (:recipient IS NULL OR recipient = :recipient)"
            " AND (:sender IS NULL OR sender = :sender)"
            " AND (:sent_on IS NULL OR substr(sent_at, 1, 10) = :sent_on)"
            " AND (:sent_from IS NULL OR substr(sent_at, 1, 10) >= :sent_from)"
            " AND (:sent_until IS NULL OR substr(sent_at, 1, 10) <= :sent_until)"
            " AND (:below IS NULL OR number < :below)"
            " ORDER BY number DESC LIMIT :limit",
            asdict(wanted) | {"below": below, "limit": limit},
        )

    def advance(self, sid: str, status: str, error_code: int | None, now: datetime) -> Message | None:
        """Take the message on to a later status; None when it is already there or past it."""
        return self._first(
            "UPDATE messages SET status = :status, stage = :stage, error_code = :error_code,"
            " updated_at = :now,"
            " sent_at = CASE WHEN :status IN ('sent', 'delivered') THEN coalesce(sent_at, :now)"
            " ELSE sent_at END"
            " WHERE sid = :sid AND stage < :stage RETURNING *",
            {
                "sid": sid,
                "status": status,
                "stage": stage_of(status),
                "error_code": error_code,
                "now": now.isoformat(),
            },
        )

    def redact(self, sid: str, now: datetime) -> Message | None:
        """Forget the body as far as the API shows it; None unless the message is in a final status."""
        return self._first(
            "UPDATE messages SET redacted = 1, updated_at = ?"
            " WHERE sid = ? AND NOT deleted AND stage = ? RETURNING *",
            (now.isoformat(), sid, FINAL_STAGE),
        )

    def delete(self, sid: str) -> bool:
        """Take the message out of the API; False unless it is in a final status. The phone keeps it."""
        return self._changes(
            "UPDATE messages SET deleted = 1 WHERE sid = ? AND NOT deleted AND stage = ?", (sid, FINAL_STAGE)
        )

    def note_webhook(self, sid: str, outcome: str) -> None:
        """Remember in words how the clinic took an inbound text."""
        self._all("UPDATE messages SET webhook = ? WHERE sid = ?", (outcome, sid))

    def unfinished(self) -> list[Message]:
        """Yield the messages still under way, oldest first: what a restart must take up again."""
        return self._all("SELECT * FROM messages WHERE stage < ? ORDER BY number", (FINAL_STAGE,))

    def conversation(self, phone: str, limit: int = 200) -> list[Message]:
        """Yield the latest messages to and from a phone, oldest first, deleted ones too."""
        newest = self._all(
            "SELECT * FROM messages WHERE phone = ? ORDER BY number DESC LIMIT ?", (phone, limit)
        )
        return newest[::-1]

    def phones(self, limit: int = 100) -> list[Phone]:
        """Yield the phones that have a conversation, the one with the latest message first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT messages.*, counted.messages,"
                " EXISTS (SELECT 1 FROM opt_outs WHERE opt_outs.phone = messages.phone) AS opted_out"
                " FROM messages JOIN (SELECT max(number) AS last, count(*) AS messages FROM messages"
                " GROUP BY phone) AS counted ON number = last ORDER BY number DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [Phone(row["phone"], _message(row), row["messages"], bool(row["opted_out"])) for row in rows]

    def opt_out(self, phone: str, sender: str) -> bool:
        """Bar the sender from the phone; False when it was barred before."""
        return self._changes("INSERT OR IGNORE INTO opt_outs VALUES (?, ?)", (phone, sender))

    def opt_in(self, phone: str, sender: str) -> bool:
        """Let the sender write again; False when it was not barred."""
        return self._changes("DELETE FROM opt_outs WHERE phone = ? AND sender = ?", (phone, sender))

    def opted_out(self, phone: str, sender: str) -> bool:
        """Whether the phone has barred the sender."""
        with self._lock:
            found = self._db.execute(
                "SELECT 1 FROM opt_outs WHERE phone = ? AND sender = ?", (phone, sender)
            ).fetchone()
        return found is not None

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._db.executescript("DELETE FROM messages; DELETE FROM opt_outs;")

    def _all(self, sql: str, values: Any = ()) -> list[Message]:
        with self._lock:
            return [_message(row) for row in self._db.execute(sql, values).fetchall()]

    def _first(self, sql: str, values: Any) -> Message | None:
        return next(iter(self._all(sql, values)), None)

    def _changes(self, sql: str, values: tuple[object, ...]) -> bool:
        with self._lock:
            return self._db.execute(sql, values).rowcount > 0


def _message(row: sqlite3.Row) -> Message:
    return Message(
        number=row["number"],
        sid=row["sid"],
        direction=row["direction"],
        phone=row["phone"],
        sender=row["sender"],
        recipient=row["recipient"],
        body=row["body"],
        segments=row["segments"],
        status=row["status"],
        error_code=row["error_code"],
        messaging_service_sid=row["messaging_service_sid"],
        status_callback=row["status_callback"],
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        sent_at=datetime.fromisoformat(row["sent_at"]) if row["sent_at"] else None,
        redacted=bool(row["redacted"]),
        webhook=row["webhook"],
    )
