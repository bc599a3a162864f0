"""How many texts a clinic may send a day: set by its administrator, and seen by everyone when it is reached.

Counting and holding back are the outbox's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from backend.errors import Invalid
from backend.models import Clinic
from backend.queries.alarms import open_alarms
from backend.queries.holding import limits_reached
from backend.services.actors import Actor, record
from backend.services.alarms import clear_alarm, raise_alarm
from backend.services.clinics import clinic_of

MOST: Final = 100_000
_REACHED: Final = "the clinic has sent as many texts as it may today: the others wait for tomorrow"


@dataclass(frozen=True, slots=True)
class LimitCounts:
    """What one round over the clinics' limits did."""

    alarms_raised: int
    alarms_cleared: int


def limit_texts(session: Session, actor: Actor, *, limit: int | None, now: datetime) -> Clinic:
    """Let the clinic send at most `limit` texts on each of its days, None for as many as there are.

    Urgent texts count, and go all the same. Raises Invalid unless `limit` is from 1 to MOST.
    """
    if limit is not None and not 1 <= limit <= MOST:
        raise Invalid({"daily_text_limit": [f"give a number from 1 to {MOST}, or none for no limit."]})
    clinic = clinic_of(session, actor)
    clinic.daily_text_limit = limit
    record(session, actor, "limit_texts", "clinic", clinic.id, now=now, detail={"limit": limit})
    return clinic


def watch_limits(session: Session, *, now: datetime) -> LimitCounts:
    """Raise an alarm for each clinic at its limit, and clear those of another day. For every clinic."""
    wanted = {f"daily_limit/{clinic_id}" for clinic_id in limits_reached(session, now=now)}
    known = {alarm.cause for alarm in open_alarms(session) if alarm.kind == "daily_limit"}
    for cause in sorted(wanted - known):
        raise_alarm(session, cause, _REACHED, now=now)
    for cause in sorted(known - wanted):
        clear_alarm(session, cause, now=now)
    return LimitCounts(len(wanted - known), len(known - wanted))
