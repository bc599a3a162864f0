"""How many texts a clinic with a daily limit has taken on one of its own days.

Counted when a text is claimed and taken off again when it did not leave, so that workers together stay within
the limit. What follows from the limit is `claiming`'s.
"""

import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.db import insert_if_new
from backend.models import Clinic, ClinicDay


def texts_on(session: Session, clinic_id: uuid.UUID, day_on: date) -> int:
    """Return how many texts the clinic took that day, and keep others from taking more until the commit."""
    insert_if_new(session, ClinicDay, id=uuid.uuid4(), clinic_id=clinic_id, day_on=day_on, texts=0)
    return session.scalars(
        select(ClinicDay.texts)
        .where(ClinicDay.clinic_id == clinic_id, ClinicDay.day_on == day_on)
        .with_for_update()
    ).one()


def count_texts(session: Session, clinic_id: uuid.UUID, day_on: date, texts: int) -> None:
    """Add texts to a clinic's day, or take off those that did not leave; a day never counted stays so."""
    session.execute(
        update(ClinicDay)
        .where(ClinicDay.clinic_id == clinic_id, ClinicDay.day_on == day_on)
        .values(texts=ClinicDay.texts + texts)
        .execution_options(synchronize_session=False)
    )


def take_off(session: Session, clinics: Iterable[uuid.UUID], now: datetime) -> None:
    """Take texts that were claimed and did not leave off their clinics' days, one for each mention."""
    unsent = Counter(clinics)
    if not unsent:
        return
    limited = session.execute(
        select(Clinic.id, Clinic.timezone).where(Clinic.id.in_(unsent), Clinic.daily_text_limit.is_not(None))
    )
    for row in limited:
        count_texts(session, row.id, now.astimezone(ZoneInfo(row.timezone)).date(), -unsent[row.id])
