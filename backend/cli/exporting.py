"""The command that hands a clinic its own data: as rows for a spreadsheet, or one patient's whole record.

What is read goes to the file or the pipe that was asked for, and nowhere else; before that, who takes what is
put on record.
"""

import csv
import json
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, TextIO

import click
from flask.cli import with_appcontext

from backend.cli.whose import actor_in
from backend.db import db, reading, transaction
from backend.errors import Refused
from backend.runtime import current_runtime
from backend.services.exporting import KINDS, Exported, patient_called, record_export, record_of, rows_of

_RECORD: Final = "record"
_FORMULA: Final = ("=", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula in somebody's name."""


@click.command("export")
@click.argument("what", type=click.Choice([*KINDS, _RECORD]))
@click.option("--by", required=True, help="E-mail of the member of staff who takes it, for the audit trail.")
@click.option("--clinic", help="The clinic's name; needed only where there are several.")
@click.option("--patient", help="Whose record: our id, or the clinic's external_id.")
@click.option(
    "--format", "shape", type=click.Choice(["csv", "jsonl"]), help="Default: csv; a record is always jsonl."
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file, readable by nobody else; without it, standard output.",
)
@with_appcontext
def export(
    what: str, by: str, clinic: str | None, patient: str | None, shape: str | None, output: Path | None
) -> None:
    """Write a clinic's patients, answers or outcomes, or everything kept about one patient (record)."""
    if (what == _RECORD) != (patient is not None):
        raise Refused("--patient goes with record, and record with --patient")
    if what == _RECORD and shape == "csv":
        raise Refused("a record has rows of many kinds; it is written as jsonl")
    actor, now = actor_in(clinic, by), current_runtime().clock()
    with _file(output) as file:
        patient_id = None
        with transaction(db.engine, actor.clinic_id) as session:
            if patient is not None:
                patient_id = patient_called(session, patient)
            record_export(session, actor, what, now=now, patient_id=patient_id)
        with reading(), transaction(db.engine, actor.clinic_id) as session:
            rows = rows_of(session, what) if patient_id is None else record_of(session, patient_id)
            as_csv = what != _RECORD and shape != "jsonl"
            count = _write_csv(file, rows) if as_csv else _write_json_lines(file, rows)
    click.echo(f"{what}: {count} rows", err=True)


@contextmanager
def _file(path: Path | None) -> Iterator[TextIO]:
    """Open a new file that only its owner may read; an old one is never written over."""
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a descriptor has no path
        yield file


def _write_csv(file: TextIO, rows: Iterator[Exported]) -> int:
    writer = csv.writer(file)
    written = 0
    for row in rows:
        if not written:
            writer.writerow(row)
        writer.writerow(_cell(value) for value in row.values())
        written += 1
    return written


def _write_json_lines(file: TextIO, rows: Iterator[Exported]) -> int:
    written = 0
    for row in rows:
        file.write(json.dumps(dict(row), default=_plain, ensure_ascii=False) + "\n")
        written += 1
    return written


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return "|".join(str(part) for part in value)
    text = "" if value is None else str(_plain(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    return value.isoformat() if isinstance(value, (date, datetime, time)) else value
