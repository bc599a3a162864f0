"""A clock that is moved from one moment with something to do to the next, with the product running on it.

On each step the worker's jobs run and due texts go out through a gateway in memory; what
was sent is delivered a little later; whoever has to react is told. Nothing is written here
that an installation would not have written itself.
"""

import heapq
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from backend.config import Settings
from backend.db import ALL_CLINICS, transaction
from backend.jobs import JOBS, make_dispatcher
from backend.models import InboundMessage, OutboundMessage
from backend.services.delivery import record_delivery
from backend.services.inbound import store_inbound
from backend.services.understanding import handle_inbound
from notifications.gateway import DeliveryReport, InboundText, MemoryGateway

_DAILY_ROUND: Final = time(9, 30)
_TIME_TO_DELIVER: Final = timedelta(seconds=6)
_NOBODY_AT_THIS_NUMBER: Final = 30005
_PACELESS: Final = 10_000.0  # segments a second

Act = Callable[[Session], None]
"""Something that is done at a moment, in a transaction of its own."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A text that has just been handed over: what it was about, for whoever may react."""

    message_id: uuid.UUID
    patient_id: uuid.UUID | None
    check_in_id: uuid.UUID | None
    purpose: str


@dataclass(order=True, slots=True)
class _Entry:
    at: datetime
    place: int
    act: Callable[[], None] = field(compare=False)


class Stage:
    """The product, its database and the moment at which it is."""

    def __init__(self, engine: Engine, *, start: datetime, zone: str, sender: str) -> None:
        self.engine = engine
        self.now = start
        self.on_arrival: Callable[[Session, Arrived], None] = lambda _session, _arrived: None
        self.after_step: Callable[[Session], None] = lambda _session: None
        self.unreachable: Callable[[uuid.UUID | None], bool] = lambda _patient_id: False
        self._zone = ZoneInfo(zone)
        self._sender = sender
        self._gateway = MemoryGateway()
        # memory has no rate of its own, and this clock stands still while a due text waits for one
        paceless = Settings(sender_rate=_PACELESS)
        self._dispatcher = make_dispatcher(engine, paceless, lambda: self.now, self._gateway)
        self._agenda: list[_Entry] = []
        self._places = 0
        self._received = 0
        self._round = self._round_after(start)

    def at(self, moment: datetime, act: Act) -> None:
        """Put something on the agenda; what lies behind the clock happens with the next step."""
        self._plan(moment, partial(self._do, act))

    def text_at(self, moment: datetime, sender: str, body: str) -> None:
        """Let a patient's text arrive at `moment`."""
        self._plan(moment, partial(self._receive, sender, body))

    def play(self, until: datetime) -> None:
        """Move the clock to `until`, doing on the way whatever falls due."""
        while (moment := self._next_moment()) <= until:
            self.now = max(self.now, moment)
            self._step()
        self.now = until
        self._step()
        for entry in sorted(self._agenda):
            if entry.at <= until + _TIME_TO_DELIVER:
                entry.act()
        self._dispatcher.close()

    def _next_moment(self) -> datetime:
        with transaction(self.engine, ALL_CLINICS) as session:
            due = session.scalars(
                select(func.min(OutboundMessage.due_at)).where(OutboundMessage.status == "scheduled")
            ).one()
        moments = [self._round]
        if self._agenda:
            moments.append(self._agenda[0].at)
        if due is not None:
            moments.append(due)
        return min(moments)

    def _step(self) -> None:
        while self._agenda and self._agenda[0].at <= self.now:
            heapq.heappop(self._agenda).act()
        JOBS["keep_check_ins"](self.engine, self.now)
        if self.now >= self._round:
            JOBS["watch_courses"](self.engine, self.now)
            self._round = self._round_after(self.now)
        before = len(self._gateway.sent)
        self._dispatcher.tick(self.now)
        for sent in self._gateway.sent[before:]:
            self._deliver(uuid.UUID(sent.message_id), sent.attempt)
        with transaction(self.engine, ALL_CLINICS) as session:
            self.after_step(session)

    def _deliver(self, message_id: uuid.UUID, attempt: int) -> None:
        with transaction(self.engine, ALL_CLINICS) as session:
            message = session.get_one(OutboundMessage, message_id)
            sid = message.provider_sid or ""
            arrived = Arrived(message_id, message.patient_id, message.check_in_id, message.purpose)
            dead = self.unreachable(message.patient_id)
            if not dead:
                self.on_arrival(session, arrived)
        report = (
            DeliveryReport(sid, "undelivered", _NOBODY_AT_THIS_NUMBER)
            if dead
            else DeliveryReport(sid, "delivered")
        )

        def deliver(session: Session) -> None:
            record_delivery(session, message_id, attempt, report, now=self.now)

        self.at(self.now + _TIME_TO_DELIVER, deliver)

    def _receive(self, sender: str, body: str) -> None:
        """Store a text before it is understood, as the webhook does."""
        self._received += 1
        text = InboundText(f"SM{self._received:032x}", sender, self._sender, body)
        with transaction(self.engine, ALL_CLINICS) as session:
            stored = store_inbound(session, text, now=self.now)
        if stored is not None:
            with transaction(self.engine, ALL_CLINICS) as session:
                handle_inbound(session, session.get_one(InboundMessage, stored.id), now=self.now)

    def _plan(self, moment: datetime, act: Callable[[], None]) -> None:
        self._places += 1
        heapq.heappush(self._agenda, _Entry(max(moment, self.now), self._places, act))

    def _do(self, act: Act) -> None:
        with transaction(self.engine, ALL_CLINICS) as session:
            act(session)

    def _round_after(self, moment: datetime) -> datetime:
        local = moment.astimezone(self._zone)
        today = datetime.combine(local.date(), _DAILY_ROUND, self._zone)
        following = today if today > local else today + timedelta(days=1)
        return following.astimezone(moment.tzinfo)
