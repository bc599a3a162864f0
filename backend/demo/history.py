"""The demo from its first day to the present: everybody enrols, time passes, answers come.

Deterministic: the same `now` gives the same story (ids apart).
"""

import random
import uuid
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.db import ALL_CLINICS, transaction
from backend.demo.clinic import ZONE, is_empty, open_clinic
from backend.demo.courses import answer_of, minutes_to_answer
from backend.demo.people import PEOPLE, Person, phone_of
from backend.demo.staff import Routine
from backend.demo.stage import Arrived, Stage
from backend.errors import Refused
from backend.models import Account, CarePlan, CheckIn, Patient
from backend.services.check_ins import GivenAnswer, answer_check_in
from backend.services.enrolment import ProcedureOrder, enrol
from backend.services.patients import ConsentGiven, PatientDetails, register_patient
from backend.services.plans import complete, hold

_SEED: Final = 20261123
_SENDER: Final = "+15005550006"
_CLINICIANS: Final = ("Dr. Cem Tanyeli", "Dr. Ece Sarı")
_PLANNED_AHEAD: Final = timedelta(days=12)
_BEFORE_THE_FIRST: Final = timedelta(days=2)


def seed(engine: Engine, *, now: datetime, sender: str | None = None) -> None:
    """Fill an empty database with the demo clinic, as if it had been running for more than a year.

    `sender` is the number patients text back to. Raises Refused when the database is not
    empty. What lies after `now` stays planned, for the real worker.
    """
    if not is_empty(engine):
        raise Refused("the database is not empty; the demo goes only into an empty one")
    _Story(engine, now, sender or _SENDER).tell()


