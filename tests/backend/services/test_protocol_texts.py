"""A text that a protocol names and nobody has written is a mistake in the file, found when it is checked."""

import pytest

from backend.services.protocol_texts import check_texts
from schedules.catalogue import Catalogue, parse_protocol
from schedules.protocol import ProtocolError
from tests.schedules.shapes import HEAD, QUESTION, step

TELL = 'window = { due = "P3D", expires = "P4D" }\n'


def checked(*parts: str) -> str:
    """Check a small protocol, and return the complaint."""
    with pytest.raises(ProtocolError) as caught:
        check_texts(parse_protocol("\n".join([HEAD, *parts, QUESTION]), "small.toml"))
    return str(caught.value)


@pytest.mark.parametrize("protocol", Catalogue.shipped().all(), ids=lambda protocol: protocol.id)
def test_every_text_of_a_shipped_protocol_is_written(protocol) -> None:
    check_texts(protocol)


def test_a_text_that_is_almost_there_is_suggested() -> None:
    complaint = checked(step("tell", "education", TELL + 'template = "education_postur"'))
    assert complaint == (
        'small.toml: steps.tell.template: found "education_postur", a text nobody has written; '
        "did you mean education_posture?"
    )


def test_a_text_that_is_nowhere_near_is_named() -> None:
    complaint = checked(step("tell", "education", TELL + 'template = "xyzzy"'))
    assert complaint.endswith(
        'found "xyzzy", a text nobody has written; write one of those in notifications/copy'
    )


def test_a_text_that_needs_a_date_asks_for_it_in_facts() -> None:
    complaint = checked(step("tell", "education", TELL + 'template = "prepare_medicines"'))
    assert complaint == (
        'small.toml: steps.tell.template: found "prepare_medicines", which needs procedure_on; '
        "add it to facts"
    )


def test_a_date_the_text_does_not_tell_is_named() -> None:
    complaint = checked(
        step("tell", "education", TELL + 'template = "education_posture"\nfacts = ["due_on"]')
    )
    assert complaint.endswith('"education_posture", which does not tell due_on; write another text')


def test_a_reminder_with_the_words_of_a_booking_is_named() -> None:
    reminders = (
        'reminders = [{ before = "P3D", template = "remind_mri_booked", booked_template = "remind_mri" }]'
    )
    complaint = checked(step("scan", "milestone", f'window = {{ due = "P14D" }}\n{reminders}'))
    assert complaint == (
        'small.toml: steps.scan.reminders.0.template: found "remind_mri_booked", which needs booked_at; '
        "write another text"
    )


def test_a_variant_and_a_nudge_are_checked_too() -> None:
    variant = 'variants = [{ when = { technique = ["laser"] }, template = "laser_only" }]'
    assert "steps.tell.variants.0.template" in checked(
        step("tell", "education", TELL + f'template = "education_posture"\n{variant}')
    )
    nudge = 'template = "check_in_pain"\nquestions = ["pain"]\nnudge_template = "poke"\nnudge_after = "PT4H"'
    assert "steps.ask.nudge_template" in checked(step("ask", "check_in", TELL + nudge))


def test_the_texts_of_the_procedure_are_checked_too() -> None:
    texts = '[procedure_texts]\nmoved = "procedure_postponed"\n'
    tell = step("tell", "education", TELL + 'template = "education_posture"')
    assert "procedure_texts.moved" in checked(tell, texts)
