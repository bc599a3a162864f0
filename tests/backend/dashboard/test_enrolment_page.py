"""The enrolment form: one form, all or nothing, and nothing typed is lost."""

from typing import Any

import pytest

from backend.models import CarePlan, ConsentEvent, Patient, Procedure
from tests.backend.dashboard.readers import Reader, words
from tests.world import World

GIVEN: dict[str, Any] = {
    "given_name": "Ayşe",
    "family_name": "Yılmaz",
    "phone": "0532 123 45 67",
    "language": "tr",
    "timezone": "Europe/Istanbul",
    "protocol": "nucleoplasty_lumbar",
    "levels": ["L4-L5", "L5-S1"],
    "performed_at": "2026-11-22T14:30",
    "technique": "radiofrequency",
    "anaesthesia": "local",
    "baseline_pain": "8",
    "consent": "yes",
}


def test_a_right_form_enrols_and_leads_to_the_patient(world: World, nurse: Reader) -> None:
    answer = nurse.submit("/patients/new", **GIVEN)
    patient = world.rows(Patient)[0]
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/patients/{patient.id}"
    assert "Enrolled. The plan is made" in nurse.read(f"/patients/{patient.id}")


def test_the_time_typed_is_the_clinics(world: World, nurse: Reader) -> None:
    nurse.submit("/patients/new", **GIVEN)
    assert world.rows(Procedure)[0].performed_at.isoformat() == "2026-11-22T11:30:00+00:00"


def test_a_number_as_dialled_in_the_clinics_country_is_understood(world: World, nurse: Reader) -> None:
    nurse.submit("/patients/new", **GIVEN)
    assert world.rows(Patient)[0].phone == "+905321234567"


def test_consent_is_kept_with_who_recorded_it(world: World, nurse: Reader) -> None:
    nurse.submit("/patients/new", **GIVEN)
    consent = world.rows(ConsentEvent)[0]
    assert (consent.state, consent.source, consent.recorded_by) == ("opted_in", "clinic", nurse.account_id)


def test_without_consent_the_plan_is_made_and_nothing_may_be_sent(world: World, nurse: Reader) -> None:
    nurse.submit("/patients/new", **{**GIVEN, "consent": ""})
    assert world.rows(Patient)[0].consent_state == "none"
    assert len(world.rows(CarePlan)) == 1


def test_work_flight_and_checklist_are_kept_with_the_procedure(world: World, nurse: Reader) -> None:
    more = {"job": "desk", "flies_home_on": "2026-11-28", "selection_stenosis": "no"}
    nurse.submit("/patients/new", **GIVEN, **more)
    procedure = world.rows(Procedure)[0]
    assert (procedure.job, str(procedure.flies_home_on)) == ("desk", "2026-11-28")
    assert procedure.selection == {"stenosis": "no"}


def test_what_speaks_against_the_procedure_is_said_and_stops_nothing(world: World, nurse: Reader) -> None:
    nurse.submit("/patients/new", **GIVEN, selection_stenosis="yes", selection_instability="not_known")
    patient = world.rows(Patient)[0]
    page = nurse.read(f"/patients/{patient.id}")
    assert "Not advised with spinal stenosis." in page
    assert "Not known" not in page


def test_the_checklist_is_asked_once_for_both_protocols(nurse: Reader) -> None:
    assert nurse.read("/patients/new").count("The spine is unstable") == 1


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("flies_home_on", "2026-11-21", "Give a day on or after the procedure."),
        ("job", "pilot", "Choose one of the kinds of work offered."),
        ("given_name", " ", "Give a name."),
        ("phone", "0212 555 01 00", "Give a mobile number that can receive texts"),
        ("phone", "12", "Give a mobile number that can receive texts"),
        ("timezone", "Istanbul time", "Choose a time zone from the list"),
        ("language", "fr", "Choose one of the languages offered."),
        ("birth_date", "2030-01-01", "Give a day in the past"),
        ("performed_at", "", "Give a date and time within the last ten years"),
        ("performed_at", "yesterday", "Give a date and time within the last ten years"),
        ("performed_at", "2011-01-01T10:00", "Give a date and time within the last ten years"),
        ("performed_at", "2028-01-01T10:00", "Give a date and time within the last ten years"),
        ("protocol", "", "Choose one of the protocols signed off"),
        ("levels", ["C5-C6"], "Choose at least one disc level."),
        ("technique", "steam", "Choose one of the techniques offered."),
        ("baseline_pain", "eleven", "Choose a number from 0 to 10, or none."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(
    world: World, nurse: Reader, field: str, typed: Any, said: str
) -> None:
    answer = nurse.submit("/patients/new", **{**GIVEN, field: typed})
    assert answer.status_code == 422
    beside = answer.text.split(f'id="f-{field}-wrong"', 1)[1].split("</ul>", 1)[0]
    assert said in words(beside)
    assert world.rows(Patient) == []


def test_what_was_typed_is_still_there(nurse: Reader) -> None:
    page = nurse.submit("/patients/new", **{**GIVEN, "phone": "12", "clinician": "Dr <K>"}).text
    assert 'value="Yılmaz"' in page
    assert 'value="12"' in page
    assert 'value="Dr &lt;K&gt;"' in page
    assert 'id="l-L5-S1" value="L5-S1" checked' in page
    assert 'id="b-baseline_pain-8" value="8" checked' in " ".join(page.split()).replace("  ", " ")


def test_all_mistakes_show_at_once(nurse: Reader) -> None:
    wrong = {**GIVEN, "phone": "12", "performed_at": "", "levels": []}
    page = words(nurse.submit("/patients/new", **wrong).text)
    assert "3 things need another look" in page


def test_a_record_number_of_another_patient_is_refused(world: World, nurse: Reader) -> None:
    world.patient(external_id="A-1", phone="+905339876543")
    answer = nurse.submit("/patients/new", **GIVEN, external_id="A-1")
    assert answer.status_code == 422
    assert "already has a patient with the record number A-1" in words(answer.text)


def test_a_turkish_nurse_reads_what_is_wrong_in_turkish(turkish_nurse: Reader) -> None:
    page = words(turkish_nurse.submit("/patients/new", **{**GIVEN, "phone": "12"}).text)
    assert "Mesaj alabilen bir cep telefonu numarası girin" in page
