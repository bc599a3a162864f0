"""How fast the hot paths are, each as a ratio to something bare measured in the same run.

Run by `make bench`. Absolute figures say more about the machine than about the code; the
ratios hold. More paths, and the peers they are held against, come with the issues that
are about speed.
"""

import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, insert

from backend import models
from backend.db import make_engine, transaction
from backend.models import AuditEvent
from backend.services.actors import Actor
from backend.services.clinics import ClinicDetails, create_clinic
from backend.services.enrolment import ProcedureOrder, enrol
from backend.services.patients import ConsentGiven, PatientDetails, register_patient
from backend.services.protocols import sign_protocol
from notifications.replies import parse_reply
from schedules.catalogue import Catalogue
from schedules.timeline import build_timeline
from tools.postgres import postgresql

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ZONE = "Europe/Istanbul"
SECONDS = 2.0
ROWS_OF_AN_ENROLMENT = 94
"""Rows one enrolment writes, about: the bare insert it is held against writes as many."""


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


def rate_of(act: Callable[[int], object]) -> float:
    """Return how often a second `act` can be done, over SECONDS after one warming call."""
    act(0)
    started = time.perf_counter()
    done = 0
    while time.perf_counter() - started < SECONDS:
        done += 1
        act(done)
    return done / (time.perf_counter() - started)


def pure_paths() -> Iterator[Measured]:
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

    yield Measured("build a timeline (five years)", rate_of(timeline))
    texts = ("7", "8 out of 10", "ateşim yok ama ağrım 4", "Can I start swimming?", "idrar yapamıyorum")
    yield Measured("read a reply", rate_of(lambda turn: parse_reply(texts[turn % len(texts)], "tr")))


@contextmanager
def migrated(database_url: str) -> Iterator[Engine]:
    """Yield an engine on a database that has been migrated."""
    engine = make_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(models.__file__).parent.parent / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    try:
        yield engine
    finally:
        engine.dispose()


def enrolment_on(name: str, database_url: str) -> Measured:
    """Enrol people one after the other, against one bare insert of as many rows in a transaction."""
    with migrated(database_url) as engine:
        nurse = _clinic(engine)

        def bare(_turn: int) -> None:
            rows = [_audit_row(nurse) for _ in range(ROWS_OF_AN_ENROLMENT)]
            with transaction(engine) as session:
                session.execute(insert(AuditEvent), rows)

        def enrolment(turn: int) -> None:
            with transaction(engine) as session:
                patient = register_patient(session, nurse, _patient(turn), now=NOW)
                enrol(session, nurse, patient, _ORDER, now=NOW)

        return Measured(
            f"enrol a patient, {name}",
            rate_of(enrolment),
            f"insert {ROWS_OF_AN_ENROLMENT} rows",
            rate_of(bare),
        )


_ORDER = ProcedureOrder(
    performed_at=NOW - timedelta(hours=2),
    protocol="nucleoplasty_lumbar",
    region="lumbar",
    levels=("L4-L5",),
    technique="radiofrequency",
    baseline_pain=7,
)


def _clinic(engine: Engine) -> Actor:
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


def main() -> int:
    """Measure and print."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    measured = list(pure_paths())
    with tempfile.TemporaryDirectory(prefix="recovery-bench-") as folder:
        measured.append(enrolment_on("SQLite", f"sqlite:///{Path(folder) / 'bench.db'}"))
    with postgresql() as url:
        measured.append(enrolment_on("PostgreSQL", url))
    table = Table(
        "path", "a second", "against", "a second", "ratio", title="make bench", title_justify="left"
    )
    for row in measured:
        bare_rate = f"{row.bare_rate:,.0f}" if row.bare_rate else ""
        table.add_row(row.path, f"{row.rate:,.0f}", row.bare, bare_rate, row.ratio)
    Console().print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
