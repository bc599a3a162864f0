"""Who of a file the clinic knows already, and which of their procedures: what keeps a second run from adding.

A person is the clinic's own `external_id`; without one, the same number and name. A procedure is a person, a
region and a day of the clinic, whatever has become of it since. Read once a batch; called by the import.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend.errors import Invalid
from backend.models import CarePlan, Patient, PlanRevision, Procedure
from backend.services.patients import PatientDetails
from backend.services.procedure_orders import ProcedureOrder
from notifications.phone import PhoneNumber

Place = tuple[str, date]
"""A region, and a day of the clinic."""

_OTHER_PERSON: Final = "this is a patient of another name here; mend the name or the id."
_SEVERAL: Final = "several patients have this name and number; give the id of the one you mean."
_OTHER_NAME: Final = (
    "this procedure is recorded under another name with this number; mend the name, or give an id of its own."
)


@dataclass(slots=True)
class Person:
    """A patient, and the procedures that are recorded or were moved from their day."""

    patient: Patient
    procedures: set[Place] = field(default_factory=set)


class People:
    """The patients a batch of lines may mean; those the batch registers are added as it goes."""

    def __init__(self, zone: str, people: Iterable[Person] = ()) -> None:
        self._zone = ZoneInfo(zone)
        self._people: dict[uuid.UUID, Person] = {}
        self._by_external_id: dict[str, Person] = {}
        self._by_phone: dict[str, list[Person]] = {}
        for person in people:
            self.add(person)

    def add(self, person: Person) -> None:
        """Know one more person."""
        patient = person.patient
        self._people[patient.id] = person
        if patient.external_id:
            self._by_external_id[patient.external_id] = person
        self._by_phone.setdefault(patient.phone, []).append(person)

    def place(self, order: ProcedureOrder) -> Place:
        """Return what makes a procedure of a person the same procedure."""
        return order.region, order.performed_at.astimezone(self._zone).date()

    def find(
        self, details: PatientDetails, search_name: str, phone: PhoneNumber, order: ProcedureOrder | None
    ) -> Person | None:
        """Return the person a line means, None when nobody is known.

        Raises Invalid when it could be somebody else: a number and a procedure that stand under another
        name, an `external_id` that does, several of one name on one number.
        """
        place = self.place(order) if order else None
        known = self._by_external_id.get(details.external_id) if details.external_id else None
        if known is not None:
            if place not in known.procedures and known.patient.search_name != search_name:
                raise Invalid(
                    {"external_id": ["this is a patient of another name here; mend one of the two."]}
                )
            return known
        same_number = self._by_phone.get(phone.e164, [])
        if details.external_id:
            same_number = [person for person in same_number if not person.patient.external_id]
        same = [person for person in same_number if person.patient.search_name == search_name]
        if len(same) > 1:
            raise Invalid(
                {"external_id": ["several patients have this name and number; say who by this id."]}
            )
        if same:
            return same[0]
        if not details.external_id and any(place in person.procedures for person in same_number if place):
            raise Invalid({"external_id": [_OTHER_NAME]})
        return None


def known_people(session: Session, zone: str, whom: Sequence[tuple[PatientDetails, PhoneNumber]]) -> People:
    """Return those of the clinic's patients who have one of these ids or numbers. Three statements."""
    ids = {details.external_id for details, _ in whom if details.external_id}
    numbers = {phone.e164 for _, phone in whom}
    found = session.scalars(
        select(Patient)
        .where(or_(Patient.external_id.in_(ids), Patient.phone.in_(numbers)))
        .order_by(Patient.created_at, Patient.id)
    )
    people = {patient.id: Person(patient) for patient in found}
    for patient_id, region, at in _procedures(session, list(people)):
        people[patient_id].procedures.add((region, at.astimezone(ZoneInfo(zone)).date()))
    return People(zone, people.values())


def _procedures(
    session: Session, patient_ids: Sequence[uuid.UUID]
) -> Iterable[tuple[uuid.UUID, str, datetime]]:
    """Return whose procedures were when: the instants they have, and those they were moved from."""
    if not patient_ids:
        return
    recorded = session.execute(
        select(Procedure.patient_id, Procedure.region, Procedure.performed_at).where(
            Procedure.patient_id.in_(patient_ids)
        )
    )
    for patient_id, region, performed_at in recorded:
        yield patient_id, region, performed_at
    moved = session.execute(
        select(Procedure.patient_id, Procedure.region, PlanRevision.before["terms"]["anchor_at"].as_string())
        .join(CarePlan, CarePlan.procedure_id == Procedure.id)
        .join(PlanRevision, PlanRevision.care_plan_id == CarePlan.id)
        .where(PlanRevision.patient_id.in_(patient_ids))
    )
    for patient_id, region, performed_at in moved:
        yield patient_id, region, datetime.fromisoformat(performed_at)
