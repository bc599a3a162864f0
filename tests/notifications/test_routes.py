"""What a text can carry to which country."""

import pytest

from notifications.compose import templates
from notifications.routes import SenderKind, has_link, lint_template, route_for, sender_kind

ASK = templates()["check_in_pain"]
REMIND = templates()["remind_mri"]


@pytest.mark.parametrize(
    ("country", "replies", "links"),
    [("US", True, True), ("GB", True, True), ("DE", True, True), ("TR", False, False), ("ZZ", False, False)],
)
def test_a_country_carries_answers_and_links_or_does_not(country: str, replies: bool, links: bool) -> None:
    route = route_for(country)
    assert (route.replies, route.links) == (replies, links)


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("+15005550006", SenderKind.LONG_CODE),
        ("+18005550006", SenderKind.TOLL_FREE),
        ("12345", SenderKind.SHORT_CODE),
        ("KLINIK", SenderKind.ALPHANUMERIC),
        ("MG" + "0" * 32, SenderKind.MESSAGING_SERVICE),
    ],
)
def test_a_sender_shows_its_kind(sender: str, kind: SenderKind) -> None:
    assert sender_kind(sender) is kind


@pytest.mark.parametrize("sender", ["", "a name that is too long", "+0123", "1234567"])
def test_what_cannot_send_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="a sender is"):
        sender_kind(sender)


def test_a_check_in_cannot_go_to_a_country_that_carries_no_answer() -> None:
    (finding,) = lint_template(ASK, "Answer 0-10", route_for("TR"), SenderKind.ALPHANUMERIC)
    assert finding == "check_in_pain asks for an answer, and TR carries none back"


def test_a_check_in_cannot_come_from_a_name() -> None:
    (finding,) = lint_template(ASK, "Answer 0-10", route_for("DE"), SenderKind.ALPHANUMERIC)
    assert finding == "check_in_pain asks for an answer, and nobody can write back to a name"


def test_a_link_cannot_go_to_turkey() -> None:
    words = "See https://clinic.example"
    assert lint_template(REMIND, words, route_for("TR"), SenderKind.ALPHANUMERIC)
    assert not lint_template(REMIND, words, route_for("GB"), SenderKind.ALPHANUMERIC)


def test_a_number_cannot_write_to_turkey() -> None:
    (finding,) = lint_template(REMIND, "MRI", route_for("TR"), SenderKind.LONG_CODE)
    assert finding == "TR does not take texts from a long code"


@pytest.mark.parametrize(
    ("words", "link"), [("www.clinic", True), ("clinic.com", True), ("Call us. Now", False)]
)
def test_a_link_is_what_a_carrier_takes_for_one(words: str, link: bool) -> None:
    assert has_link(words) is link
