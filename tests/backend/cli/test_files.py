"""Files in and out: patients taken over from a CSV file, and what a clinic takes with it."""

import csv
import io
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select

from backend.cli import cli
from backend.db import transaction
from backend.models import AuditEvent, Patient
from backend.services.accounts import create_staff
from tests.world import CLINIC, PHONE, World

HEADER = "given_name,family_name,phone,external_id,performed_at,protocol,region,levels,technique"
GOOD = f"Ayşe,Yılmaz,{PHONE},A1,2026-11-20,nucleoplasty_lumbar,lumbar,L4-L5,radiofrequency"
BAD = "Ali,Kaya,12,,,,,,"
NURSE = "elif@clinic.example"


@pytest.fixture
def call(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch):
    """Call a command on the world's own database, in which Elif may sign in."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.delenv("TWILIO_ACCOUNT_SID", raising=False)
    with transaction(world.engine) as session:
        create_staff(session, world.nurse.clinic_id, NURSE, "a-long-password", "Elif", "nurse", world.now)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a good line and a bad one."""
    path = tmp_path / "patients.csv"
    path.write_text(f"{HEADER}\n{GOOD}\n{BAD}\n", encoding="utf-8")
    return path


def patients(engine: Engine) -> int:
    """How many patients there are."""
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(Patient.__table__)).scalar_one()


def test_the_good_lines_go_in_and_a_bad_one_makes_the_exit_code_2(call, file, engine):
    done = call("import-patients", str(file))
    assert (done.exit_code, patients(engine)) == (2, 1)
    assert "line 3: phone: " in done.stderr
    assert done.stdout == "1 patients and 1 procedures added, 0 lines recorded already, 1 lines bad\n"


def test_a_file_without_a_mistake_ends_with_0_also_the_second_time(call, file):
    file.write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-8")
    assert call("import-patients", str(file)).exit_code == 0
    again = call("import-patients", str(file))
    assert (again.exit_code, again.stdout.split(",")[0]) == (0, "0 patients and 0 procedures added")


def test_a_dry_run_says_the_same_and_keeps_nothing(call, file, engine):
    done = call("import-patients", str(file), "--dry-run")
    assert (done.exit_code, patients(engine)) == (2, 0)
    assert done.stdout.startswith("1 patients and 1 procedures would be added")


def test_the_bad_lines_go_to_a_report_without_what_stood_in_them(call, file, tmp_path):
    report = tmp_path / "errors.csv"
    call("import-patients", str(file), "--report", str(report))
    header, *rows = csv.reader(io.StringIO(report.read_text(encoding="utf-8")))
    assert header == ["line", "column", "what would be right"]
    assert [row[:2] for row in rows] == [["3", "phone"]]


def test_a_file_with_a_column_nobody_knows_is_refused_in_one_line(call, tmp_path):
    file = tmp_path / "patients.csv"
    file.write_text("given_name,family_name,phone,shoe_size\n", encoding="utf-8")
    done = call("import-patients", str(file))
    assert (done.exit_code, "unknown columns: shoe_size" in done.output) == (2, True)


def test_an_import_leaves_no_name_or_number_in_the_log(call, file, caplog):
    call("import-patients", str(file))
    assert not any(secret in caplog.text for secret in (PHONE, "Yılmaz", "Ayşe"))


def test_who_imported_is_on_record(call, file, world):
    call("import-patients", str(file), "--by", NURSE)
    assert {event.actor for event in world.rows(AuditEvent, AuditEvent.action == "enrol")} == {"Elif"}


def test_a_clinics_patients_are_exported_as_csv(call, world):
    world.enrol()
    done = call("export", "patients", "--by", NURSE)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (done.exit_code, row["given_name"], row["phone"]) == (0, "Ayşe", PHONE)


@pytest.mark.parametrize("what", ["answers", "outcomes"])
def test_what_came_of_procedures_is_exported_as_json_lines(call, world, what):
    world.enrol()
    world.at(2026, 11, 24, 9, 0).tick()
    world.text_in("6")
    done = call("export", what, "--by", NURSE, "--format", "jsonl")
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert row["value" if what == "answers" else "newest_pain"] == 6


def test_another_clinics_patients_are_not_among_them(call, world):
    other = world.open_clinic(replace(CLINIC, name="Second"))
    world.enrol(actor=other)
    done = call("export", "patients", "--by", NURSE, "--clinic", CLINIC.name)
    assert (done.exit_code, done.stdout) == (0, "")


def test_a_record_holds_everything_kept_about_one_patient(call, world, tmp_path):
    world.enrol(world.patient(external_id="A1"))
    world.patient(given_name="Ali", phone="+905339876543")
    file = tmp_path / "record.jsonl"
    done = call("export", "record", "--patient", "A1", "--by", NURSE, "--output", str(file))
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert done.exit_code == 0, done.output
    assert {
        "patients",
        "consent_events",
        "procedures",
        "care_plans",
        "outbound_messages",
        "audit_events",
    } <= {row["table"] for row in rows}
    assert "Ali" not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_export_is_on_record_with_who_and_what(call, world):
    call("export", "patients", "--by", NURSE)
    (event,) = world.rows(AuditEvent, AuditEvent.action == "export")
    assert (event.actor, event.subject, event.detail) == ("Elif", "clinic", {"what": "patients"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("record",), "--patient"),
        (("patients", "--patient", "A1"), "--patient"),
        (("record", "--patient", "A1", "--format", "csv"), "jsonl"),
        (("record", "--patient", "nobody"), "no patient"),
    ],
)
def test_an_export_that_makes_no_sense_is_refused_in_one_line(call, arguments, said):
    done = call("export", *arguments, "--by", NURSE)
    assert (done.exit_code, said in done.output) == (2, True)


def test_nobody_exports_without_being_of_the_staff(call):
    done = call("export", "patients", "--by", "somebody@elsewhere.example")
    assert (done.exit_code, "staff" in done.output) == (2, True)


def test_an_export_never_writes_over_a_file(call, file):
    done = call("export", "patients", "--by", NURSE, "--output", str(file))
    assert (done.exit_code, file.read_text(encoding="utf-8").startswith(HEADER)) == (2, True)
