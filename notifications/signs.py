"""Red-flag signs in a reply: stated, or denied, supposed, long past, somebody else's.

Looks for words only; how urgent a sign is belongs to the protocol and `backend.triage`. Policy: section 6 of
clinical/nucleoplasty.md. When in doubt a sign counts. Both languages are always searched. Called by
`replies`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from notifications.folding import Message
from notifications.phrases import Found
from notifications.sign_words import SIGNS, SignWords, sign_words

# The graver sign says the lesser one too.
_INCLUDES: Final = {"saddle_numbness": {"numbness"}, "both_legs_weak": {"limb_weakness", "numbness"}}

_CLAUSE_END: Final = re.compile(r"[.,;!?…\n()؟،]")
_LEADING_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
# "38.9" alone is a thermometer: no score, dose or date is written so.
_CLEAR_READING: Final = re.compile(r"3[5-9][.,]\d|4[0-2][.,]\d")
_FEW_WORDS: Final = 3
# Fever from 38 °C, section 4 of nucleoplasty.md; the ranges are what a thermometer can show of a living
# person.
_CELSIUS: Final = (34.0, 43.0, 38.0)
_FAHRENHEIT: Final = (93.0, 110.0, 100.4)


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs that are there now, gravest first; `settled` are the words of every sign, denials too."""

    stated: tuple[str, ...]
    settled: frozenset[int]


def find_signs(message: Message) -> Signs:
    """Say which signs a reply states."""
    if not message.words:
        return Signs((), frozenset())
    return _Search(message, sign_words()).run()


