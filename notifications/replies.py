"""What a patient's text means, as far as that is certain: parse_reply, pure and total.

The order is the policy of section 6 of clinical/nucleoplasty.md: a sign of danger first, then opting
out, in or help as the whole message, then one number, then a question; anything else goes to a person.
What follows from a reply is the house's matter. Called by the house once the raw text is stored.
"""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

from notifications.folding import Message, Word, fold, read_words
from notifications.phrases import LANGUAGES, PhraseBook, Vocabulary, lexicon, vocabulary
from notifications.scores import find_score
from notifications.signs import find_signs

# Kept with every reply that was read, so that a later parser can read the old ones again.
PARSER_VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class OptOut:
    """No more texts."""

    kind: ClassVar[str] = "opt_out"


@dataclass(frozen=True, slots=True)
class OptIn:
    """Texts again."""

    kind: ClassVar[str] = "opt_in"


@dataclass(frozen=True, slots=True)
class Help:
    """Who is this?"""

    kind: ClassVar[str] = "help"


@dataclass(frozen=True, slots=True)
class Answer:
    """One score from 0 to 10, at `span` of the text; `says_more` when a person should read the rest."""

    kind: ClassVar[str] = "answer"
    value: int
    span: tuple[int, int]
    says_more: bool = False


@dataclass(frozen=True, slots=True)
class RedFlag:
    """Signs that are there now, gravest first, and the score if the text holds one for certain."""

    kind: ClassVar[str] = "red_flag"
    signs: tuple[str, ...]
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person must answer, and what it is about when that is plain."""

    kind: ClassVar[str] = "question"
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """A person must read it."""

    kind: ClassVar[str] = "unclear"


Reply = OptOut | OptIn | Help | Answer | RedFlag | Question | Unclear

_QUESTION_MARKS: Final = frozenset("?؟")


def parse_reply(text: str, language: str) -> Reply:
    """Say what a text means; `language` (en, tr) decides how numbers are read, signs are looked for in both.

    Never raises and never guesses: what is not certain is Unclear. An unknown language is read as English.
    """
    message = _joined(read_words(text))
    language = language if language in LANGUAGES else LANGUAGES[0]
    signs = find_signs(message)
    if signs.stated:
        score = find_score(message, language, signs.settled)
        return RedFlag(signs.stated, None if score is None else score.value)
    whole = _whole_messages().get(message.letters)
    if whole is not None:
        return whole
    score = find_score(message, language, signs.settled)
    if score is not None:
        return Answer(score.value, score.span, score.says_more)
    if _asks(message):
        return Question(_topic(message))
    return Unclear()


def regions_named(text: str) -> frozenset[str]:
    """Say which regions of the spine (lumbar, cervical) a text names, in any language."""
    words = {word.text for word in read_words(text).words}
    return frozenset(region for region, names in _regions().items() if any(word in names for word in words))


def _asks(message: Message) -> bool:
    signs = (*(word.before for word in message.words), message.tail)
    if any(mark in sign for sign in signs for mark in _QUESTION_MARKS):
        return True
    starts, particles = _question_words()
    words = message.words
    return bool(words) and (words[0].text in starts or any(word.text in particles for word in words))


def _topic(message: Message) -> str | None:
    texts = [word.text for word in message.words]
    found = next(_topics().find(texts, [len(texts)] * len(texts)), None)
    return None if found is None else found.label


def _joined(message: Message) -> Message:
    """Write as one word what people write as two: `can not`."""
    pairs = _pairs()
    words: list[Word] = []
    for word in message.words:
        previous = words[-1] if words else None
        joined = pairs.get((previous.text, word.text)) if previous and word.before == " " else None
        if previous is None or joined is None:
            words.append(word)
        else:
            words[-1] = Word(joined, previous.start, word.end, previous.before)
    return Message(tuple(words), message.tail)


@cache
def _whole_messages() -> dict[str, Reply]:
    kinds: dict[str, Reply] = {"opt_out": OptOut(), "opt_in": OptIn(), "help": Help()}
    return {
        fold(word): reply
        for language in LANGUAGES
        for kind, reply in kinds.items()
        for word in lexicon(language)["whole_message"][kind]
    }


@cache
def _question_words() -> tuple[Vocabulary, Vocabulary]:
    sections = [lexicon(language)["questions"] for language in LANGUAGES]
    starts = vocabulary(section["starts"] for section in sections)
    return starts, vocabulary(section["particles"] for section in sections)


@cache
def _topics() -> PhraseBook:
    book = PhraseBook()
    for language in LANGUAGES:
        for topic, phrases in lexicon(language)["topics"].items():
            book.add(topic, phrases, {})
    return book


@cache
def _regions() -> dict[str, Vocabulary]:
    names: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for region, words in lexicon(language)["regions"].items():
            names.setdefault(region, []).append(words)
    return {region: vocabulary(words) for region, words in names.items()}


@cache
def _pairs() -> dict[tuple[str, str], str]:
    pairs: dict[tuple[str, str], str] = {}
    for language in LANGUAGES:
        for two, one in lexicon(language)["joined"].items():
            first, second = two.split()
            pairs[first, second] = one
    return pairs
