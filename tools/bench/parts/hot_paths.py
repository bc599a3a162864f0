"""Paths that every request or tick walks, each as a ratio to something bare measured in the same run."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, insert, select

from backend.db import Base, make_engine, transaction
from backend.models import AuditEvent
from backend.services.actors import Actor
from backend.services.clinics import ClinicDetails, create_clinic
from backend.services.enrolment import ProcedureOrder, enrol
from backend.services.patients import ConsentGiven, PatientDetails, register_patient
from backend.services.protocols import sign_protocol
from notifications.replies import parse_reply
from schedules.catalogue import Catalogue
from schedules.timeline import build_timeline
from tools.bench.databases import POSTGRESQL, SQLITE
from tools.bench.report import Sheet
from tools.bench.run import Run

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ZONE = "Europe/Istanbul"


@dataclass(frozen=True, slots=True)
class Measured:
    """One path: how often a second, and the bare thing it is compared with."""

    path: str
    rate: float
    bare: str = ""
    bare_rate: float = 0.0

    @property
    def ratio(self) -> str:
        """The share of the bare rate that is left."""
        return f"{self.rate / self.bare_rate:.2f}" if self.bare_rate else ""


def hot_paths(run: Run) -> list[Sheet]:
    """Measure timelines, replies and enrolments."""
    seconds = run.sizes.path_seconds
    with run.step("timelines, replies, enrolments"):
        measured = list(pure_paths(seconds))
        for kind in (SQLITE, POSTGRESQL):
            with run.databases.fresh(kind) as url:
                measured.append(enrolment_on(kind, url, seconds))
    sheet = Sheet("Hot paths", ("path", "a second", "against", "a second", "ratio"))
    for row in measured:
        bare_rate = f"{row.bare_rate:,.0f}" if row.bare_rate else ""
        sheet.rows.append((row.path, f"{row.rate:,.0f}", row.bare, bare_rate, row.ratio))
    return [sheet]


def rate_of(act: Callable[[int], object], seconds: float) -> float:
    """Return how often a second `act` can be done, over `seconds` after one warming call."""
    act(0)
    started = time.perf_counter()
    done = 0
    while time.perf_counter() - started < seconds:
        done += 1
        act(done)
    return done / (time.perf_counter() - started)


def pure_paths(seconds: float) -> Iterator[Measured]:
    """The paths that need no database."""
    protocol = Catalogue.shipped().get("nucleoplasty_lumbar").with_overrides({"heavy_lifting.ends": "P6W"})

    def timeline(turn: int) -> object:
        return build_timeline(
            protocol,
            anchor=NOW + timedelta(minutes=turn),
            clinic_zone=ZONE,
            patient_zone=ZONE,
            facts={"technique": "radiofrequency", "anaesthesia": "local"},
            now=NOW,
        )

    yield Measured("build a timeline (five years)", rate_of(timeline, seconds))
    texts = ("7", "8 out of 10", "ateşim yok ama ağrım 4", "Can I start swimming?", "idrar yapamıyorum")
    yield Measured("read a reply", rate_of(lambda turn: parse_reply(texts[turn % len(texts)], "tr"), seconds))


def enrolment_on(kind: str, database_url: str, seconds: float) -> Measured:
    """Enrol people one after the other, against one bare insert of as many rows in a transaction."""
    engine = make_engine(database_url)
    nurse = open_clinic(engine)

    def enrolment(turn: int) -> None:
        with transaction(engine) as session:
            patient = register_patient(session, nurse, _patient(turn), now=NOW)
            enrol(session, nurse, patient, _ORDER, now=NOW)

    before = _stored_rows(engine)
    enrolment(9_999_999)
    many = _stored_rows(engine) - before

    def bare(_turn: int) -> None:
        rows = [_audit_row(nurse) for _ in range(many)]
        with transaction(engine) as session:
            session.execute(insert(AuditEvent), rows)

    rate, bare_rate = rate_of(enrolment, seconds), rate_of(bare, seconds)
    engine.dispose()
    return Measured(f"enrol a patient, {kind}", rate, f"insert {many} rows", bare_rate)


def _stored_rows(engine: Engine) -> int:
    with engine.connect() as connection:
        counts = [select(func.count()).select_from(table) for table in Base.metadata.sorted_tables]
        return sum(connection.scalars(count).one() for count in counts)


_ORDER = ProcedureOrder(
    performed_at=NOW - timedelta(hours=2),
    protocol="nucleoplasty_lumbar",
    region="lumbar",
    levels=("L4-L5",),
    technique="radiofrequency",
    baseline_pain=7,
)


def open_clinic(engine: Engine) -> Actor:
    """Set up a clinic that has signed the lumbar protocol, and return a nurse of it."""
    details = ClinicDetails(
        name="Bench",
        country="TR",
        timezone=ZONE,
        language="en",
        phone="+90 212 555 01 00",
        emergency_number="112",
    )
    with transaction(engine) as session:
        nurse = Actor(None, "bench", create_clinic(session, details, now=NOW).id)
        sign_protocol(session, nurse, "nucleoplasty_lumbar", {"heavy_lifting.ends": "P6W"}, now=NOW)
    return nurse


def _patient(turn: int) -> PatientDetails:
    return PatientDetails(
        given_name="Ayşe",
        family_name=f"Yılmaz {turn}",
        phone=f"+90501{turn:07d}",
        language="tr",
        timezone=ZONE,
        consent=ConsentGiven(given_at=NOW, source="clinic"),
    )


def _audit_row(actor: Actor) -> dict[str, object]:
    return {
        "id": uuid.uuid4(),
        "clinic_id": actor.clinic_id,
        "at": NOW,
        "actor": actor.name,
        "action": "bench",
        "subject": "row",
        "subject_id": uuid.uuid4(),
        "detail": {"turn": 1},
    }
