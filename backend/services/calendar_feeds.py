"""The secret address of a patient's calendar: given out, renewed, revoked, and recognised.

The secret is made from the feed's id and generation with the application's key, so that the app can show the
address again; the database holds a hash of it only. What the calendar says is `calendar_entries`. Called by
the API.
"""

import base64
import hashlib
import hmac
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.models import CalendarFeed, Patient
from backend.services.actors import Actor, record


def feed_of(session: Session, patient_id: uuid.UUID) -> CalendarFeed | None:
    """Return a patient's feed, revoked or not; None if none was ever asked for."""
    return session.scalars(select(CalendarFeed).where(CalendarFeed.patient_id == patient_id)).one_or_none()


def is_open(session: Session, patient_id: uuid.UUID) -> bool:
    """Say whether a patient's calendar has an address that works."""
    living = select(CalendarFeed.id).where(
        CalendarFeed.patient_id == patient_id, CalendarFeed.revoked_at.is_(None)
    )
    return session.scalars(living).first() is not None


def secret_of(feed: CalendarFeed, secret_key: str) -> str | None:
    """Return the secret part of a feed's address; None once it is revoked, or made with another key."""
    secret = _secret(feed.id, feed.generation, secret_key)
    return secret if feed.revoked_at is None and _fits(feed, secret) else None


def recognised(session: Session, feed_id: uuid.UUID, secret: str) -> CalendarFeed | None:
    """Return the feed whose address this is; None for a wrong secret and for one that was revoked.

    The comparison takes the same time whatever the secret.
    """
    feed = session.get(CalendarFeed, feed_id)
    if feed is None or not _fits(feed, secret) or feed.revoked_at is not None:
        return None
    return feed


def open_feed(
    session: Session, actor: Actor, patient_id: uuid.UUID, *, secret_key: str, now: datetime
) -> CalendarFeed:
    """Give a patient's calendar its first address; the one there is, revoked or not, stays as it is."""
    session.get_one(Patient, patient_id, with_for_update=True)  # two apps that ask at once get one address
    feed = feed_of(session, patient_id)
    if feed is None:
        feed = CalendarFeed(
            id=uuid.uuid4(), clinic_id=actor.clinic_id, patient_id=patient_id, generation=0, token_hash=""
        )
        session.add(feed)
        _issue(session, actor, feed, secret_key, now)
    return feed


def renew_feed(
    session: Session, actor: Actor, patient_id: uuid.UUID, *, secret_key: str, now: datetime
) -> CalendarFeed:
    """Give a patient's calendar a new address; the one before it stops working."""
    feed = feed_of(session, patient_id)
    if feed is None:
        return open_feed(session, actor, patient_id, secret_key=secret_key, now=now)
    _issue(session, actor, feed, secret_key, now)
    return feed


def revoke_feed(session: Session, actor: Actor, patient_id: uuid.UUID, *, now: datetime) -> None:
    """Let a patient's calendar address stop working; where there is none, or no longer, nothing changes."""
    feed = feed_of(session, patient_id)
    if feed is None or feed.revoked_at is not None:
        return
    feed.revoked_at = now
    record(session, actor, "revoke_calendar", "calendar", feed.id, now=now, patient_id=patient_id)


def _issue(session: Session, actor: Actor, feed: CalendarFeed, secret_key: str, now: datetime) -> None:
    feed.generation += 1
    feed.token_hash = _hash(_secret(feed.id, feed.generation, secret_key))
    feed.issued_at = now
    feed.revoked_at = None
    session.flush()
    record(session, actor, "issue_calendar", "calendar", feed.id, now=now, patient_id=feed.patient_id)


def _secret(feed_id: uuid.UUID, generation: int, secret_key: str) -> str:
    digest = hmac.digest(secret_key.encode(), f"calendar:{feed_id}:{generation}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _fits(feed: CalendarFeed, secret: str) -> bool:
    return hmac.compare_digest(feed.token_hash, _hash(secret))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
