"""compose: the exact words, or an error, never a half-filled text."""

from datetime import UTC, date, datetime

import pytest

from notifications.compose import CopyError, compose, languages, templates

STANDING = {
    "clinic": "Marmara",
    "given_name": "Deniz",
    "emergency_number": "112",
    "clinic_phone": "+90 212 555 00 11",
}


@pytest.mark.parametrize("name", sorted(templates()))
@pytest.mark.parametrize("language", languages())
def test_every_template_is_composed_from_its_own_example(name: str, language: str) -> None:
    sms = compose(name, language, templates()[name].example_facts)
    assert sms.body.startswith("Marmara Clinic: ")
    assert "{" not in sms.body
    assert sms.segments.count >= 1


def test_a_day_is_written_in_the_languages_words() -> None:
    facts = {**STANDING, "due_on": "2026-12-01"}
    assert "Tuesday 1 December" in compose("remind_mri", "en", facts).body
    assert "1 Aralık Salı" in compose("remind_mri", "tr", facts).body


def test_a_moment_is_the_wall_time_as_it_stands() -> None:
    local = datetime(2026, 12, 1, 9, 5)
    assert (
        "Tuesday 1 December at 09:05"
        in compose("remind_mri_booked", "en", {**STANDING, "booked_at": local}).body
    )
    assert (
        "saat 09:05" in compose("remind_mri_booked", "tr", {**STANDING, "booked_at": local.isoformat()}).body
    )


def test_an_offset_does_not_move_a_wall_time() -> None:
    facts = {**STANDING, "booked_at": "2026-12-01T09:05+03:00"}
    assert "09:05" in compose("remind_mri_booked", "en", facts).body


def test_a_date_object_is_a_day_too() -> None:
    assert "1 December" in compose("remind_mri", "en", {**STANDING, "due_on": date(2026, 12, 1)}).body


@pytest.mark.parametrize(
    ("template", "language", "facts", "complaint"),
    [
        ("no_such", "en", STANDING, "no template is named 'no_such'"),
        ("remind_mri", "de", STANDING, "no texts are written in 'de'"),
        ("remind_mri", "en", STANDING, "remind_mri needs due_on"),
        ("welcome", "en", {}, "welcome needs clinic, clinic_phone, emergency_number, given_name"),
        ("welcome", "en", {**STANDING, "due_on": "2026-12-01"}, "welcome knows no fact due_on"),
        ("welcome", "en", {**STANDING, "family_name": "Kaya"}, "welcome knows no fact family_name"),
        ("welcome", "en", {**STANDING, "clinic": " "}, "clinic is empty"),
        ("welcome", "en", {**STANDING, "clinic": None}, "clinic is empty"),
        ("remind_mri", "en", {**STANDING, "due_on": "soon"}, "due_on must be a day"),
        (
            "remind_mri",
            "en",
            {**STANDING, "due_on": datetime(2026, 12, 1, tzinfo=UTC)},
            "due_on must be a day",
        ),
        ("remind_mri_booked", "en", {**STANDING, "booked_at": "at ten"}, "booked_at must be a local time"),
        ("remind_mri_booked", "en", {**STANDING, "booked_at": 7}, "booked_at must be a local time"),
    ],
)
def test_a_wrong_request_is_an_error_that_says_what_is_wrong(
    template: str, language: str, facts: dict[str, object], complaint: str
) -> None:
    with pytest.raises(CopyError, match=complaint):
        compose(template, language, facts)


def test_braces_in_a_fact_are_only_braces() -> None:
    assert compose("help", "en", {**STANDING, "clinic": "{0} {x}"}).body.startswith("{0} {x}: ")


def test_a_line_break_in_a_fact_cannot_reshape_a_text() -> None:
    assert "\n" not in compose("welcome", "en", {**STANDING, "given_name": "De\nniz"}).body
