"""The worklist page: what waits is there, in order, and can be dealt with on the spot."""

from datetime import timedelta

from backend.db import transaction
from backend.models import Account, Alert
from tests.backend.dashboard.readers import Reader, words
from tests.world import OTHER_PHONE, World


def urine_alert(world: World) -> Alert:
    """Enrol Ayşe and let her text a red flag the day after."""
    world.enrol()
    world.advance(days=1, hours=2)
    world.tick()
    world.advance(minutes=5)
    world.text_in("I cannot pass urine since this morning")
    return world.alerts()[0]


def test_an_empty_list_says_so_kindly(nurse: Reader) -> None:
    assert "All caught up" in nurse.read("/")


def test_an_alert_stands_there_with_its_reason_the_patients_words_and_its_age(
    world: World, nurse: Reader
) -> None:
    urine_alert(world)
    world.advance(minutes=4)
    page = nurse.read("/")
    assert "Needs a person · 1" in page
    assert "EMERGENCY Ayşe Y." in page
    assert "I cannot pass urine since this morning" in page
    assert "4 min" in page


def test_the_list_shows_no_family_name_to_the_eye(world: World, nurse: Reader) -> None:
    urine_alert(world)
    page = nurse.open("/")
    assert '<span aria-hidden="true">Y.</span><span class="sr-only">Yılmaz</span>' in page


def test_taking_an_alert_puts_the_readers_name_on_it(world: World, nurse: Reader) -> None:
    alert = urine_alert(world)
    nurse.submit(f"/alerts/{alert.id}/take", next="/")
    assert world.alerts()[0].acknowledged_by == nurse.account_id
    assert "Taken. It is yours" in nurse.read("/")


def test_an_alert_somebody_else_took_is_not_taken_away(
    world: World, nurse: Reader, clinician: Reader
) -> None:
    alert = urine_alert(world)
    nurse.submit(f"/alerts/{alert.id}/take")
    clinician.submit(f"/alerts/{alert.id}/take")
    assert world.alerts()[0].acknowledged_by == nurse.account_id
    assert "Somebody else has already taken this alert." in clinician.read("/")


def test_resolving_an_alert_needs_what_came_of_it(world: World, nurse: Reader) -> None:
    alert = urine_alert(world)
    nurse.submit(f"/alerts/{alert.id}/resolve", outcome="", note="")
    assert world.alerts()[0].status == "open"
    assert "Choose what came of it." in nurse.read("/")


def test_a_resolved_alert_leaves_the_list(world: World, nurse: Reader) -> None:
    alert = urine_alert(world)
    nurse.submit(f"/alerts/{alert.id}/resolve", outcome="sent_to_emergency", note="Sent by ambulance.")
    assert world.alerts()[0].status == "resolved"
    assert "Nothing needs a person" in nurse.read("/")


def test_a_form_without_its_token_changes_nothing(world: World, nurse: Reader) -> None:
    alert = urine_alert(world)
    answer = nurse.client.post(f"/alerts/{alert.id}/take")
    assert answer.status_code == 400
    assert world.alerts()[0].status == "open"


def test_a_form_never_leads_to_another_site(world: World, nurse: Reader) -> None:
    alert = urine_alert(world)
    answer = nurse.submit(f"/alerts/{alert.id}/take", next="//evil.example/")
    assert answer.headers["Location"] == "/"


def test_unfolding_a_line_shows_the_last_three_texts(world: World, nurse: Reader) -> None:
    alert = urine_alert(world)
    events = nurse.read(f"/alerts/{alert.id}/events")
    assert "patient: I cannot pass urine since this morning" in events
    assert events.count("clinic:") <= 3


def test_a_filter_shows_one_kind_only(world: World, nurse: Reader) -> None:
    urine_alert(world)
    patient = world.patient(given_name="Ali", family_name="Öz", phone=OTHER_PHONE)
    world.enrol(patient)
    world.text_in("Can I start swimming?", sender=OTHER_PHONE)
    assert "Ayşe" not in nurse.read("/?show=text")
    assert "Can I start swimming?" in nurse.read("/?show=text")
    assert "swimming" not in nurse.read("/?show=emergency")


def test_mine_are_those_i_took(world: World, nurse: Reader) -> None:
    alert = urine_alert(world)
    assert "Ayşe" not in nurse.read("/?show=mine")
    nurse.submit(f"/alerts/{alert.id}/take")
    assert "Ayşe" in nurse.read("/?show=mine")


def test_looking_is_remembered_only_by_the_post_that_says_so(world: World, nurse: Reader) -> None:
    nurse.open("/")
    assert last_seen(world, nurse) is None
    nurse.submit("/seen")
    assert last_seen(world, nurse) == world.now


def test_the_foot_counts_what_happened_since_one_last_looked(world: World, nurse: Reader) -> None:
    nurse.submit("/seen")
    urine_alert(world)
    assert "1 new, 0 resolved" in nurse.read("/")


def test_the_header_says_when_no_worker_has_reported(nurse: Reader) -> None:
    assert "Sending: waiting" in nurse.read("/")


def test_sending_is_switched_by_a_clinician_and_not_by_a_nurse(nurse: Reader, clinician: Reader) -> None:
    assert nurse.submit("/sending", enabled="no").status_code == 403
    clinician.submit("/sending", enabled="no")
    assert "Sending: off" in nurse.read("/")


def test_todays_texts_and_yesterdays_are_summed_up(world: World, nurse: Reader) -> None:
    world.enrol()
    world.tick()
    message = world.messages(template="welcome")[0]
    world.report(message, "delivered")
    world.now += timedelta(days=1)
    assert "the 1 of yesterday delivered" in nurse.read("/")


def test_somebody_not_signed_in_is_led_to_the_sign_in_page(nurse: Reader) -> None:
    stranger = nurse.client.application.test_client()
    answer = stranger.get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")


def test_the_list_reads_turkish_to_a_turkish_nurse(world: World, turkish_nurse: Reader) -> None:
    urine_alert(world)
    page = words(turkish_nurse.open("/"))
    assert "İlgi bekleyen · 1" in page
    assert "ACİL Ayşe Y." in page
    assert "1. gün · L4-L5" in page


def last_seen(world: World, reader: Reader) -> object:
    with transaction(world.engine) as session:
        return session.get_one(Account, reader.account_id).last_seen_at
