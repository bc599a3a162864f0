"""Texts that wait for a person: answered in a person's words, or marked as dealt with."""

from backend.models import InboundMessage
from tests.backend.dashboard.readers import Reader
from tests.world import World

QUESTION = "Can I start swimming?"


def waiting(world: World) -> InboundMessage:
    world.enrol()
    return world.text_in(QUESTION)


def test_a_question_waits_word_for_word(world: World, nurse: Reader) -> None:
    waiting(world)
    assert QUESTION in nurse.read("/texts")


def test_an_empty_list_says_what_it_is_for(nurse: Reader) -> None:
    assert "Every text has been read" in nurse.read("/texts")


def test_a_reply_goes_out_and_closes_the_text(world: World, nurse: Reader) -> None:
    text = waiting(world)
    nurse.submit(f"/texts/{text.id}/reply", body="Not before week six, please.")
    assert world.messages(purpose="written")[0].body == "Not before week six, please."
    assert world.rows(InboundMessage)[0].status == "handled"


def test_an_empty_reply_leaves_the_text_waiting(world: World, nurse: Reader) -> None:
    text = waiting(world)
    nurse.submit(f"/texts/{text.id}/reply", body="  ")
    assert world.rows(InboundMessage)[0].status == "needs_review"


def test_a_text_is_closed_without_a_reply(world: World, nurse: Reader) -> None:
    text = waiting(world)
    nurse.submit(f"/texts/{text.id}/done", note="Called her.")
    closed = world.rows(InboundMessage)[0]
    assert (closed.status, closed.why, closed.handled_by) == ("handled", "Called her.", nurse.account_id)


def test_a_text_is_dealt_with_once(world: World, nurse: Reader, clinician: Reader) -> None:
    text = waiting(world)
    nurse.submit(f"/texts/{text.id}/done")
    clinician.submit(f"/texts/{text.id}/reply", body="Hello")
    assert world.messages(purpose="written") == []
    assert "This text is not waiting for a person any more." in clinician.read("/texts")


def test_a_text_from_an_unknown_number_can_be_called_but_not_answered(world: World, nurse: Reader) -> None:
    world.text_in("Who are you?", sender="+905350000001")
    page = nurse.open("/texts")
    assert 'href="tel:+905350000001"' in page
    assert "/reply" not in page