class _Search:
    """One reply under one set of words: clauses, phrases, and what takes a phrase back."""

    def __init__(self, message: Message, words: SignWords) -> None:
        self._message = message
        self._w = words
        self._texts = [word.text for word in message.words]
        self._starts, self._ends = self._clauses()

    def run(self) -> Signs:
        texts, ends, words = self._texts, self._ends, self._w
        markers = list(words.markers.find(texts, ends))
        hidden = {i for found in markers if found.label == "another_meaning" for i in _span(found)}
        self._markers = [found for found in markers if found.label != "another_meaning"]
        states = [f for f in words.states.find(texts, ends) if f.start not in hidden]
        names = [f for f in words.names.find(texts, ends) if f.start not in hidden and self._positive(f)]
        says = [f for f in words.says.find(texts, ends) if f.start not in hidden and self._positive(f)]
        self._named = {i for found in names for i in _span(found)}
        negated = {i for found in states for i in _span(found)}
        settled = self._named | negated | {i for found in says for i in _span(found)}

        stated = {found.label for found in states if not self._elsewhere(found)}
        for found, listed in [*((name, True) for name in names), *((saying, False) for saying in says)]:
            if negated.issuperset(_span(found)):
                continue  # part of a statement already judged
            denial = self._denial(found, listed=listed)
            settled |= denial
            if not denial and not self._elsewhere(found):
                stated.add(found.label)
        readings = list(self._temperatures())
        if readings:
            stated.discard("fever")
            settled |= {found.start for found, _ in readings}
            if any(high and not self._elsewhere(found) for found, high in readings):
                stated.add("fever")
        for graver, lesser in _INCLUDES.items():
            if graver in stated:
                stated -= lesser
        return Signs(tuple(sign for sign in SIGNS if sign in stated), frozenset(settled))

    def _clauses(self) -> tuple[list[int], list[int]]:
        """For every word, where its clause begins and ends."""
        words, breaks = self._message.words, self._w.breaks
        cuts = [0]
        cuts += [
            i
            for i, word in enumerate(words)
            if i and (word.text in breaks or _CLAUSE_END.search(word.before))
        ]
        cuts.append(len(words))
        starts: list[int] = []
        ends: list[int] = []
        for start, end in pairwise(cuts):
            starts += [start] * (end - start)
            ends += [end] * (end - start)
        return starts, ends

    def _positive(self, found: Found) -> bool:
        """No negative verb inside the phrase (`my leg is not weak`, `bacağım uyuşmuyor`)."""
        if any(self._texts[i] in self._w.denies_before for i in found.gaps):
            return False
        return not any(self._w.negative_verb.search(self._texts[i]) for i in range(found.start, found.end))

    def _denial(self, found: Found, *, listed: bool) -> set[int]:
        """The words that take a phrase back, none if it stands; one denial may do for a list of `listed`."""
        return self._denial_before(found, listed=listed) or self._denial_after(found, listed=listed)

    def _denial_before(self, found: Found, *, listed: bool) -> set[int]:
        """`no fever`, `no sign of fever`, `no redness, swelling or fever`, `ne ateş ne titreme`."""
        texts, words = self._texts, self._w
        if self._marked("after_all", found):
            return set()
        paired = sum(text in words.denies_in_pairs for text in texts) > 1
        first = self._starts[found.start]
        joined = False
        for i in range(found.start - 1, -1, -1):
            if i < first:
                if not (listed and self._in_list(first, found.end)):
                    break
                first, joined = self._starts[i], True
            text = texts[i]
            if text in words.denies_before or (paired and text in words.denies_in_pairs):
                return set(range(i, found.start))
            joined = joined or text in words.list_joins
            if text not in words.bridges and not (listed and joined and i in self._named):
                break
        return set()

    def _denial_after(self, found: Found, *, listed: bool) -> set[int]:
        """`ateşim yok`, `ateş, titreme yok`, `ateş ve titreme yok`, `fever: no`, `the numbness is gone`."""
        texts, words = self._texts, self._w
        last = self._ends[found.start]
        for i in range(found.end, len(texts)):
            text = texts[i]
            if i == last:
                apart = "," in self._message.words[i].before and i in self._named
                if not listed or not (apart or text in words.list_ands):
                    break
                last = self._ends[i]
            if text in words.denies_after or (text in words.denies_at_end and i + 1 == last):
                return set(range(found.end, i + 1))
            bridge = text in words.bridges or text in words.bridges_after
            if not bridge and not (listed and i in self._named):
                break
        return set()

    def _in_list(self, start: int, end: int) -> bool:
        """A comma joins names only in a list that goes on with `or`: `no fever, chills or redness`."""
        if "," not in self._message.words[start].before or start not in self._named:
            return False
        sentence = range(start, self._ends[end - 1])
        return any(self._texts[i] in self._w.list_joins for i in sentence)

    def _marked(self, label: str, found: Found) -> bool:
        clause = range(self._starts[found.start], self._ends[found.start])
        return any(marker.label == label and marker.start in clause for marker in self._markers)

    def _elsewhere(self, found: Found) -> bool:
        """Supposed, long past, or about somebody else, by the words of the same clause."""
        texts = self._texts
        clause = range(self._starts[found.start], self._ends[found.start])
        if any(self._w.supposing_verb.search(texts[i]) for i in range(found.start, clause.stop)):
            return True
        if self._marked("past", found) and not any(texts[i] in self._w.still for i in clause):
            return True
        markers = [
            marker for marker in self._markers if marker.start in clause and marker.start <= found.start
        ]
        if any(marker.label == "supposed" for marker in markers):
            return True
        people = [marker for marker in markers if marker.label == "somebody" and marker.end <= found.start]
        return any(not self._own(person.end, found) for person in people)

    def _own(self, since: int, found: Found) -> bool:
        """The patient is named again after somebody else was: `my wife says I have a fever`."""
        texts = self._texts
        if any(texts[i] in self._w.mine for i in range(since, found.start)):
            return True
        return any(self._w.mine_ending.search(texts[i]) for i in range(found.start, found.end))

    def _temperatures(self) -> Iterator[tuple[Found, bool]]:
        """Thermometer readings, and whether each is a fever."""
        texts, words = self._texts, self._w
        spoken = any(text in words.temperature for text in texts)
        for i, text in enumerate(texts):
            match = _LEADING_NUMBER.match(text)
            if match is None or len(match.group()) > len("100.4"):
                continue
            value = float(match.group().replace(",", "."))
            limit = next(
                (limit for low, high, limit in (_CELSIUS, _FAHRENHEIT) if low <= value <= high), None
            )
            clause = texts[self._starts[i] : self._ends[i]]
            bare = _CLEAR_READING.fullmatch(text) is not None and len(clause) <= _FEW_WORDS
            if limit is None or not (spoken or bare or self._has_unit(i)):
                continue
            high = value >= limit and not any(word in words.below for word in clause)
            yield Found("fever", i, i + 1, ()), high

    def _has_unit(self, index: int) -> bool:
        after = index + 1
        if self._texts[index].endswith(("c", "f")):
            return True
        if after == len(self._texts):
            return "°" in self._message.tail
        return "°" in self._message.words[after].before or self._texts[after] in self._w.degrees


def _span(found: Found) -> range:
    return range(found.start, found.end)
