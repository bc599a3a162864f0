"""How sending goes in a clinic: is it on, is the worker alive, what goes out, what arrived.

Rows for the header of every page and the foot of the worklist.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from backend.models import Clinic, ClinicDay, OutboundMessage, WorkerHeartbeat

_LEFT = ("accepted", "sent", "delivered", "undelivered", "failed")


@dataclass(frozen=True, slots=True)
class House:
    """The clinic a page is about, and the last sign of life of any worker.

    Texts are counted only for a clinic with a daily limit: `counted` of them on its day `counted_on`.
    """

    id: uuid.UUID
    name: str
    country: str
    zone: str
    window_start: time
    window_end: time
    sending_enabled: bool
    daily_text_limit: int | None
    counted_on: date | None
    counted: int
    beat_at: datetime | None
    tick_seconds: float

    def worker_is_late(self, now: datetime) -> bool:
        """Whether no worker has finished a tick in the time of three (and half a minute at least)."""
        allowed = timedelta(seconds=max(30.0, 3 * self.tick_seconds))
        return self.beat_at is None or now - self.beat_at > allowed

    def texts_today(self, now: datetime) -> int:
        """Return how many texts went on the clinic's present day, as far as they are counted."""
        return self.counted if self.counted_on == now.astimezone(ZoneInfo(self.zone)).date() else 0


@dataclass(frozen=True, slots=True)
class Traffic:
    """Today's texts still to go, the next of them, and what became of yesterday's."""

    today: int
    next_at: datetime | None
    yesterday: int
    yesterday_delivered: int


def house_of(session: Session, clinic_id: uuid.UUID) -> House:
    """Return the clinic, its newest counted day and its workers' newest heartbeat, in one statement."""
    newest_day = select(func.max(ClinicDay.day_on)).where(ClinicDay.clinic_id == clinic_id).scalar_subquery()
    row = session.execute(
        select(
            Clinic.id,
            Clinic.name,
            Clinic.country,
            Clinic.timezone,
            Clinic.window_start,
            Clinic.window_end,
            Clinic.sending_enabled,
            Clinic.daily_text_limit,
            ClinicDay.day_on,
            ClinicDay.texts,
            select(func.max(WorkerHeartbeat.beat_at)).scalar_subquery().label("beat_at"),
            select(func.max(WorkerHeartbeat.tick_seconds)).scalar_subquery().label("tick_seconds"),
        )
        .outerjoin(ClinicDay, and_(ClinicDay.clinic_id == Clinic.id, ClinicDay.day_on == newest_day))
        .where(Clinic.id == clinic_id)
    ).one()
    return House(
        id=row.id,
        name=row.name,
        country=row.country,
        zone=row.timezone,
        window_start=row.window_start,
        window_end=row.window_end,
        sending_enabled=row.sending_enabled,
        daily_text_limit=row.daily_text_limit,
        counted_on=row.day_on,
        counted=row.texts or 0,
        beat_at=row.beat_at,
        tick_seconds=row.tick_seconds or 0.0,
    )


def traffic(session: Session, *, now: datetime, clinic_zone: str) -> Traffic:
    """Return the clinic's traffic of today and yesterday, days of its own zone, in two statements."""
    midnight = datetime.combine(now.astimezone(ZoneInfo(clinic_zone)).date(), time(), ZoneInfo(clinic_zone))
    ahead = session.execute(
        select(func.count().label("today"), func.min(OutboundMessage.due_at).label("next_at")).where(
            OutboundMessage.status == "scheduled",
            OutboundMessage.due_at < midnight + timedelta(days=1),
            OutboundMessage.expires_at > now,
        )
    ).one()
    behind = session.execute(
        select(
            func.count().label("left"),
            func.coalesce(func.sum(case((OutboundMessage.status == "delivered", 1), else_=0)), 0).label(
                "delivered"
            ),
        ).where(
            OutboundMessage.sent_at >= midnight - timedelta(days=1),
            OutboundMessage.sent_at < midnight,
            OutboundMessage.status.in_(_LEFT),
        )
    ).one()
    return Traffic(
        today=ahead.today,
        next_at=ahead.next_at,
        yesterday=behind.left,
        yesterday_delivered=int(behind.delivered),
    )
