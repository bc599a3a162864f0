"""One run from the first text to the count: what is killed, stopped and stepped, and when."""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import and_, case, create_engine, func, or_, select
from sqlalchemy.exc import DBAPIError

from backend.db import ENGINE_OPTIONS, reading, transaction
from backend.models import MessageEvent, OutboundMessage
from tests.chaos.clocks import ClockFile
from tests.chaos.counting import Figures, Row, count
from tests.chaos.databases import Database, How
from tests.chaos.ledger import LedgerReader
from tests.chaos.processes import Processes
from tests.chaos.recovery import Key, Recovered, Recovery
from tests.chaos.scenario import STARTS_AT, Scenario
from tests.chaos.stock import stock

_BEAT: Final = 0.02  # seconds between two looks at the ledger
_BUSY: Final = 0.1  # a worker whose last request is no older is in the middle of a batch
_HOW: Final[tuple[How, ...]] = ("fast", "immediate")
_SOON: Final = timedelta(minutes=10)


@dataclass(slots=True)
class Run:
    """What one run came to."""

    database: str
    scenario: Scenario
    figures: Figures
    kills: int
    restarts: int
    died: int
    recovery: Recovered
    seconds: float
    exit_codes: list[int]
    complaints: str


@dataclass(slots=True)
class _Due:
    """Something to happen once this share of the texts has been taken."""

    share: float
    act: Callable[[], bool]


