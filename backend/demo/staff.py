"""What the demo clinic's staff does every day: takes and resolves alerts, answers, books, ticks.

Each thing they do is put on the stage's agenda for a believable moment. What a person's
`leave` names stays undone, so that the worklist has something to show.
"""

import random
import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.demo.clinic import ZONE, Staff
from backend.demo.people import Person
from backend.demo.stage import Stage
from backend.models import Alert, CarePlan, InboundMessage, Milestone, Patient
from backend.services.alerts import acknowledge, resolve
from backend.services.inbound import close_inbound
from backend.services.milestones import change_milestone
from backend.services.writing import write_message

_TAKE_MINUTES: Final = {
    "emergency": (3, 12),
    "same_day": (15, 70),
    "next_day": (60, 300),
    "lost_sight": (60, 300),
}
_OUTCOMES: Final = {
    "emergency": ("sent_to_emergency", "Called at once; on the way to the emergency department."),
    "same_day": ("seen", "Called; seen at the clinic the same day, nothing alarming found."),
    "next_day": ("advised", "Called; next steps agreed."),
    "lost_sight": ("called", "Reached by phone; doing well, will answer the next texts."),
}
_REPLIES: Final = {
    "tr": "Bosphorus Spine Clinic: sorunuzu hekimimize ilettik, bugün sizi arayacağız.",
    "en": "Bosphorus Spine Clinic: we have passed your question to the doctor and will call you today.",
}
_FRESH: Final = timedelta(days=13)
_BOOK_AHEAD: Final = timedelta(days=30)
_VISITING_HOURS: Final = (9, 10, 11, 13, 14, 15, 16)


class Routine:
    """The staff's eyes on the worklist, after each step of the stage."""

    def __init__(
        self,
        stage: Stage,
        staff: Staff,
        people: Mapping[uuid.UUID, Person],
        chance: random.Random,
        until: datetime,
    ) -> None:
        """`until` is when the story ends: only what is fresh then may have been left undone."""
        self._stage = stage
        self._staff = staff
        self._people = people
        self._chance = chance
        self._until = until
        self._seen: set[uuid.UUID] = set()
        self._milestones_seen: tuple[date, int] | None = None

    def look(self, session: Session) -> None:
        """Notice what is new, and put on the agenda what will be done about it."""
        self._notice_alerts(session)
        self._notice_texts(session)
        today_with_everybody = (self._stage.now.date(), len(self._people))
        if self._milestones_seen != today_with_everybody:
            self._milestones_seen = today_with_everybody
            self._notice_milestones(session)

    def _notice_alerts(self, session: Session) -> None:
        for alert in session.scalars(select(Alert).where(Alert.status == "open").order_by(Alert.raised_at)):
            leave = self._people[alert.patient_id].leave
            if alert.id in self._seen:
                continue
            self._seen.add(alert.id)
            fresh = alert.raised_at > self._until - _FRESH
            if fresh and "open" in leave:
                continue
            taken_at = self._after(*_TAKE_MINUTES[alert.tier])
            self._stage.at(taken_at, partial(self._take, alert.id))
            if not (fresh and "taken" in leave):
                self._stage.at(
                    taken_at + timedelta(minutes=self._chance.randint(15, 120)),
                    partial(self._close, alert.id),
                )

    def _take(self, alert_id: uuid.UUID, session: Session) -> None:
        acknowledge(session, self._staff.nurse, session.get_one(Alert, alert_id), now=self._stage.now)

    def _close(self, alert_id: uuid.UUID, session: Session) -> None:
        alert = session.get_one(Alert, alert_id)
        outcome, note = _OUTCOMES[alert.tier]
        resolve(session, self._staff.nurse, alert, outcome=outcome, note=note, now=self._stage.now)

    def _notice_texts(self, session: Session) -> None:
        waiting = select(InboundMessage).where(InboundMessage.status == "needs_review")
        for text in session.scalars(waiting.order_by(InboundMessage.received_at)):
            person = self._people.get(text.patient_id) if text.patient_id else None
            if text.id in self._seen or person is None or "texts" in person.leave:
                continue
            self._seen.add(text.id)
            self._stage.at(self._after(20, 90), partial(self._reply, text.id, person.language))

    def _reply(self, text_id: uuid.UUID, language: str, session: Session) -> None:
        text = session.get_one(InboundMessage, text_id)
        patient = session.get_one(Patient, text.patient_id)
        write_message(session, self._staff.nurse, patient, _REPLIES[language], now=self._stage.now)
        close_inbound(session, self._staff.nurse, text, now=self._stage.now, note="answered")

    def _notice_milestones(self, session: Session) -> None:
        """Book what is to be booked in good time, and tick what has happened."""
        now = self._stage.now
        near = (
            select(Milestone)
            .join(CarePlan, CarePlan.id == Milestone.care_plan_id)
            .where(
                Milestone.status.in_(("planned", "booked")),
                Milestone.due_at <= now + _BOOK_AHEAD,
                CarePlan.status == "active",
                CarePlan.anchor_at <= now,
            )
            .order_by(Milestone.due_at, Milestone.step_key)
        )
        for milestone in session.scalars(near):
            if milestone.step_key in self._people[milestone.patient_id].leave:
                continue
            if milestone.status == "planned" and milestone.bookable:
                at = self._appointment(max(milestone.due_at, now + timedelta(days=1)))
                change_milestone(session, self._staff.nurse, milestone, booked_at=at, now=now)
            happens_at = milestone.booked_at or milestone.due_at
            if milestone.id not in self._seen and happens_at <= now + timedelta(days=1):
                self._seen.add(milestone.id)
                ticked_at = happens_at + timedelta(minutes=self._chance.randint(15, 90))
                self._stage.at(ticked_at, partial(self._tick, milestone.id))

    def _tick(self, milestone_id: uuid.UUID, session: Session) -> None:
        milestone = session.get_one(Milestone, milestone_id)
        if milestone.status in {"planned", "booked"}:  # the plan may have been completed meanwhile
            change_milestone(session, self._staff.nurse, milestone, status="done", now=self._stage.now)

    def _appointment(self, day: datetime) -> datetime:
        """Return a working hour on `day`, or on the Monday after a weekend."""
        local = day.astimezone(ZoneInfo(ZONE)).date()
        local += timedelta(days=max(0, 7 - local.weekday()) if local.weekday() >= 5 else 0)
        hour = time(self._chance.choice(_VISITING_HOURS))
        return datetime.combine(local, hour, ZoneInfo(ZONE)).astimezone(day.tzinfo)

    def _after(self, least: int, most: int) -> datetime:
        return self._stage.now + timedelta(minutes=self._chance.randint(least, most))
