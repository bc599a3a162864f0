"""Any interleaving of claims, sends, crashes, reports, questions, opt-outs and new plans keeps the promises.

A hypothesis state machine over the real outbox, with the provider in memory. A worker here is what the
dispatcher is: it looks at its lease, decides, hands over, and records later, or dies before it does.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Row, StaticPool, create_engine, insert, select
from sqlalchemy.orm import Session

from backend.db import ENGINE_OPTIONS, Base, transaction
from backend.models import CarePlan, OutboundMessage, Patient, Procedure
from backend.outbox import (
    FINAL,
    TRANSITIONS,
    NewMessage,
    Reconciler,
    SqlOutbox,
    cancel,
    enqueue,
    expire_leases,
    give_up_unknown,
    reschedule,
)
from backend.outbox.asking import absent_after
from backend.outbox.senders import Senders
from backend.services.actors import Actor
from backend.services.clinics import ClinicDetails, create_clinic
from backend.services.consent import record_consent
from backend.services.delivery import draw_conclusions, record_delivery
from notifications.compose import compose
from notifications.decision import Drop, Postpone, decide
from notifications.gateway import (
    DeliveryReport,
    ErrorClass,
    Listing,
    MemoryGateway,
    OutgoingText,
    PermanentSendError,
    TransientSendError,
    UnknownOutcome,
)
from notifications.outbox_port import (
    Accepted,
    Claimed,
    Dropped,
    Failed,
    Postponed,
    Result,
    Retry,
    Unknown,
)
from notifications.phone import PhoneNumber
from notifications.segments import segments

NOON: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEASE: Final = timedelta(seconds=60)
ARRIVES_WITHIN: Final = timedelta(seconds=29)
"""How long a request may be under way unseen, a little less than `asking.CALL_AND_LIST`."""
SAYS_SENT: Final = {"accepted", "sent", "delivered", "undelivered"}
ENDS: Final = strategies.sampled_from(
    ["unknown, taken", "unknown, on its way", "unknown, not taken", "accepted", "asked to wait", "refused"]
)
REPORTS: Final = strategies.sampled_from(
    [("sent", None), ("delivered", None), ("undelivered", 30003), ("failed", 30008), ("failed", 30036)]
)
MOMENTS: Final = strategies.sampled_from([1, 10, 31, 61, 95, 301])


class Provider(MemoryGateway):
    """A provider in memory that at times has no list for us."""

    answers = True

    async def find(self, *, to: PhoneNumber, since: datetime, until: datetime) -> Listing:
        """List what was taken, or not."""
        if not self.answers:
            raise TransientSendError("no list")
        return await super().find(to=to, since=since, until=until)


class Interleavings(RuleBasedStateMachine):
    """One clinic, a patient a text (and now and then a twin in the same words), two workers."""

    texts = Bundle("texts")
    workers = strategies.sampled_from(["one", "two"])

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.engine = create_engine("sqlite://", poolclass=StaticPool, **ENGINE_OPTIONS)
        Base.metadata.create_all(self.engine)
        self.gateway = Provider(lambda: self.now)
        senders = Senders("+15005550006", lambda _: None, lambda: 0.5, lambda *_, **__: None)
        self.outbox = SqlOutbox(self.engine, LEASE, draw_conclusions, senders)
        self.reconciler = Reconciler(
            self.engine, self.gateway, draw_conclusions, absent_after=absent_after(LEASE)
        )
        self.loop = asyncio.Runner()
        self.hands: dict[str, list[Claimed]] = {"one": [], "two": []}
        self.results: dict[str, list[Result]] = {"one": [], "two": []}
        self.was: dict[uuid.UUID, str] = {}
        self.opted_out: set[str] = set()
        self.on_its_way: list[tuple[datetime, OutgoingText]] = []
        self.count = 0
        details = ClinicDetails(
            name="Clinic", country="TR", timezone="UTC", language="en", phone="+90 1", emergency_number="112"
        )
        with transaction(self.engine) as session:
            self.clinic_id = create_clinic(session, details, now=self.now).id

    @initialize(target=texts, twins=strategies.booleans())
    def plan_the_first(self, twins: bool) -> object:
        """Have something to lose."""
        return multiple(*self._plan(0, twins))

    # planning

    @rule(target=texts, minutes=strategies.sampled_from([0, 0, 0, 5]), twins=strategies.booleans())
    def plan_a_text(self, minutes: int, twins: bool) -> object:
        """Queue a text to a new patient, or two in the same words."""
        return multiple(*self._plan(minutes, twins))

    def _plan(self, minutes: int, twins: bool) -> list[str]:
        self.count += 1
        phone = f"+90532{1_000_000 + self.count}"
        with transaction(self.engine) as session:
            patient_id, plan_id = self._someone(session, phone)
            queued = [
                NewMessage(
                    identity=f"text/{self.count}/{which}",
                    patient_id=patient_id,
                    care_plan_id=plan_id,
                    purpose="inform",
                    template="welcome",
                    due_at=self.now + timedelta(minutes=minutes),
                    expires_at=self.now + timedelta(hours=3),
                    ignores_quiet_hours=True,
                )
                for which in range(1 + twins)
            ]
            enqueue(session, self.clinic_id, queued, now=self.now)
        return [text.identity for text in queued]

    def _someone(self, session: Session, phone: str) -> tuple[uuid.UUID, uuid.UUID]:
        known = {"clinic_id": self.clinic_id, "created_at": self.now}
        patient_id = session.execute(
            insert(Patient)
            .values(
                given_name="Ayşe", family_name="Y", search_name="", search_given="", phone=phone,
                phone_country="TR", language="en", timezone="UTC", consent_state="opted_in",
                consent_since=self.now, updated_at=self.now, **known,
            )
            .returning(Patient.id)
        ).scalar_one()  # fmt: skip
        procedure_id = session.execute(
            insert(Procedure)
            .values(
                patient_id=patient_id, performed_at=self.now, status="performed", region="lumbar", levels=[],
                technique="laser", **known,
            )
            .returning(Procedure.id)
        ).scalar_one()  # fmt: skip
        plan_id = session.execute(
            insert(CarePlan)
            .values(
                patient_id=patient_id, procedure_id=procedure_id, protocol="p", protocol_version=1,
                timing_hash="", status="completed", status_since=self.now, anchor_at=self.now, **known,
            )
            .returning(CarePlan.id)
        ).scalar_one()  # fmt: skip
        return patient_id, plan_id

    @rule(identity=texts, minutes=strategies.sampled_from([0, 30, None]))
    def plan_it_anew(self, identity: str, minutes: int | None) -> None:
        """Move a text that waits, or take back what waits of its plan."""
        with transaction(self.engine) as session:
            if minutes is None:
                plan_id = self._row(session, identity).care_plan_id
                cancel(session, "the plan ended", now=self.now, care_plan_id=plan_id)
                return
            reschedule(
                session,
                identity,
                due_at=self.now + timedelta(minutes=minutes),
                expires_at=self.now + timedelta(hours=3),
                facts={},
                template="welcome",
                lateness="late",
                why="the plan changed",
                now=self.now,
            )

    @rule(identity=texts)
    def opt_out(self, identity: str) -> None:
        """The patient writes STOP."""
        with transaction(self.engine) as session:
            patient = session.get_one(Patient, self._row(session, identity).patient_id)
            if patient.consent_state == "opted_in":
                record_consent(
                    session, Actor.system(patient.clinic_id), patient, state="opted_out", source="phone",
                    wording="STOP", given_at=self.now, now=self.now,
                )  # fmt: skip
            self.opted_out.add(patient.phone)

    # working

    @rule(worker=workers, ends=strategies.lists(ENDS, max_size=4), leaves=strategies.integers(0, 2))
    def work(self, worker: str, ends: list[str], leaves: int) -> None:
        """A worker takes what is due and sees to it, one after the other, as the dispatcher does.

        What it has been told of an opt-out it never forgets; `leaves` texts stay in its hands.
        """
        if not self.hands[worker]:
            self.hands[worker] += self.outbox.claim(self.now, len(ends) + leaves or 1)
            for row in self.hands[worker]:
                assert row.to not in self.opted_out or row.suppressed, "claimed as if nobody had opted out"
        for end in ends[: len(self.hands[worker])]:
            self.results[worker].append(self._handle(self.hands[worker].pop(0), end))

    def _handle(self, row: Claimed, ends: str) -> Result:
        if row.lease_until is not None and self.now >= row.lease_until:
            return Postponed(row.message_id, row.attempt, row.due_at, "its turn came too late")
        match decide(row, self.now):
            case Drop(status, why):
                return Dropped(row.message_id, row.attempt, status, why)
            case Postpone(until, why):
                return Postponed(row.message_id, row.attempt, until, why)
            case _:
                return self._send(row, ends)

    def _send(self, row: Claimed, ends: str) -> Result:
        body = row.body or compose(row.template, row.language, row.facts).body
        text = OutgoingText(row.message_id, row.attempt, PhoneNumber.parse(row.to), body, "http://status")
        match ends:
            case "unknown, on its way":
                self.on_its_way.append((self.now + ARRIVES_WITHIN, text))
                self.gateway.drop_next()
            case "refused":
                self.gateway.fail_next(PermanentSendError("refused", code=30007))
            case "asked to wait":
                self.gateway.fail_next(TransientSendError("slow down"))
            case "unknown, taken":
                self.gateway.fail_next(UnknownOutcome("no answer"))
            case "unknown, not taken":
                self.gateway.drop_next()
        known = (row.message_id, row.attempt)
        try:
            receipt = self.loop.run(self.gateway.send(text))
        except UnknownOutcome as error:
            return Unknown(*known, error.detail, body, segments(body))
        except TransientSendError as error:
            return Retry(*known, self.now + timedelta(seconds=20), error.detail, body)
        except PermanentSendError as error:
            return Failed(*known, ErrorClass.REFUSED, error.code, error.detail, body)
        return Accepted(*known, receipt, body, segments(body), 3600)

    @rule(worker=workers)
    def record(self, worker: str) -> None:
        """A worker writes down what came of its texts, however late."""
        self.outbox.record(self.results[worker], self.now)
        self.results[worker] = []

    @rule(worker=workers)
    def crash(self, worker: str) -> None:
        """A worker dies: what it had in its hands and had not recorded is gone."""
        self.hands[worker], self.results[worker] = [], []

    @rule(seconds=MOMENTS)
    def time_passes(self, seconds: int) -> None:
        """Nothing happens for a while."""
        self._pass(timedelta(seconds=seconds))

    @rule(seconds=MOMENTS, answers=strategies.booleans())
    def the_jobs_run(self, seconds: int, answers: bool) -> None:
        """After a while texts are taken from dead workers, closed, asked about; at times no list comes."""
        self._pass(timedelta(seconds=seconds))
        self._recover()
        self._give_up()
        self._ask(answers=answers)

    def _pass(self, by: timedelta) -> None:
        """Let time pass, in which the provider takes what was still on its way."""
        later = self.now + by
        arrived = [(at, text) for at, text in self.on_its_way if at <= later]
        self.on_its_way = [(at, text) for at, text in self.on_its_way if at > later]
        for at, text in arrived:
            self.now = at
            self.loop.run(self.gateway.send(text))
        self.now = later

    def _recover(self) -> None:
        with transaction(self.engine) as session:
            expire_leases(session, now=self.now)
        for row in self._rows():
            assert row.status != "sending" or row.lease_until > self.now, (
                "stuck in the hands of a dead worker"
            )
        self.keeps_its_promises()

    def _give_up(self) -> None:
        with transaction(self.engine) as session:
            draw_conclusions(session, give_up_unknown(session, now=self.now), self.now)
        self.keeps_its_promises()

    def _ask(self, *, answers: bool) -> None:
        self.gateway.answers = answers
        self.reconciler.tick(self.now)
        self.keeps_its_promises()

    @rule(which=strategies.integers(0, 30), report=REPORTS, again=strategies.booleans())
    def report(self, which: int, report: tuple[str, int | None], again: bool) -> None:
        """The provider tells of a text it took: of any attempt, in any order, twice."""
        if not self.gateway.sent:
            return
        position = which % len(self.gateway.sent)
        text = self.gateway.sent[position]
        told = DeliveryReport(f"SM{position + 1:032x}", *report)
        for _ in range(1 + again):
            with transaction(self.engine) as session:
                record_delivery(session, uuid.UUID(text.message_id), text.attempt, told, now=self.now)

    # promises

    @invariant()
    def keeps_its_promises(self) -> None:
        """Taken once; no row claims more than the provider knows; each move is one that messages.md draws."""
        times = Counter(text.message_id for text in self.gateway.sent)
        assert [one for one, taken in times.items() if taken > 1] == [], "sent twice"
        owner = {f"SM{n:032x}": text.message_id for n, text in enumerate(self.gateway.sent, start=1)}
        for row in self._rows():
            before = self.was.get(row.id, "scheduled")
            assert row.status in {before} | TRANSITIONS[before], f"{before} became {row.status}"
            assert row.status not in SAYS_SENT or times[str(row.id)], "never sent, and our row says it was"
            assert row.provider_sid is None or owner[row.provider_sid] == str(row.id), "another text's id"
            assert row.status not in FINAL or row.why, "final, and nobody knows why"
            self.was[row.id] = row.status

    def teardown(self) -> None:
        """In the end a worker that works and a provider that answers bring every text to rest."""
        try:
            self._come_to_rest()
        finally:
            self.loop.close()
            self.reconciler.close()
            self.engine.dispose()

    def _come_to_rest(self) -> None:
        self.hands, self.results = {"one": [], "two": []}, {"one": [], "two": []}
        for minutes in (2, 2, 6, 60, 120):
            self._pass(timedelta(minutes=minutes))
            self._recover()
            self._ask(answers=True)
            self._give_up()
            self.work("one", ["accepted"] * 100, 0)
            self.keeps_its_promises()
            self.record("one")
            self.keeps_its_promises()
        restless = [row.status for row in self._rows() if row.status not in FINAL | {"accepted", "sent"}]
        assert restless == []

    # looking

    def _rows(self) -> Sequence[Row[Any]]:
        columns = ("id", "status", "why", "provider_sid", "lease_until")
        with transaction(self.engine) as session:
            return session.execute(select(*(getattr(OutboundMessage, column) for column in columns))).all()

    @staticmethod
    def _row(session: Session, identity: str) -> OutboundMessage:
        return session.scalars(select(OutboundMessage).where(OutboundMessage.identity == identity)).one()


@pytest.mark.slow
def test_every_interleaving_keeps_the_promises() -> None:
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=70,
            stateful_step_count=25,
            phases=[Phase.generate, Phase.shrink],
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
