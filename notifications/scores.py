"""The one number from 0 to 10 in a reply, when it is certain that it is the score meant for now.

Everything else that looks like a number is none: doses, days, dates, disc levels, ranges, other scales,
11 and more. Policy: section 6 of clinical/nucleoplasty.md; when in doubt there is no score. Called by
`replies`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Final

from notifications.folding import Message, Word
from notifications.phrases import Vocabulary, lexicon, vocabulary

_HIGHEST: Final = 10
_PLAIN_NUMBER: Final = re.compile(r"0|[1-9]\d?")
# Signs that may touch a score; anything else (%, <, +, a minus) makes it another kind of number.
_HARMLESS: Final = re.compile(r"""(?:[\s.,;:!()"*=~…_/\[\]]|[-–—](?=\s)|[^\x00-\x7f])*""")
_LOOSE_END: Final = re.compile(r"[,;!\n…]")
_POINT: Final = "."


@dataclass(frozen=True, slots=True)
class Score:
    """A score, where it stands in the text as sent, and whether the text says more than that."""

    value: int
    span: tuple[int, int]
    says_more: bool


@dataclass(frozen=True, slots=True)
class _Words:
    numbers: dict[str, int]
    not_numbers: Vocabulary
    only_at_end: Vocabulary
    ordinal_point: bool
    out_of: tuple[tuple[str, ...], ...]
    out_of_first: Vocabulary
    fillers: Vocabulary
    spoils: Vocabulary
    breaks: Vocabulary


def find_score(message: Message, language: str, settled: Collection[int] = ()) -> Score | None:
    """Yield the score of a reply, or None when there is none, more than one, or any doubt.

    `settled` are words already understood as something else (a sign, stated or denied).
    """
    return _Search(message, _words(language), frozenset(settled)).run()


class _Search:
    def __init__(self, message: Message, words: _Words, settled: frozenset[int]) -> None:
        self._m = message.words
        self._tail = message.tail
        self._w = words
        self._settled = settled
        self._scale: set[int] = set()  # the words of "out of 10"

    def run(self) -> Score | None:
        texts = [word.text for word in self._m]
        for i in range(len(texts)):
            self._mark_scale(texts, i)
        numeric = [
            i for i in range(len(texts)) if self._is_numeric(i) and i not in self._scale | self._settled
        ]
        if len(numeric) != 1:
            return None
        at = numeric[0]
        value = self._value(at)
        if value is None or not self._stands_alone(at):
            return None
        others = [i for i in range(len(texts)) if i != at and i not in self._scale]
        strange = [i for i in others if i in self._settled or texts[i] not in self._w.fillers]
        unsettled = [i for i in strange if i not in self._settled]
        if unsettled and not self._rest_is_apart(at, unsettled):
            return None
        word = self._m[at]
        return Score(value, (word.start, word.end), says_more=bool(strange))

    def _is_numeric(self, i: int) -> bool:
        text = self._m[i].text
        if text in self._w.only_at_end:
            return i == len(self._m) - 1
        return text in self._w.numbers or text in self._w.not_numbers or any(map(str.isdecimal, text))

    def _value(self, i: int) -> int | None:
        text = self._m[i].text
        if text in self._w.numbers:
            return self._w.numbers[text]
        if _PLAIN_NUMBER.fullmatch(text) and int(text) <= _HIGHEST:
            return int(text)
        return None

    def _mark_scale(self, texts: list[str], i: int) -> None:
        """Find `7/10`, `7 out of 10` and `10 üzerinden 7` around the number at i."""
        if i in self._scale or (self._value(i) is None and not self._is_numeric(i)):
            return
        after = i + 1
        if after < len(texts) and self._m[after].before.strip() == "/" and self._value(after) == _HIGHEST:
            self._scale.add(after)
            return
        for words in self._w.out_of:
            ten = after + len(words)
            if tuple(texts[after:ten]) == words and ten < len(texts) and self._value(ten) == _HIGHEST:
                self._scale.update(range(after, ten + 1))
                return
        if after < len(texts) and texts[after] in self._w.out_of_first and self._value(i) == _HIGHEST:
            self._scale.update((i, after))

    def _after(self, i: int) -> str:
        return self._m[i + 1].before if i + 1 < len(self._m) else self._tail

    def _stands_alone(self, at: int) -> bool:
        """No sign beside the number makes it a percentage, a range, a sum of money or a question."""
        ends = at + 1 if at + 1 in self._scale else at
        while ends + 1 in self._scale:
            ends += 1
        before = self._m[at].before
        if before in {"-", "–"} and at > 0:
            before = ""  # `pain-7`
        return all(_HARMLESS.fullmatch(signs) for signs in (before, self._after(at), self._after(ends))) and (
            "/" not in self._after(ends) and "؟" not in self._after(ends)
        )

    def _rest_is_apart(self, at: int, strange: list[int]) -> bool:
        """The score comes first, on its own, and the sentence after it speaks of no other time or amount."""
        if any(i < at for i in strange) or any(self._m[i].text in self._w.spoils for i in strange):
            return False
        end = at
        while end + 1 in self._scale:
            end += 1
        while end + 1 < len(self._m) and not self._is_loose(self._m[end + 1]):
            end += 1
            if end in strange:
                return False
        return True

    def _is_loose(self, word: Word) -> bool:
        if word.text in self._w.breaks or _LOOSE_END.search(word.before):
            return True
        return _POINT in word.before and not self._w.ordinal_point


@cache
def _words(language: str) -> _Words:
    content = lexicon(language)
    score = content["score"]
    return _Words(
        numbers=dict(score["numbers"]),
        not_numbers=vocabulary([score["not_numbers"]]),
        only_at_end=vocabulary([score["only_at_end"]]),
        ordinal_point=score["ordinal_point"],
        out_of=tuple(tuple(words.split()) for words in score["out_of"]),
        out_of_first=vocabulary(score["out_of_first"]),
        fillers=vocabulary([score["fillers"]]),
        spoils=vocabulary([score["spoils"]]),
        breaks=vocabulary([content["clauses"]["breaks"]]),
    )
