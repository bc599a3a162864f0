"""parse_reply: what patients write, and what it means."""

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.phrases import LANGUAGES, lexicon
from notifications.replies import Answer, OptIn, OptOut, RedFlag, Reply, parse_reply
from tests.notifications.replies import english, turkish

LABELLED = [("en", *reply) for reply in english.REPLIES.items()] + [
    ("tr", *reply) for reply in turkish.REPLIES.items()
]


def label(reply: Reply) -> str:
    """A reply in the short hand of the labelled lists."""
    match reply:
        case Answer(value, _, says_more):
            return f"answer {value} …" if says_more else f"answer {value}"
        case RedFlag(signs, value):
            return " ".join(["flag", *signs, *([] if value is None else [str(value)])])
        case _ if getattr(reply, "topic", None):
            return f"{reply.kind} {reply.topic}"  # type: ignore[union-attr]  # only a Question has one
        case _:
            return reply.kind


@pytest.mark.parametrize(("language", "text", "meaning"), LABELLED)
def test_a_reply_means_what_a_careful_reader_would_say(language: str, text: str, meaning: str) -> None:
    assert label(parse_reply(text, language)) == meaning


FLAGGED = [(language, text) for language, text, meaning in LABELLED if meaning.startswith("flag")]


@pytest.mark.parametrize(("language", "text"), FLAGGED)
def test_a_sign_is_seen_in_capitals_too(language: str, text: str) -> None:
    shouted = text.replace("i", "İ").upper() if language == "tr" else text.upper()
    assert isinstance(parse_reply(shouted, language), RedFlag)


@pytest.mark.parametrize(("language", "text"), FLAGGED)
def test_a_sign_is_seen_whatever_language_the_patient_has(language: str, text: str) -> None:
    assert isinstance(parse_reply(text, "tr" if language == "en" else "en"), RedFlag)


@pytest.mark.parametrize(("language", "text"), FLAGGED)
@pytest.mark.parametrize("around", ["{}. Thank you!", "Hello. {}", "STOP. {}", "HELP! {}", "😟 {}"])
def test_nothing_said_around_a_sign_hides_it(language: str, text: str, around: str) -> None:
    assert isinstance(parse_reply(around.format(text), language), RedFlag)


@pytest.mark.parametrize("text", ["9 yesterday", "pain 12", "5 mg", "L5", "6-7", "50%"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_that_is_no_score_is_never_an_answer(language: str, text: str) -> None:
    assert not isinstance(parse_reply(text, language), Answer)


def test_an_answer_says_where_its_number_stands() -> None:
    text = "Ağrım 7️⃣ gibi"
    reply = parse_reply(text, "tr")
    assert isinstance(reply, Answer)
    assert text[slice(*reply.span)].startswith("7")


def test_an_unknown_language_is_read_as_english() -> None:
    assert parse_reply("seven", "xx") == parse_reply("seven", "en")


def test_opting_out_works_in_both_languages_whoever_writes() -> None:
    assert isinstance(parse_reply("İptal!", "en"), OptOut)
    assert isinstance(parse_reply("unsubscribe", "tr"), OptOut)


def test_no_turkish_word_opts_in_again() -> None:
    assert not isinstance(parse_reply("evet", "tr"), OptIn)


@given(st.text(max_size=400), st.sampled_from(["en", "tr", "", "xx"]))
def test_any_text_at_all_is_read(text: str, language: str) -> None:
    assert parse_reply(text, language).kind


@given(
    st.lists(st.sampled_from([*"0123456789", "10", "/", "-", " ", ",", ".", "%", "no", "yok", "ağrı", "on"]))
)
def test_a_value_is_always_a_score(parts: list[str]) -> None:
    reply = parse_reply("".join(parts), "tr")
    assert not isinstance(reply, Answer) or reply.value in range(11)


@given(st.integers(min_value=11, max_value=10**9))
def test_no_number_above_ten_is_an_answer(number: int) -> None:
    assert not isinstance(parse_reply(str(number), "en"), Answer)


def test_a_reply_is_read_in_a_fifth_of_a_millisecond() -> None:
    def read_all() -> None:
        for language, text, _ in LABELLED:
            parse_reply(text, language)

    read_all()
    seconds = min(timeit.repeat(read_all, number=1, repeat=5))
    assert seconds / len(LABELLED) < 0.0002


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sign_has_only_names_sayings_and_statements(language: str) -> None:
    signs = lexicon(language)["signs"]
    assert all(kinds.keys() <= {"names", "says", "states"} for kinds in signs.values())


def test_both_languages_know_every_sign() -> None:
    assert lexicon("en")["signs"].keys() == lexicon("tr")["signs"].keys()