class Supervisor:
    """Lets a run happen on an empty, migrated database; the folder keeps its files and logs."""

    def __init__(
        self, scenario: Scenario, database: Database, folder: Path, tell: Callable[[str], None]
    ) -> None:
        self._scenario = scenario
        self._database = database
        self._listener = tell
        self._dice = random.Random(scenario.seed)
        self._engine = create_engine(database.url, **ENGINE_OPTIONS)
        self._clock = ClockFile(folder / "clock", starts_at=STARTS_AT, speed=scenario.speed)
        self._providers = ClockFile(folder / "providers", starts_at=STARTS_AT, speed=scenario.speed)
        stock(self._engine, scenario, STARTS_AT)
        self._clock.step(STARTS_AT - self._clock.now())
        self._providers.step(STARTS_AT - self._providers.now())
        self._processes = Processes(folder, scenario, database.url, self._clock, self._providers)
        self._ledger = LedgerReader(self._processes.ledger)
        self._recovery = Recovery(self._engine)
        self._outages: list[tuple[float, float]] = []
        self._put_back: list[float] = []
        self._restarts = 0
        self._died = 0
        self._started = time.monotonic()
        self._due = self._plan()

    def run(self) -> Run:
        """Do it all, and count."""
        try:
            self._until_nothing_is_open()
            for clock in (self._clock, self._providers):
                clock.step(self._scenario.polls_for)
            self._tell("an hour passes: reports that never came are asked for")
            self._until_all_is_told()
            codes = self._processes.stop_workers()
        finally:
            self._processes.close()
        self._ledger.catch_up()
        return self._reckon(codes)

    def _plan(self) -> list[_Due]:
        scenario = self._scenario
        due = [
            _Due((number + self._dice.random()) / scenario.kills * scenario.killed_until, self._kill_one)
            for number in range(scenario.kills)
        ]
        due += [_Due(share, self._restart_database) for share in scenario.restarts_at]
        due += [_Due(share, partial(self._step, by)) for share, by in scenario.steps]
        if scenario.gone_at is not None:
            due.append(_Due(scenario.gone_at, self._provider_goes))
        return sorted(due, key=lambda one: one.share)

    # what happens

    def _kill_one(self) -> bool:
        """Kill a worker in the middle of a batch, if one is; it is replaced at once."""
        now = time.monotonic()
        busy = [
            worker
            for worker in self._processes.workers
            if now - self._ledger.last_asked.get(worker.name, 0.0) < _BUSY
        ]
        if not busy:
            return False
        worker = self._dice.choice(busy)
        time.sleep(self._dice.uniform(0, _BUSY))  # the kill must fall anywhere in a batch
        self._processes.kill(worker)
        self._recovery.killed(worker.name, time.monotonic(), self._clock.now())
        self._processes.replace(worker)
        self._tell(f"killed {worker.name} in the middle")
        return True

    def _restart_database(self) -> bool:
        since = time.monotonic()
        how = self._dice.choice(_HOW)
        if self._database.restart(how):
            self._outages.append((since, time.monotonic()))
            self._restarts += 1
            self._tell(f"{self._database.name} was stopped ({how}) and started again")
        return True

    def _provider_goes(self) -> bool:
        seconds = self._scenario.gone_seconds
        self._processes.provider_goes(seconds)
        self._outages.append((time.monotonic(), time.monotonic() + seconds))
        self._tell(f"the provider is gone for {seconds:g} s")
        return True

    def _step(self, by: timedelta) -> bool:
        self._clock.step(by)
        if by < timedelta():
            self._put_back.append(time.monotonic())
        self._tell(f"the clock was stepped by {by.total_seconds() / 3600:+g} h")
        return True

    def _tell(self, words: str) -> None:
        self._listener(f"{time.monotonic() - self._started:6.1f} s  {words}")

    # the loop

    def _until_nothing_is_open(self) -> None:
        def done(standing: dict[str, int]) -> bool:
            waiting = standing.get("scheduled", 0)
            in_flight = standing.get("sending", 0) + standing.get("unknown", 0)
            return not self._due and not in_flight and waiting <= self._scenario.leaves_waiting

        self._watch(done, 150 / self._scenario.speed)

    def _until_all_is_told(self) -> None:
        def done(standing: dict[str, int]) -> bool:
            untold = standing.get("accepted", 0) + standing.get("sent", 0)
            in_flight = {"scheduled", "sending", "unknown"} & standing.keys()
            return not in_flight and untold <= self._scenario.leaves_waiting

        self._watch(done, 100 / self._scenario.speed)

    def _watch(self, done: Callable[[dict[str, int]], bool], calm: float) -> None:
        """Keep the run going until it is done, nothing changed for `calm` seconds, or patience is over."""
        deadline = time.monotonic() + self._scenario.patience_seconds
        next_look, changed = 0.0, time.monotonic()
        last: dict[str, int] = {}
        while (now := time.monotonic()) < deadline and now - changed < calm:
            self._ledger.catch_up()
            if self._is_time() and self._due[0].act():
                self._due.pop(0)
            self._replace_the_dead()
            if now >= next_look:
                next_look = now + max(0.2, 1 / self._scenario.speed)
                try:
                    self._recovery.look(now)
                    standing = self._standing()
                    if done(standing):
                        return
                except DBAPIError:  # it was restarted under this connection
                    continue
                if standing != last:
                    last, changed = standing, now
                    self._tell(" ".join(f"{status} {number}" for status, number in sorted(last.items())))
            time.sleep(_BEAT)  # other processes work meanwhile: there is no event to wait for

    def _is_time(self) -> bool:
        return bool(self._due) and self._ledger.taken >= self._due[0].share * self._scenario.texts

    def _replace_the_dead(self) -> None:
        for worker in list(self._processes.workers):
            if worker.process.poll() is not None:
                self._died += 1
                self._tell(f"{worker.name} ended by itself")
                self._processes.replace(worker)

    def _standing(self) -> dict[str, int]:
        """Count texts by status; what waits for a later hour, or for a clock put back, is `later`."""
        soon = self._clock.now() + _SOON
        waits = or_(
            and_(OutboundMessage.status == "scheduled", OutboundMessage.due_at > soon),
            and_(OutboundMessage.status == "sending", OutboundMessage.lease_until > soon),
            and_(OutboundMessage.status == "unknown", OutboundMessage.ask_at > soon),
        )
        status = case((waits, "later"), else_=OutboundMessage.status).label("status")
        with reading(), transaction(self._engine) as session:
            rows = session.execute(select(status, func.count().label("number")).group_by(status))
            return {row.status: row.number for row in rows}

    # the end

    def _reckon(self, codes: list[int]) -> Run:
        ways: dict[object, list[tuple[str, str]]] = {}
        abandoned: set[Key] = set()
        with reading(), transaction(self._engine) as session:
            for event in session.scalars(select(MessageEvent).order_by(MessageEvent.at, MessageEvent.id)):
                ways.setdefault(event.message_id, []).append((event.status, event.why))
                if event.status == "unknown" and "worker stopped while" in event.why:
                    abandoned.add((event.message_id, event.attempt))
            rows = [
                Row(
                    text.id,
                    text.status,
                    text.provider_sid,
                    text.why,
                    text.due_at > self._clock.now(),
                    tuple(ways.get(text.id, ())),
                )
                for text in session.scalars(select(OutboundMessage))
            ]
        self._engine.dispose()
        entries = self._ledger.entries
        asked = {(uuid.UUID(e.message), e.attempt): e.by for e in entries if e.what in {"taken", "refused"}}
        told = self._recovery.durations(asked, abandoned, self._outages, self._put_back)
        return Run(
            database=self._database.name,
            scenario=self._scenario,
            figures=count(rows, entries),
            kills=len(self._recovery.kills),
            restarts=self._restarts,
            died=self._died,
            recovery=told,
            seconds=time.monotonic() - self._started,
            exit_codes=codes,
            complaints=self._processes.complaints(),
        )
