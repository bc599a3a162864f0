"""Folding: one plain form for every way a phone writes a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.folding import fold, read_words


@pytest.mark.parametrize("written", ["İPTAL", "IPTAL", "iptal", "ıptal", "İptal", "i\u0307ptal"])
def test_every_turkish_i_is_the_same_letter(written: str) -> None:
    assert fold(written) == "iptal"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("güçsüzlüğüm", "gucsuzlugum"),
        ("can't", "cant"),
        ("can’t", "cant"),
        ("Ａ７", "a7"),
        ("٣", "3"),
        ("3️⃣", "3"),
        ("s\u0327", "s"),
    ],
)
def test_accents_apostrophes_and_foreign_digits_fall_away(written: str, plain: str) -> None:
    assert fold(written) == plain


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_words_stand_in_order_inside_the_text(text: str) -> None:
    ends = [0]
    for word in read_words(text).words:
        assert ends[-1] <= word.start + 1
        assert word.start < word.end <= len(text)
        ends.append(word.end)


def test_what_is_glued_to_a_number_stays_with_it() -> None:
    assert [word.text for word in read_words("5mg 38.5 12.05.2026 3rd L4 7.").words] == [
        "5mg", "38.5", "12.05.2026", "3rd", "l4", "7",
    ]  # fmt: skip
