"""One patient's page: the picture, the course, the conversation, and what can be done to a plan."""

import json
import re
import uuid
from typing import Any

from backend.models import CarePlan, CheckIn, Milestone, Observation, OutboundMessage, Restriction
from backend.services.enrolment import Enrolment
from tests.backend.dashboard.readers import Reader, words
from tests.world import OTHER_PHONE, World


def page_of(enrolment: Enrolment) -> str:
    return f"/patients/{enrolment.care_plan.patient_id}"


def chart(page: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(page.split('id="pain-data">', 1)[1].split("</script>", 1)[0])
    return data


def test_the_head_says_who_it_is_and_where_the_plan_stands(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    world.advance(days=12)
    page = nurse.read(page_of(enrolment))
    assert "Ayşe Yılmaz" in page
    assert "day 12 of nucleoplasty L4-L5 (radiofrequency)" in page
    assert "+90••••••4567" in page


def test_the_picture_marks_every_milestone_within_reach(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    picture = nurse.open(page_of(enrolment)).split('class="picture"', 1)[1].split("</svg>", 1)[0]
    assert "MRI" in picture
    assert "until cleared" in picture


def test_the_chart_has_the_answers_the_baseline_and_the_band(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    world.advance(days=1, hours=2)
    world.tick()
    world.text_in("5")
    data = chart(nurse.open(page_of(enrolment)))
    assert [(point["x"], point["y"]) for point in data["pain"]] == [(1, 5)]
    assert data["baseline"] == 8
    assert data["expected"] == [8 * (1 - 0.82), 8 * (1 - 0.40)]


def test_without_a_baseline_no_band_is_invented(world: World, nurse: Reader) -> None:
    enrolment = world.enrol(baseline_pain=None)
    data = chart(nurse.open(page_of(enrolment)))
    assert data["baseline"] is None
    assert data["expected"] is None


def test_a_missed_check_in_is_a_mark_of_its_own_and_never_a_value(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    for _ in range(3):
        world.advance(days=1)
        world.tick()
    data = chart(nurse.open(page_of(enrolment)))
    assert data["pain"] == []
    assert [mark["x"] for mark in data["silences"]] == [1]
    assert all(mark["y"] < 0 for mark in data["silences"])


def test_the_chart_can_be_read_as_a_table(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    world.advance(days=1, hours=2)
    world.tick()
    world.text_in("5")
    assert re.search(r"<td>1</td><td>today \d\d:\d\d</td><td>5</td>", nurse.open(page_of(enrolment)))


def test_the_conversation_shows_both_sides_with_state_and_reason(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    world.tick()
    world.report(world.messages(template="welcome")[0], "delivered")
    world.text_in("Can I start swimming?")
    page = nurse.read(page_of(enrolment))
    assert "Ayşe: Can I start swimming?" in page
    assert "waits for a person why? a question" in page
    assert "delivered to the phone" in page


def test_a_nurses_own_words_wait_in_the_outbox(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    nurse.submit(f"{page_of(enrolment)}/messages", body="Please call us.")
    written = world.messages(purpose="written")[0]
    assert (written.body, written.written_by) == ("Please call us.", nurse.account_id)


def test_who_opted_out_is_not_written_to(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    world.text_in("STOP")
    nurse.submit(f"{page_of(enrolment)}/messages", body="Please call us.")
    assert world.messages(purpose="written") == []
    page = nurse.read(page_of(enrolment))
    assert "This patient has opted out of texts; please telephone." in page
    assert "Opted out of texts today. Please telephone." in page


def test_a_text_is_measured_while_it_is_typed(nurse: Reader) -> None:
    assert words(nurse.submit("/segments", body="How are you?").text) == "12 characters, 1 segment"
    assert "2 segments" in words(nurse.submit("/segments", body="ş" * 71).text)


def test_a_milestone_is_ticked_and_taken_back(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    milestone = world.milestone(enrolment.care_plan, "discharge")
    nurse.submit(f"/milestones/{milestone.id}/done")
    assert world.milestone(enrolment.care_plan, "discharge").status == "done"
    nurse.submit(f"/milestones/{milestone.id}/planned")
    assert world.milestone(enrolment.care_plan, "discharge").status == "planned"


def test_a_visit_is_booked_in_the_clinics_time(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    milestone = world.milestone(enrolment.care_plan, "mri_3_months")
    nurse.submit(f"/milestones/{milestone.id}/book", booked_at="2027-02-20T11:00")
    booked = world.milestone(enrolment.care_plan, "mri_3_months").booked_at
    assert booked is not None
    assert booked.isoformat() == "2027-02-20T08:00:00+00:00"
    assert "Booked. The reminders follow the new date." in nurse.read(page_of(enrolment))


def test_a_visit_cannot_be_booked_in_the_past(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    milestone = world.milestone(enrolment.care_plan, "mri_3_months")
    nurse.submit(f"/milestones/{milestone.id}/book", booked_at="2020-02-20T11:00")
    assert world.milestone(enrolment.care_plan, "mri_3_months").status == "planned"
    assert "Give a date and time to come" in nurse.read("/")


def test_a_milestone_is_moved_to_another_day(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    milestone = world.milestone(enrolment.care_plan, "first_follow_up")
    nurse.submit(f"/milestones/{milestone.id}/move", due_at="2026-12-10T09:00")
    assert (
        world.rows(Milestone, Milestone.id == milestone.id)[0].due_at.isoformat()
        == "2026-12-10T06:00:00+00:00"
    )


def test_a_plan_is_held_and_resumed(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    nurse.submit(f"/plans/{enrolment.care_plan.id}/hold")
    assert world.rows(CarePlan)[0].status == "on_hold"
    nurse.submit(f"/plans/{enrolment.care_plan.id}/resume")
    assert world.rows(CarePlan)[0].status == "active"


def test_only_a_clinician_clears_a_restriction(world: World, nurse: Reader, clinician: Reader) -> None:
    enrolment = world.enrol()
    sport = next(row for row in enrolment.restrictions if row.step_key == "sport")
    assert nurse.submit(f"/restrictions/{sport.id}/lift").status_code == 403
    clinician.submit(f"/restrictions/{sport.id}/lift")
    assert world.rows(Restriction, Restriction.id == sport.id)[0].status == "lifted"


def test_an_answer_given_by_phone_is_recorded_and_judged(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    world.advance(days=1, hours=2)
    world.tick()
    check_in = asked(world, enrolment)
    nurse.submit(f"/check-ins/{check_in.id}/answer", pain="4", signs=["fever"])
    values = {row.question: (row.value, row.source) for row in world.rows(Observation)}
    assert values == {"pain": (4, "nurse"), "red_flag": (1, "nurse")}
    assert [alert.cause for alert in world.alerts()] == ["signs:infection"]


def test_an_answer_without_a_number_is_refused(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    world.advance(days=1, hours=2)
    world.tick()
    nurse.submit(f"/check-ins/{asked(world, enrolment).id}/answer")
    assert world.rows(Observation) == []
    assert "Choose a number from 0 to 10." in nurse.read("/")


def test_times_carry_the_patients_place_where_its_clock_differs(world: World, nurse: Reader) -> None:
    patient = world.patient(phone=OTHER_PHONE, timezone="America/New_York")
    enrolment = world.enrol(patient)
    assert "New York time" in nurse.read(page_of(enrolment))


def test_the_trail_tells_who_did_what(world: World, nurse: Reader) -> None:
    enrolment = world.enrol()
    nurse.submit(f"/plans/{enrolment.care_plan.id}/hold")
    assert "A nurse put the plan on hold" in nurse.read(page_of(enrolment))


def test_a_patient_without_a_procedure_has_a_page_all_the_same(world: World, nurse: Reader) -> None:
    patient = world.patient()
    assert "No procedure is recorded for this patient yet." in nurse.read(f"/patients/{patient.id}")


def test_an_unknown_patient_is_a_friendly_404(nurse: Reader) -> None:
    answer = nurse.client.get(f"/patients/{uuid.uuid4()}")
    assert answer.status_code == 404
    assert "This does not exist, or belongs to another clinic." in words(answer.text)


def test_a_search_finds_by_the_beginning_of_a_name_however_spelt(world: World, nurse: Reader) -> None:
    world.enrol()
    assert "Ayşe Yılmaz" in words(nurse.submit("/patients/search", query="yilm").text)
    assert "Nobody found" in words(nurse.submit("/patients/search", query="Zzz").text)


def asked(world: World, enrolment: Enrolment) -> CheckIn:
    waiting = [row for row in world.check_ins(enrolment.care_plan) if row.status == "awaiting"]
    assert len(waiting) == 1
    assert world.rows(OutboundMessage, OutboundMessage.check_in_id == waiting[0].id)
    return waiting[0]