class _Story:
    """The people, the clinic and the stage they meet on."""

    def __init__(self, engine: Engine, now: datetime, sender: str) -> None:
        self._now = now
        self._chance = random.Random(_SEED)  # noqa: S311 - a story, not a secret
        self._people: dict[uuid.UUID, Person] = {}
        first = min(_performed_at(person, now, 0) for person in PEOPLE)
        self._stage = Stage(engine, start=first - _BEFORE_THE_FIRST, zone=ZONE, sender=sender)
        with transaction(engine, ALL_CLINICS) as session:
            self._staff = open_clinic(session, now=self._stage.now, sender=sender)
        routine = Routine(self._stage, self._staff, self._people, self._chance, now)
        self._stage.after_step = routine.look
        self._stage.on_arrival = self._on_arrival
        self._stage.unreachable = self._unreachable

    def tell(self) -> None:
        """Put everybody's enrolment on the agenda and let time pass until now."""
        for place, person in enumerate(PEOPLE):
            performed_at = _performed_at(person, self._now, place)
            enrolled_at = min(performed_at + timedelta(minutes=40), self._now)
            if person.day < 0:
                enrolled_at = min(performed_at - _PLANNED_AHEAD, self._now - timedelta(hours=1))
            self._stage.at(enrolled_at, partial(self._enrol, person, place, performed_at))
        self._stage.play(self._now)
        with transaction(self._stage.engine, ALL_CLINICS) as session:
            self._let_staff_have_looked(session)

    def _enrol(self, person: Person, place: int, performed_at: datetime, session: Session) -> None:
        now = self._stage.now
        patient = register_patient(session, self._staff.nurse, self._details(person, place), now=now)
        order = ProcedureOrder(
            performed_at=performed_at,
            protocol=f"nucleoplasty_{person.region}",
            region=person.region,
            levels=person.levels,
            technique=person.technique,
            anaesthesia=person.anaesthesia,
            baseline_pain=person.baseline,
            clinician=_CLINICIANS[place % len(_CLINICIANS)],
        )
        plan = enrol(session, self._staff.nurse, patient, order, now=now).care_plan
        self._people[patient.id] = person
        for said in person.says:
            self._stage.text_at(self._now - said.ago, patient.phone, said.body)
        for day, value in person.told_by_phone.items():
            self._stage.at(self._day(performed_at, day), partial(self._call, plan.id, value))
        if person.held_since is not None:
            self._stage.at(self._day(performed_at, person.held_since), partial(self._hold, plan.id))
        if person.completed:
            self._stage.at(self._now - timedelta(days=3), partial(self._complete, plan.id))

    def _details(self, person: Person, place: int) -> PatientDetails:
        return PatientDetails(
            given_name=person.given_name,
            family_name=person.family_name,
            phone=phone_of(person),
            language=person.language,
            timezone=person.zone,
            external_id=f"BSC-{1001 + place}",
            birth_date=datetime(person.born, 1 + place % 12, 1 + place % 28, tzinfo=ZoneInfo(ZONE)).date(),
            consent=ConsentGiven(
                given_at=self._stage.now - timedelta(minutes=5), source="clinic", wording="Form SMS-1, signed"
            ),
        )

    def _on_arrival(self, session: Session, arrived: Arrived) -> None:
        """Let the patient answer a question, some time after it has reached the phone."""
        if arrived.purpose != "ask" or arrived.check_in_id is None or arrived.patient_id is None:
            return
        day = session.get_one(CheckIn, arrived.check_in_id).day
        answer = answer_of(self._people[arrived.patient_id], day, self._chance)
        if answer is not None:
            phone = session.get_one(Patient, arrived.patient_id).phone
            moment = self._stage.now + timedelta(minutes=minutes_to_answer(self._chance))
            self._stage.text_at(moment, phone, answer)

    def _call(self, plan_id: uuid.UUID, value: int, session: Session) -> None:
        """Record what a patient told the nurse on the phone, with the newest check-in."""
        newest = session.scalars(
            select(CheckIn)
            .where(CheckIn.care_plan_id == plan_id, CheckIn.due_at <= self._stage.now)
            .order_by(CheckIn.due_at.desc())
            .limit(1)
        ).one()
        answers = [GivenAnswer(question="pain", value=value)]
        answer_check_in(session, self._staff.nurse, newest, answers, source="nurse", now=self._stage.now)

    def _hold(self, plan_id: uuid.UUID, session: Session) -> None:
        plan = session.get_one(CarePlan, plan_id)
        hold(session, self._staff.nurse, plan, reason="in hospital for another reason", now=self._stage.now)

    def _complete(self, plan_id: uuid.UUID, session: Session) -> None:
        plan = session.get_one(CarePlan, plan_id)
        complete(
            session, self._staff.clinician, plan, reason="a year without complaints", now=self._stage.now
        )

    def _unreachable(self, patient_id: uuid.UUID | None) -> bool:
        person = self._people.get(patient_id) if patient_id else None
        if person is None or person.dead_number_from is None:
            return False
        return self._now - timedelta(days=person.day - person.dead_number_from) <= self._stage.now

    def _day(self, performed_at: datetime, day: int) -> datetime:
        return min(performed_at + timedelta(days=day, hours=1), self._now - timedelta(minutes=50))

    def _let_staff_have_looked(self, session: Session) -> None:
        """Leave the nurse's last look a few hours back, so that the worklist can say what is new since."""
        nurse = session.get_one(Account, self._staff.nurse.account_id)
        nurse.last_seen_at = self._now - timedelta(hours=4)


def _performed_at(person: Person, now: datetime, place: int) -> datetime:
    """Return a working hour of the clinic, `person.day` days ago; today's lies at most a few hours back."""
    local = now.astimezone(ZoneInfo(ZONE))
    day = local.date() - timedelta(days=person.day)
    at = datetime.combine(day, time(9 + place % 7, 15 * (place % 4)), ZoneInfo(ZONE))
    if person.day == 0:
        at = max(
            local.replace(hour=0, minute=1, second=0), local - timedelta(hours=3, minutes=25 * (place % 2))
        )
        at = min(at, local - timedelta(seconds=30))
    return at.replace(second=0, microsecond=0).astimezone(now.tzinfo)
