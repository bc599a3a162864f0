"""The lexicons' small language."""

import pytest

from notifications.phrases import PhraseBook


def found(phrase: str, text: str, classes: dict[str, str] | None = None) -> bool:
    book = PhraseBook()
    book.add("it", [phrase], classes or {})
    words = text.split()
    return any(book.find(words, [len(words)] * len(words)))


@pytest.mark.parametrize(
    ("phrase", "text", "stands"),
    [
        ("stiff neck", "a stiff neck today", True),
        ("stiff neck", "neck stiff", False),
        ("numb*", "numbness", True),
        ("numb", "number", False),
        ("leg|foot weak", "foot weak", True),
        ("leg ... weak", "leg weak", True),
        ("leg ... weak", "leg is very much weak", True),
        ("leg ... weak", "leg is not very much weak", False),
    ],
)
def test_a_phrase_stands_where_its_words_stand_in_order(phrase: str, text: str, stands: bool) -> None:
    assert found(phrase, text) is stands


def test_a_class_stands_for_its_words_and_for_other_classes() -> None:
    assert found("<limb> weak", "arm weak", {"limb": "leg <arm>", "arm": "arm hand"})


def test_no_phrase_crosses_the_end_of_a_clause() -> None:
    book = PhraseBook()
    book.add("it", ["leg ... weak"], {})
    assert not list(book.find(["leg", "fine", "weak"], [2, 2, 3]))


def test_a_phrase_that_begins_with_a_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="gap"):
        PhraseBook().add("it", ["... weak"], {})
