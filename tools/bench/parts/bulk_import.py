"""Patients from a CSV file, held against a bare Core insert of the very same rows, batch by batch in turn."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, insert, select

from backend.cli.importing import READERS
from backend.db import Base, make_engine, transaction
from backend.services.actors import Actor
from backend.services.csv_lines import read_lines
from backend.services.import_columns import check_columns
from backend.services.importing import BATCH, import_lines
from tools.bench.databases import POSTGRESQL, SQLITE
from tools.bench.parts.hot_paths import NOW, open_clinic
from tools.bench.report import Sheet, against
from tools.bench.run import Run
from tools.bench.usage import resident_megabytes

AIM: Final = 0.5
_HEADER: Final = (
    b"given_name,family_name,phone,language,timezone,external_id,birth_date,consent_given_at,consent_source,"
    b"performed_at,protocol,region,levels,technique,anaesthesia,baseline_pain\n"
)
_TABLES: Final = (
    "patients",
    "consent_events",
    "procedures",
    "care_plans",
    "milestones",
    "restrictions",
    "check_ins",
    "outbound_messages",
    "message_events",
    "audit_events",
)


def bulk_import(run: Run) -> list[Sheet]:
    """Import a file on both databases, and insert what came of it into a second database of the kind."""
    sheet = Sheet(
        "Patients from a CSV file",
        ("database", "patients", "rows", "a second", "bare insert, a second", "ratio", "MB grown"),
    )
    for kind in (SQLITE, POSTGRESQL):
        with run.databases.fresh(kind) as url, run.databases.fresh(kind) as bare_url:
            sheet.rows.append(_measure(run, kind, url, bare_url, sheet))
    sheet.notes.append(
        "one file, read, judged line by line and enrolled in batches of 100 lines; no two procedures at one "
        "instant; the bare insert writes the same rows by Core, as many a transaction, from dicts in memory"
    )
    return [sheet]


def _measure(run: Run, kind: str, url: str, bare_url: str, sheet: Sheet) -> tuple[str, ...]:
    engine, bare_engine = make_engine(url), make_engine(bare_url)
    nurse = open_clinic(engine)
    _copy_clinic(engine, bare_engine, nurse)
    patients, rows, spent, bare = run.sizes.patients, 0, 0.0, 0.0
    lines = read_lines(_file(patients), check_columns)
    at_first = 0.0
    with run.step(f"patients from a file, {kind}", patients) as so_far:
        done = 0
        while True:
            started = time.perf_counter()
            batch = list(islice(lines, BATCH))
            if not batch:
                break
            with transaction(engine, nurse.clinic_id) as session:
                imported = import_lines(session, nurse, batch, READERS, now=NOW)
            spent += time.perf_counter() - started
            assert imported.patients == imported.procedures == len(batch), "every line of the file is good"
            written = _written(engine, [f"B{done + turn}" for turn in range(len(batch))])
            bare += _insert(bare_engine, written)
            rows += sum(len(found) for found in written.values())
            done += len(batch)
            so_far(done)
            at_first = at_first or resident_megabytes(os.getpid())
    grown = resident_megabytes(os.getpid()) - at_first
    engine.dispose()
    bare_engine.dispose()
    ratio = bare / spent
    sheet.notes.append(
        f"aim: {kind}, at least {AIM:g} of the bare rate: {against(ratio, AIM, at_most=False)}"
    )
    return (
        kind,
        f"{patients:,}",
        f"{rows:,}",
        f"{patients / spent:,.0f}",
        f"{patients / bare:,.0f}",
        f"{ratio:.2f}",
        f"{grown:+.0f}",
    )


def _file(patients: int) -> Iterator[bytes]:
    """The file's lines: people operated on over the last sixty days, each at a minute of their own."""
    yield _HEADER
    for turn in range(patients):
        performed_at = NOW - timedelta(hours=2, minutes=turn * 60 * 24 * 60 // max(patients, 1))
        yield (
            f"Ayşe,Yılmaz {turn},+90501{turn:07d},tr,Europe/Istanbul,B{turn},1970-05-17,2026-09-01,clinic,"
            f"{performed_at.isoformat()},nucleoplasty_lumbar,lumbar,L4-L5|L5-S1,radiofrequency,local,7\n"
        ).encode()


def _written(engine: Engine, external_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that a batch has become, by table."""
    with engine.connect() as connection:
        patients = _table("patients")
        found = {"patients": _rows(connection, patients, patients.c.external_id.in_(external_ids))}
        ids = [row["id"] for row in found["patients"]]
        for name in _TABLES[1:]:
            table = _table(name)
            if name == "message_events":
                messages = [row["id"] for row in found["outbound_messages"]]
                found[name] = _rows(connection, table, table.c.message_id.in_(messages))
            else:
                found[name] = _rows(connection, table, table.c.patient_id.in_(ids))
    return found


def _rows(connection: Connection, table: Table, which: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table).where(which)).mappings()]


def _insert(engine: Engine, rows: dict[str, list[dict[str, Any]]]) -> float:
    started = time.perf_counter()
    with engine.begin() as connection:
        for name, given in rows.items():
            connection.execute(insert(_table(name)), given)
    return time.perf_counter() - started


def _copy_clinic(engine: Engine, bare_engine: Engine, nurse: Actor) -> None:
    clinics = _table("clinics")
    with engine.connect() as connection, bare_engine.begin() as bare:
        bare.execute(insert(clinics), _rows(connection, clinics, clinics.c.id == nurse.clinic_id))


def _table(name: str) -> Table:
    return Base.metadata.tables[name]
