"""A clinic's patients from a file: who goes in, who is known, and what each bad line is told."""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.cli.importing import READERS
from backend.db import Base, ScopeError, transaction
from backend.errors import UnreadableFile
from backend.models import AuditEvent, CarePlan, ConsentEvent, Patient, Procedure
from backend.models.rows import insert_rows
from backend.services.actors import audit_row
from backend.services.csv_lines import read_lines
from backend.services.import_columns import CONSENT, PATIENT, PROCEDURE, check_columns
from backend.services.importing import Imported, import_lines
from backend.services.procedure_changes import NewCourse
from backend.services.replanning import replan
from tests.house.sources import document
from tests.world import CLINIC, PHONE, World

HEADER = (
    "given_name,family_name,phone,external_id,performed_at,protocol,region,levels,technique,baseline_pain"
)
AYSE = f"Ayşe,Yılmaz,{PHONE},A1,2026-11-20T10:30,nucleoplasty_lumbar,lumbar,L4-L5,radiofrequency,7"
ALI = "Ali,Kaya,+905339876543,,2026-11-21,nucleoplasty_lumbar,lumbar,L4-L5|L5-S1,laser,"
TABLES = (
    *("patients", "consent_events", "procedures", "care_plans", "milestones", "restrictions", "check_ins"),
    *("outbound_messages", "message_events", "audit_events"),
)

PAGE = "docs/import.md"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def take(world: World, *lines: str, header: str = HEADER) -> Imported:
    """Import a file of these lines, as the command does."""
    raw = [f"{line}\n".encode() for line in (header, *lines)]
    with transaction(world.engine, world.nurse.clinic_id) as session:
        batch = list(read_lines(raw, check_columns))
        return import_lines(session, world.nurse, batch, READERS, now=world.now)


def wrong(done: Imported) -> dict[int, list[str]]:
    """The columns that are bad, by line."""
    return {line.number: sorted(line.wrong) for line in done.bad}


def counts(done: Imported) -> tuple[int, int, int, int]:
    """Patients, procedures, lines recorded already, bad lines."""
    return done.patients, done.procedures, done.known, len(done.bad)


def test_a_line_registers_and_enrols_a_patient(world: World) -> None:
    assert counts(take(world, AYSE, ALI)) == (2, 2, 0, 0)
    procedures = {row.performed_at: row for row in world.rows(Procedure)}
    assert sorted(procedures) == [
        datetime(2026, 11, 20, 7, 30, tzinfo=UTC),  # the clinic's own hour
        datetime(2026, 11, 21, 6, 0, tzinfo=UTC),  # a mere day is nine o'clock
    ]
    assert [row.levels for row in world.rows(Procedure, Procedure.technique == "laser")] == [
        ["L4-L5", "L5-S1"]
    ]


def test_a_second_run_of_the_same_file_adds_nothing(world: World) -> None:
    take(world, AYSE, ALI)
    before = rows_by_table(world)
    assert counts(take(world, AYSE, ALI)) == (0, 0, 2, 0)
    assert rows_by_table(world) == before


def test_the_good_lines_go_in_and_each_bad_one_is_named_by_number_and_column(world: World) -> None:
    done = take(
        world,
        AYSE,
        ALI.replace("laser,", "magic,17").replace("+905339876543", "12"),
        ",Kaya,+905339876544,,,,,,,",
        "Can,Demir",
        'Ece,"Ak,+905339876545,,,,,,,',
        ALI.replace("2026-11-21", "soon"),
        ALI,
    )
    assert counts(done) == (2, 2, 0, 5)
    assert wrong(done) == {
        3: ["baseline_pain", "phone"],
        4: ["given_name"],
        5: ["line"],
        6: ["line"],
        7: ["performed_at"],
    }
    assert all(sentence for line in done.bad for said in line.wrong.values() for sentence in said)


def test_a_line_that_is_not_utf8_is_named_with_its_column(world: World) -> None:
    lines = [f"{HEADER}\n".encode(), ALI.replace("Kaya", "Yıldız").encode("cp1254"), AYSE.encode()]
    read = list(read_lines(lines, check_columns))
    assert [(line.number, sorted(line.wrong)) for line in read] == [(2, ["family_name"]), (3, [])]


