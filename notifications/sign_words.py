"""The words of danger in every language, compiled for `signs`: what is a sign, and what takes one back.

The words themselves are data, in `lexicon/`. Called by `signs` alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from notifications.phrases import LANGUAGES, PhraseBook, Vocabulary, lexicon, vocabulary

SIGNS: Final = (
    "saddle_numbness",
    "bladder",
    "bowel",
    "both_legs_weak",
    "limb_weakness",
    "cannot_walk",
    "breathing",
    "swallowing",
    "neck_swelling",
    "voice_change",
    "clumsy_hands",
    "confusion",
    "stiff_neck",
    "worst_headache",
    "fever",
    "chills",
    "wound",
    "upright_headache",
    "numbness",
)


@dataclass(frozen=True, slots=True)
class SignWords:
    """Both languages' lexicons, compiled together; each field is explained in `lexicon/en.toml`."""

    names: PhraseBook  # nouns, which a denial can take back one by one or in a list
    says: PhraseBook  # sentences, which a denial can take back
    states: PhraseBook  # negative verbs that state a sign: no denial reaches them
    markers: PhraseBook  # supposed, past, somebody, another meaning
    denies_before: Vocabulary
    denies_after: Vocabulary
    denies_at_end: Vocabulary
    denies_in_pairs: Vocabulary
    list_joins: Vocabulary
    list_ands: Vocabulary
    bridges: Vocabulary
    breaks: Vocabulary
    mine: Vocabulary
    negative_verb: re.Pattern[str]
    supposing_verb: re.Pattern[str]
    mine_ending: re.Pattern[str]
    temperature: Vocabulary
    degrees: Vocabulary
    below: Vocabulary
    still: Vocabulary
    bridges_after: Vocabulary


@cache
def sign_words() -> SignWords:
    """Compile the lexicons of both languages, once. Raises ValueError for a sign nobody else knows."""
    lexicons = [lexicon(language) for language in LANGUAGES]
    books = {kind: PhraseBook() for kind in ("names", "says", "states")}
    markers = PhraseBook()
    for content in lexicons:
        classes = content["classes"]
        for sign, kinds in content["signs"].items():
            if sign not in SIGNS:
                raise ValueError(f"the lexicon knows a sign that nobody else does: {sign}")
            for kind, phrases in kinds.items():
                books[kind].add(sign, phrases, classes)
        for label, phrases in content["markers"].items():
            markers.add(label, phrases, classes)

    def merged(section: str, key: str) -> Vocabulary:
        return vocabulary(entry for content in lexicons for entry in _entries(content[section].get(key, "")))

    def endings(key: str) -> re.Pattern[str]:
        found = [content["endings"][key] for content in lexicons if key in content["endings"]]
        return re.compile("|".join(f"(?:{pattern})$" for pattern in found))

    return SignWords(
        names=books["names"],
        says=books["says"],
        states=books["states"],
        markers=markers,
        denies_before=merged("denial", "before"),
        denies_after=merged("denial", "after"),
        denies_at_end=merged("denial", "at_end"),
        denies_in_pairs=merged("denial", "in_pairs"),
        list_joins=merged("denial", "list_joins"),
        list_ands=merged("denial", "list_ands"),
        bridges=merged("denial", "bridges"),
        breaks=merged("clauses", "breaks"),
        mine=merged("clauses", "mine"),
        negative_verb=endings("negative_verb"),
        supposing_verb=endings("supposing_verb"),
        mine_ending=endings("mine"),
        temperature=merged("temperature", "words"),
        degrees=merged("temperature", "degrees"),
        below=merged("temperature", "below"),
        still=merged("clauses", "still"),
        bridges_after=merged("denial", "bridges_after"),
    )


def _entries(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
