"""The command that takes a clinic's patients over from a file.

What it shows are line numbers, columns and what would be right; nothing of the file goes to a log. What is
right is said by the API's own schemas and by the services.
"""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
from flask.cli import with_appcontext
from marshmallow import Schema, ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import IntegrityError

from backend.api.schemas.patients import NewPatient, NewProcedure
from backend.cli.whose import actor_in
from backend.db import db, transaction
from backend.errors import Conflict, Invalid
from backend.runtime import current_runtime
from backend.services.csv_lines import Line, read_lines
from backend.services.import_columns import Body, check_columns
from backend.services.importing import BATCH, BadLine, Imported, Readers, import_lines
from backend.services.patients import ConsentGiven, PatientDetails
from backend.services.procedure_orders import ProcedureOrder

_PATIENT, _PROCEDURE = NewPatient(), NewProcedure()
_SOME_LINES_WERE_BAD = 2

Tell = Callable[[BadLine], None]


@click.command("import-patients")
@click.argument("file", type=click.File("rb"))
@click.option("--clinic", help="The clinic's name; needed only where there are several.")
@click.option("--by", help="E-mail of the member of staff who imports, for the audit trail.")
@click.option("--dry-run", is_flag=True, help="Try every line, and keep nothing.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Also write the bad lines to this CSV file: line, column, what would be right.",
)
@click.pass_context
@with_appcontext
def import_patients(
    context: click.Context,
    file: BinaryIO,
    clinic: str | None,
    by: str | None,
    report: Path | None,
    *,
    dry_run: bool,
) -> None:
    """Register and enrol the patients in the CSV file FILE; docs/import.md names its columns.

    The good lines go in, each bad one is named, and then the exit code is 2. What is recorded already is not
    added again.
    """
    actor, now = actor_in(clinic, by), current_runtime().clock()
    lines = read_lines(file, check_columns)
    total, bad = Imported(), 0

    def take(batch: list[Line]) -> Imported:
        with transaction(db.engine, actor.clinic_id) as session:
            done = import_lines(session, actor, batch, READERS, now=now)
            if dry_run:
                session.rollback()
        return done

    with _progress(file) as (console, advance), _bad_lines(console, report) as tell:
        while batch := list(islice(lines, BATCH)):
            done = _twice(take, batch)
            for line in done.bad:
                tell(line)
            bad += len(done.bad)
            total = replace(
                total,
                patients=total.patients + done.patients,
                procedures=total.procedures + done.procedures,
                known=total.known + done.known,
            )
            advance()
    click.echo(_summary(total, bad, dry_run=dry_run))
    if bad:
        context.exit(_SOME_LINES_WERE_BAD)


def _patient(body: Body) -> PatientDetails:
    given = _load(_PATIENT, body)
    consent = given.pop("sms_consent", None)
    return PatientDetails(**given, consent=ConsentGiven(**consent) if consent else None)


def _procedure(body: Body) -> ProcedureOrder:
    given = _load(_PROCEDURE, body)
    return ProcedureOrder(**given | {"levels": tuple(given["levels"])})


READERS: Final = Readers(_patient, _procedure)
"""The API's own schemas, as an import reads a line by them."""


def _load(schema: Schema, body: Body) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(body)
    except ValidationError as error:
        raise Invalid(error.messages_dict) from error
    return loaded


def _twice(take: Callable[[list[Line]], Imported], batch: list[Line]) -> Imported:
    """Take a batch again when somebody else recorded one of its people just now: then it is known."""
    try:
        return take(batch)
    except IntegrityError:
        try:
            return take(batch)
        except IntegrityError as error:
            reason = "somebody else is recording the same people; what is in stays, run the command again"
            raise Conflict(f"lines {batch[0].number} to {batch[-1].number}: {reason}") from error


def _summary(total: Imported, bad: int, *, dry_run: bool) -> str:
    done = "would be added" if dry_run else "added"
    return (
        f"{total.patients} patients and {total.procedures} procedures {done},"
        f" {total.known} lines recorded already, {bad} lines bad"
    )


@contextmanager
def _progress(file: BinaryIO) -> Iterator[tuple[Console, Callable[[], None]]]:
    """Show how much of the file is read, where somebody watches; a pipe has no size, so nothing is shown."""
    console = Console(stderr=True, soft_wrap=True)
    size = os.fstat(file.fileno()).st_size if file.seekable() else 0
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    shown = console.is_terminal and size > 0
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        task = progress.add_task("patients", total=size)
        yield console, lambda: progress.update(task, completed=file.tell()) if shown else None


@contextmanager
def _bad_lines(console: Console, report: Path | None) -> Iterator[Tell]:
    """Say what is wrong on standard error, and in the report if there is to be one."""
    if report is None:
        yield lambda line: _say(console, line)
        return
    with report.open("w", encoding="utf-8", newline="") as written:
        rows = csv.writer(written)
        rows.writerow(("line", "column", "what would be right"))

        def tell(line: BadLine) -> None:
            _say(console, line)
            rows.writerows((line.number, column, " ".join(said)) for column, said in line.wrong.items())

        yield tell


def _say(console: Console, line: BadLine) -> None:
    for column, said in line.wrong.items():
        console.print(
            f"line {line.number}: {column}: {' '.join(said)}", markup=False, highlight=False, soft_wrap=True
        )