def test_a_byte_order_mark_and_semicolons_are_understood(world: World) -> None:
    header, line = HEADER.replace(",", ";"), AYSE.replace(",", ";")
    assert counts(take(world, line, "", header=f"\ufeff{header}")) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "the file is empty"),
        ("given_name,family_name", "columns are missing: phone"),
        ("given_name,family_name,phone,shoe_size", "unknown columns: shoe_size"),
        ("given_name,family_name,phone,phone", "more than once: phone"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_as_a_whole(world: World, header: str, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        take(world, AYSE, header=header)


def test_consent_comes_from_its_columns_and_is_the_imports_where_nobody_says(world: World) -> None:
    header = "given_name,family_name,phone,consent_given_at,consent_wording"
    take(world, f"Ayşe,Yılmaz,{PHONE},2026-11-20,I agree", header=header)
    (event,) = world.rows(ConsentEvent)
    assert (event.source, event.wording, event.given_at) == (
        "import",
        "I agree",
        datetime(2026, 11, 19, 21, 0, tzinfo=UTC),
    )


def test_consent_that_lies_ahead_is_named_by_its_column(world: World) -> None:
    header = "given_name,family_name,phone,consent_given_at"
    assert wrong(take(world, f"Ayşe,Yılmaz,{PHONE},2027-01-01", header=header)) == {2: ["consent_given_at"]}


def test_a_known_patient_gets_a_new_procedure_and_one_welcome(world: World) -> None:
    take(world, AYSE)
    assert counts(take(world, AYSE.replace("2026-11-20", "2026-11-22"))) == (0, 1, 0, 0)
    assert len(world.rows(Patient)) == 1
    assert len(world.messages(template="welcome")) == 1


def test_a_procedure_that_was_moved_since_is_not_added_again(world: World) -> None:
    ahead = AYSE.replace("2026-11-20", "2026-12-20")
    take(world, ahead)
    (procedure,) = world.rows(Procedure)
    move(world, procedure, by=timedelta(days=3))
    assert counts(take(world, ahead)) == (0, 0, 1, 0)


def test_two_people_on_one_number_both_go_in(world: World) -> None:
    done = take(world, ALI, ALI.replace("Ali", "Fatma").replace("2026-11-21", "2026-11-20"))
    assert counts(done) == (2, 2, 0, 0)


def test_the_same_procedure_under_another_name_is_never_guessed(world: World) -> None:
    take(world, ALI)
    assert wrong(take(world, ALI.replace("Kaya", "Kara"))) == {2: ["external_id"]}


def test_an_id_that_is_somebody_elses_is_named(world: World) -> None:
    take(world, AYSE)
    assert wrong(take(world, ALI.replace(",,", ",A1,", 1))) == {2: ["external_id"]}


def test_a_person_on_two_lines_of_one_file_is_registered_once(world: World) -> None:
    assert counts(take(world, AYSE, AYSE)) == (1, 1, 1, 0)


def test_a_protocol_nobody_signed_is_named_by_its_column(world: World) -> None:
    assert wrong(take(world, AYSE.replace("nucleoplasty_lumbar", "knee"))) == {2: ["protocol"]}


def test_the_checklist_is_answered_by_columns_of_its_own(world: World) -> None:
    take(world, f"{AYSE},yes", header=f"{HEADER},selection.contained_herniation")
    assert [row.selection for row in world.rows(Procedure)] == [{"contained_herniation": "yes"}]


def test_what_is_imported_is_what_would_have_been_enrolled(world: World) -> None:
    """One patient by the services, one by the file, in two clinics: every column of every row is the same."""
    patient = world.patient(external_id="A1")
    world.enrol(patient, performed_at=datetime(2026, 11, 20, 7, 30, tzinfo=UTC), baseline_pain=7)
    by_hand = everything(world, clinic=world.nurse.clinic_id)
    world.nurse = world.open_clinic(CLINIC)
    take(world, f"{AYSE},{world.now.isoformat()},clinic", header=f"{HEADER},consent_given_at,consent_source")
    by_file = everything(world, clinic=world.nurse.clinic_id)
    assert {name: len(rows) for name, rows in by_file.items()} == {
        name: len(rows) for name, rows in by_hand.items()
    }
    assert by_file == by_hand


def test_a_batch_of_another_clinics_rows_is_refused(world: World) -> None:
    other = world.open_clinic(CLINIC)
    row = audit_row(other, "enrol", "patient", other.clinic_id, now=world.now)
    with transaction(world.engine, world.nurse.clinic_id) as session, pytest.raises(ScopeError):
        insert_rows(session, AuditEvent, [row])


def test_the_page_about_the_file_names_every_column() -> None:
    columns = {*PATIENT, *CONSENT, *PROCEDURE}
    assert {column for column in columns if f"`{column}`" not in document(PAGE)} == set()


def test_the_pages_example_goes_in(world: World) -> None:
    example = document(PAGE).split("```csv\n")[1].split("```")[0]
    header, *lines = example.splitlines()
    assert counts(take(world, *lines, header=header)) == (2, 2, 0, 0)


def rows_by_table(world: World) -> dict[str, int]:
    """How many rows each table has."""
    with world.engine.connect() as connection:
        return {
            name: connection.execute(
                select(func.count()).select_from(Base.metadata.tables[name])
            ).scalar_one()
            for name in TABLES
        }


def move(world: World, procedure: Procedure, *, by: timedelta) -> None:
    """Let the clinic move a procedure."""
    course = NewCourse(performed_at=procedure.performed_at + by)
    with transaction(world.engine, world.nurse.clinic_id) as session:
        plan = session.scalars(select(CarePlan).where(CarePlan.procedure_id == procedure.id)).one()
        replan(session, world.nurse, plan, course, reason="a cold", now=world.now)


def everything(world: World, clinic: uuid.UUID) -> dict[str, list[str]]:
    """Every row of a clinic of one patient, by table; ids are replaced by what they are the ids of."""
    names: dict[str, str] = {str(clinic): "clinic"}
    found: dict[str, list[dict[str, Any]]] = {}
    with world.engine.connect() as connection:
        for name in TABLES:
            table = Base.metadata.tables[name]
            stored = connection.execute(select(table).where(table.c.clinic_id == clinic)).mappings()
            found[name] = [dict(row) for row in stored if row.get("action") != "sign_protocol"]
    for name, rows in found.items():
        for row in rows:
            place = [str(row[column]) for column in ("step_key", "occurrence", "purpose") if column in row]
            names.setdefault(str(row["id"]), f"{name}/{'/'.join(place)}")
    return {
        name: sorted(named(str(sorted(row.items())), names) for row in rows) for name, rows in found.items()
    }


def named(text: str, names: Mapping[str, str]) -> str:
    """Replace ids by names in a text."""
    return UUID.sub(lambda found: names.get(found[0], found[0]), text)
