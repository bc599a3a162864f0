"""Segments: what a text costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.segments import Segments, segments


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),  # the euro is not split over two segments
        ("ş" * 70, Segments("UCS-2", 70, 1)),
        ("ş" * 71, Segments("UCS-2", 71, 2)),
        ("ş" * 134, Segments("UCS-2", 134, 2)),
        ("ş" * 135, Segments("UCS-2", 135, 3)),
        ("😀" * 35, Segments("UCS-2", 70, 1)),
        ("a" * 66 + "😀" + "a" * 66, Segments("UCS-2", 134, 3)),  # nor is an emoji
    ],
)
def test_a_text_is_cut_at_the_networks_limits(body: str, expected: Segments) -> None:
    assert segments(body) == expected


@pytest.mark.parametrize("letter", "öüÇÖÜñéàß@£")
def test_these_letters_keep_the_cheap_alphabet(letter: str) -> None:
    assert segments(letter).encoding == "GSM-7"


@pytest.mark.parametrize("letter", "şğıİç’“–…✓")
def test_these_letters_do_not(letter: str) -> None:
    assert segments(letter).encoding == "UCS-2"


@given(st.text(), st.text())
def test_a_longer_text_never_takes_fewer_segments(body: str, more: str) -> None:
    assert segments(body + more).count >= segments(body).count
