"""People who share a phone: told apart in a few letters, and found in what they write."""

import pytest

from notifications.compose import addressed
from notifications.naming import Person, named_in, names_apart
from notifications.outbox_port import Claimed
from notifications.wording import words_of
from tests.notifications.claimed import a_claimed

AYSE = Person("Ayşe", "Yılmaz")
FATMA = Person("Fatma", "Yılmaz")
AYSE_KAYA = Person("Ayşe", "Kaya")
AYSE_NUR = Person("Ayşe Nur", "Yılmaz")


@pytest.mark.parametrize(
    ("people", "names"),
    [
        ([AYSE, FATMA], ["Ayşe", "Fatma"]),
        ([AYSE, AYSE_KAYA], ["Ayşe Y.", "Ayşe K."]),
        ([AYSE, Person("AYŞE", "Yıldız"), FATMA], ["Ayşe Yılmaz", "AYŞE Yıldız", "Fatma"]),
        ([AYSE, AYSE], ["Ayşe Yılmaz", "Ayşe Yılmaz"]),
    ],
)
def test_each_is_called_by_the_shortest_name_nobody_else_has(people: list[Person], names: list[str]) -> None:
    assert names_apart(people) == names


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Ayşe 4", 0),
        ("4 ayse", 0),
        ("FATMA: 4", 1),
        ("4 (Fatma Yılmaz)", 1),
        ("Yılmaz Fatma 4", 1),
        ("For Ayşe: 4", 0),
        ("Fatma için 4", 1),
    ],
)
def test_a_name_is_found_whatever_its_case_and_accents(text: str, place: int) -> None:
    named = named_in(text, [AYSE, FATMA])
    assert named is not None
    assert named.place == place
    assert (len(named.rest), named.rest.strip(" :()")) == (len(text), "4")


@pytest.mark.parametrize("text", ["4", "Yılmaz 4", "Ayşe 4 Fatma 5", "Aysel 4", "Mehmet 4", ""])
def test_a_text_that_names_nobody_or_two_names_nobody(text: str) -> None:
    assert named_in(text, [AYSE, FATMA]) is None


def test_a_name_two_have_names_neither_until_it_says_more() -> None:
    assert named_in("Ayşe 4", [AYSE, AYSE_KAYA]) is None
    for text, place in (("Ayşe K 4", 1), ("ayse yilmaz 4", 0)):
        named = named_in(text, [AYSE, AYSE_KAYA])
        assert named is not None
        assert named.place == place


def test_part_of_anothers_name_is_nobodys() -> None:
    assert named_in("Ayşe 4", [AYSE, AYSE_NUR]) is None
    named = named_in("Ayşe Nur 4", [AYSE, AYSE_NUR])
    assert named is not None
    assert named.place == 1


def test_a_name_that_is_a_number_names_nobody() -> None:
    assert named_in("Seven", [Person("Seven", "Green"), AYSE]) is None


@pytest.mark.parametrize(("language", "said"), [("en", "For Ayşe: Hello"), ("tr", "Ayşe için: Hello")])
def test_a_text_says_once_whom_it_is_for(language: str, said: str) -> None:
    once = addressed("Hello", "Ayşe", language)
    assert once == said
    assert addressed(once, "Ayşe", language) == said


@pytest.mark.parametrize(
    "row", [a_claimed(), a_claimed(body="Please call us."), a_claimed(template="safety")]
)
def test_the_name_is_counted_in_segments(row: Claimed) -> None:
    alone, shared = words_of(row), words_of(a_claimed(row, addressee="Deniz"))
    assert shared[0] == f"For Deniz: {alone[0]}"
    assert shared[1].characters == alone[1].characters + len("For Deniz: ")
