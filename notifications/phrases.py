"""The small language the lexicons are written in, and the search for many phrases at once.

A phrase is words in order. `stem*` stands for every word that begins so, `a|b` for either, `<name>` for
a class of words, `...` for up to three words of any kind. What a phrase means is said by whoever files
it in a PhraseBook; called by `signs`, `scores` and `replies`.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from notifications.folding import fold

LANGUAGES: Final = ("en", "tr")
_GAP: Final = "..."
_WIDEST_GAP: Final = 3


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A set of words and stems."""

    words: frozenset[str]
    stems: tuple[str, ...]

    def __contains__(self, word: object) -> bool:
        return word in self.words or (isinstance(word, str) and word.startswith(self.stems))


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that stands at words[start:end]; `gaps` are the words its `...` took."""

    label: str
    start: int
    end: int
    gaps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Phrase:
    label: str
    elements: tuple[Vocabulary | None, ...]  # None is a gap


def vocabulary(entries: Iterable[str], classes: Mapping[str, str] | None = None) -> Vocabulary:
    """Compile words, stems (`stem*`) and classes (`<name>`), in entries separated by spaces or bars."""
    words: set[str] = set()
    stems: set[str] = set()
    for entry in entries:
        for part in entry.replace("|", " ").split():
            if part.startswith("<"):
                inner = vocabulary([(classes or {})[part.strip("<>")]], classes)
                words |= inner.words
                stems |= set(inner.stems)
            elif part.endswith("*"):
                stems.add(fold(part[:-1]))
            else:
                words.add(fold(part))
    return Vocabulary(frozenset(words), tuple(sorted(stems)))


class PhraseBook:
    """Phrases under labels, found in one pass over a text however many there are."""

    def __init__(self) -> None:
        self._by_word: dict[str, list[_Phrase]] = {}
        self._by_stem: dict[str, list[_Phrase]] = {}
        self._stem_lengths: tuple[int, ...] = ()

    def add(self, label: str, phrases: Iterable[str], classes: Mapping[str, str]) -> None:
        """File phrases under a label. A phrase must begin with a word, not with a gap."""
        for text in phrases:
            parts = [None if part == _GAP else vocabulary([part], classes) for part in text.split()]
            phrase = _Phrase(label, tuple(parts))
            first = parts[0]
            if first is None:
                raise ValueError(f"a phrase cannot begin with a gap: {text}")
            for word in first.words:
                self._by_word.setdefault(word, []).append(phrase)
            for stem in first.stems:
                self._by_stem.setdefault(stem, []).append(phrase)
        self._stem_lengths = tuple(sorted({len(stem) for stem in self._by_stem}))

    def find(self, words: Sequence[str], ends: Sequence[int]) -> Iterator[Found]:
        """Yield every phrase in the text; none crosses `ends[i]`, the end of the clause of word i."""
        for index, word in enumerate(words):
            for phrase in self._starting_with(word):
                gaps = _match(phrase.elements, 1, words, index + 1, ends[index])
                if gaps is not None:
                    end, skipped = gaps
                    yield Found(phrase.label, index, end, skipped)

    def _starting_with(self, word: str) -> Iterator[_Phrase]:
        yield from self._by_word.get(word, ())
        for length in self._stem_lengths:
            if length > len(word):
                return
            yield from self._by_stem.get(word[:length], ())


def _match(
    elements: tuple[Vocabulary | None, ...], at: int, words: Sequence[str], index: int, end: int
) -> tuple[int, tuple[int, ...]] | None:
    """Match elements[at:] from words[index] on; yield where it ends and the words its gaps took."""
    if at == len(elements):
        return index, ()
    element = elements[at]
    if element is not None:
        if index >= end or words[index] not in element:
            return None
        return _match(elements, at + 1, words, index + 1, end)
    for width in range(_WIDEST_GAP + 1):
        if index + width > end:
            return None
        rest = _match(elements, at + 1, words, index + width, end)
        if rest is not None:
            return rest[0], (*range(index, index + width), *rest[1])
    return None


@cache
def lexicon(language: str) -> Mapping[str, Any]:
    """Load one language's words as they stand in `lexicon/`."""
    content = files("notifications.lexicon").joinpath(f"{language}.toml").read_text("utf-8")
    return tomllib.loads(content)
