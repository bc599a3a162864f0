"""A file of patients and their procedures, a batch of lines at a time: good lines go in, bad ones are named.

Each line is judged by what the API is judged by: the caller hands in `Readers`, which hold the schemas; the
services' own checks follow. The file is `csv_lines`', its columns `import_columns`', who is known
`import_people`'s. Called by the command line, which opens a transaction for each batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from backend.errors import Invalid
from backend.models import Clinic
from backend.queries.patients import fold_name
from backend.services.actors import Actor
from backend.services.bulk_enrolment import BulkEnrolment, Signed
from backend.services.clinics import clinic_of
from backend.services.csv_lines import Line
from backend.services.import_columns import Body, Wrong, by_column, patient_body, procedure_body
from backend.services.import_people import People, Person, known_people
from backend.services.patients import PatientDetails, check_details
from backend.services.procedure_orders import ProcedureOrder
from notifications.phone import PhoneNumber

Judged = TypeVar("Judged")

BATCH: Final = 100
"""Lines a transaction: some ten thousand rows, held for a fraction of a second."""


@dataclass(frozen=True, slots=True)
class Readers:
    """What turns the API's bodies into what the services take; each raises Invalid naming fields."""

    patient: Callable[[Body], PatientDetails]
    procedure: Callable[[Body], ProcedureOrder]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that did not go in: its number, and by column the sentences that say what would be right."""

    number: int
    wrong: Wrong


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of some lines: `known` added nothing, because all of it is recorded already."""

    patients: int = 0
    procedures: int = 0
    known: int = 0
    bad: tuple[BadLine, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    number: int
    details: PatientDetails
    phone: PhoneNumber
    order: ProcedureOrder | None
    signed: Signed | None

    @property
    def search_name(self) -> str:
        return fold_name(f"{self.details.family_name} {self.details.given_name}")


def import_lines(
    session: Session, actor: Actor, lines: Sequence[Line], readers: Readers, *, now: datetime
) -> Imported:
    """Register and enrol whom these lines tell of, in the session's transaction; nothing is sent.

    A line whose person and procedure are recorded adds nothing; a known person's new procedure is added to
    the person, whose particulars stay as they are.
    """
    clinic = clinic_of(session, actor)
    bulk = BulkEnrolment(session, actor, clinic, now)
    bad: list[BadLine] = []
    candidates: list[_Candidate] = []
    for line in lines:
        try:
            candidates.append(_candidate(line, clinic, bulk, readers))
        except Invalid as error:
            bad.append(BadLine(line.number, error.fields))
    people = known_people(session, clinic.timezone, [(one.details, one.phone) for one in candidates])
    patients = procedures = known = 0
    for candidate in candidates:
        try:
            person = people.find(candidate.details, candidate.search_name, candidate.phone, candidate.order)
        except Invalid as error:
            bad.append(BadLine(candidate.number, error.fields))
            continue
        is_new = person is None
        if person is None:
            person = Person(bulk.register(candidate.details, candidate.phone))
            people.add(person)
        enrolled = _enrol(bulk, people, person, candidate)
        patients += is_new
        procedures += enrolled
        known += not (is_new or enrolled)
    bulk.write()
    return Imported(patients, procedures, known, tuple(sorted(bad, key=lambda line: line.number)))


def _candidate(line: Line, clinic: Clinic, bulk: BulkEnrolment, readers: Readers) -> _Candidate:
    """Judge a line. Raises Invalid naming, by column, everything that cannot be used."""
    wrong: Wrong = dict(line.wrong)

    def judged(judge: Callable[[Any], Judged], given: Any) -> Judged | None:
        if given is None or line.wrong:
            return None
        try:
            return judge(given)
        except Invalid as error:
            wrong.update(by_column(error.fields))
            return None

    details = judged(readers.patient, patient_body(line.cells, clinic))
    phone = judged(lambda told: check_details(clinic, told, now=bulk.now), details)
    order = judged(readers.procedure, procedure_body(line.cells, clinic))
    signed = judged(bulk.signed_for, order)
    if wrong or details is None or phone is None:
        raise Invalid(wrong)
    return _Candidate(line.number, details, phone, order, signed)


def _enrol(bulk: BulkEnrolment, people: People, person: Person, candidate: _Candidate) -> bool:
    """Record the line's procedure unless it is recorded; tell whether it was new."""
    if candidate.order is None or candidate.signed is None:
        return False
    place = people.place(candidate.order)
    if place in person.procedures:
        return False
    bulk.enrol(person.patient, candidate.order, candidate.signed)
    person.procedures.add(place)
    return True
