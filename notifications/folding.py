"""A reply reduced to plain words: no case, no accents, no Turkish dots, digits of any script as 0–9.

Knows nothing of what the words mean. Called by `replies`, and by `phrases` to fold its own data the same way.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_APOSTROPHES = frozenset("'’‘`´ʼ′")
# A number keeps what is glued to it (38.5, 12.05.2026, 5mg, 3rd), so that no part of it passes for a score.
_WORD = re.compile(r"\d+(?:[.,]\d+)*[^\W_]*|[^\W_]+")


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word, where it stands in the text as sent, and the signs between it and the word before."""

    text: str
    start: int
    end: int
    before: str


@dataclass(frozen=True, slots=True)
class Message:
    """A reply as words; `tail` are the signs after the last one."""

    words: tuple[Word, ...]
    tail: str

    @property
    def letters(self) -> str:
        """Every word run together: what is left of a text less case, spaces and punctuation."""
        return "".join(word.text for word in self.words)


@lru_cache(maxsize=8192)
def _fold_sign(sign: str) -> str:
    if sign in _APOSTROPHES:
        return ""
    folded = []
    for part in unicodedata.normalize("NFKD", sign):
        if unicodedata.category(part) in {"Mn", "Me", "Cf"}:
            continue  # accents, the dot of İ, keycap frames, direction marks
        digit = unicodedata.decimal(part, None)
        folded.append(
            str(digit) if digit is not None else part.lower().replace("ı", "i").replace("\u0307", "")
        )
    return "".join(folded)


def fold(text: str) -> str:
    """Yield the text in lower case without accents and apostrophes: `İPTAL` and `ıptal` alike."""
    return "".join(map(_fold_sign, text))


def read_words(text: str) -> Message:
    """Cut a text into folded words. Total: any text yields a Message."""
    folded: list[str] = []
    origin: list[int] = []
    for index, sign in enumerate(text):
        for part in _fold_sign(sign):
            folded.append(part)
            origin.append(index)
    plain = "".join(folded)
    words: list[Word] = []
    reached = 0
    for match in _WORD.finditer(plain):
        start, end = match.span()
        words.append(Word(match.group(), origin[start], origin[end - 1] + 1, plain[reached:start]))
        reached = end
    return Message(tuple(words), plain[reached:])
