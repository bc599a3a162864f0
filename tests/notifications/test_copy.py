"""The sentences themselves: rules every text a patient can receive must keep."""

import re
import string

import pytest

from notifications.compose import STANDING_FACTS, compose, languages, sentence, templates
from notifications.routes import has_link

EVERY_TEXT = [(name, language) for language in languages() for name in sorted(templates())]
PATIENT_TEXTS = [(name, language) for name, language in EVERY_TEXT if templates()[name].purpose != "staff"]

# No diagnosis, no procedure name, no promise, and nothing a carrier takes for consent.
FORBIDDEN = {
    "en": r"nucleoplast|hernia|\bdisc\b|\bdisk\b|discectom|ozone|coblation|radiofrequen|laser|reply yes|"
    r"family_name|surgery|\bnormal\b|don't worry|no need to worry|you are fine|stop taking|alert",
    "tr": r"nükleoplasti|nukleoplasti|fıtık|\bdisk\b|ozon|radyofrekans|lazer|yes yaz|evet yaz|ameliyat|"
    r"normaldir|merak etmeyin|endişelenmeyin|ilacı bırak|kesin\b",
}


def body(name: str, language: str) -> str:
    clinic = {"en": "Marmara Clinic", "tr": "Marmara Kliniği"}[language]
    return compose(name, language, {**templates()[name].example_facts, "clinic": clinic}).body


def placeholders(name: str, language: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(sentence(name, language)) if field}


@pytest.mark.parametrize("name", sorted(templates()))
def test_every_language_says_the_templates_own_facts(name: str) -> None:
    for language in languages():
        assert placeholders(name, language) - STANDING_FACTS == set(templates()[name].facts)


@pytest.mark.parametrize(("name", "language"), EVERY_TEXT)
def test_a_text_begins_with_the_clinics_name(name: str, language: str) -> None:
    assert sentence(name, language).startswith("{clinic}: ")


@pytest.mark.parametrize(("name", "language"), PATIENT_TEXTS)
def test_a_text_names_no_diagnosis_and_promises_nothing(name: str, language: str) -> None:
    assert not re.search(FORBIDDEN[language], sentence(name, language), re.IGNORECASE)


@pytest.mark.parametrize(("name", "language"), EVERY_TEXT)
def test_a_text_is_short_enough(name: str, language: str) -> None:
    sms_count = compose(name, language, {**templates()[name].example_facts}).segments.count
    assert sms_count <= {"en": 2, "tr": 3}[language], body(name, language)


@pytest.mark.parametrize("name", sorted(templates()))
def test_english_keeps_to_the_cheap_alphabet(name: str) -> None:
    assert compose(name, "en", templates()[name].example_facts).segments.encoding == "GSM-7"


def test_turkish_keeps_its_letters() -> None:
    together = " ".join(sentence(name, "tr") for name in templates())
    assert all(letter in together for letter in "çğıöşüİ")


@pytest.mark.parametrize(("name", "language"), EVERY_TEXT)
def test_no_text_has_a_link(name: str, language: str) -> None:
    assert not has_link(body(name, language))


ASKING = [(name, language) for name, language in EVERY_TEXT if templates()[name].purpose in {"ask", "nudge"}]


@pytest.mark.parametrize(("name", "language"), ASKING)
def test_a_check_in_says_how_to_answer_that_nobody_reads_at_once_and_whom_to_call(
    name: str, language: str
) -> None:
    text = body(name, language)
    assert "0" in text
    assert "10" in text
    assert {"en": "Nobody reads it at once", "tr": "Hemen okunmaz"}[language] in text
    assert "112" in text


@pytest.mark.parametrize(("name", "language"), ASKING)
def test_a_check_in_asks_one_question(name: str, language: str) -> None:
    assert body(name, language).count("?") == 1


@pytest.mark.parametrize("language", languages())
def test_the_safety_text_names_the_emergency_number_and_goes_at_any_hour(language: str) -> None:
    assert "112" in body("safety", language)
    assert templates()["safety"].safety


@pytest.mark.parametrize("language", languages())
def test_a_text_to_staff_tells_nothing_about_a_patient(language: str) -> None:
    assert placeholders("staff_escalation", language) == {"clinic", "count"}


@pytest.mark.parametrize("language", languages())
def test_a_sign_in_code_tells_nothing_about_health(language: str) -> None:
    assert placeholders("sign_in_code", language) == {"clinic", "code", "minutes"}
