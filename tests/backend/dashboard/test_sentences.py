"""What services and outbox say in English is read in the reader's language, part by part."""

from collections.abc import Iterator

import pytest
from flask import Flask

from backend.dashboard.sentences import in_reader_words


@pytest.fixture
def turkish(app: Flask) -> Iterator[None]:
    """A request of a reader of Turkish."""
    with app.test_request_context(headers={"Accept-Language": "tr"}):
        yield


@pytest.mark.usefixtures("turkish")
@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            "planned by nucleoplasty_lumbar 1: check_in_d1",
            "planlayan: nucleoplasty_lumbar, sürüm 1",
        ),
        (
            "planned by nucleoplasty_lumbar 1: check_in_d1; moved to 09:00: quiet hours Europe/Istanbul",
            "planlayan: nucleoplasty_lumbar, sürüm 1; 09:00 saatine alındı: sessiz saatler, Europe/Istanbul",
        ),
        (
            "follows the appointment for mri_3_months; moved to 18:30: the hour the patient prefers",
            "randevuya göre ayarlandı; 18:30 saatine alındı: hastanın tercih ettiği saat",
        ),
        ("written by somebody's hand; unheard of", "yazan: somebody's hand; unheard of"),
        ("unheard of", "unheard of"),
    ],
)
def test_a_sentence_is_read_part_by_part(said: str, read: str) -> None:
    assert in_reader_words(said) == read
