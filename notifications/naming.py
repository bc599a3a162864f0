"""People who share a phone: what tells them apart in a few letters, and which of them a reply names.

Pure: names in, names out; whose the phone is and what follows from a reply is the house's. No health data, no
template. Called by the outbox when a text is sent, and by the house when one comes in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from notifications.compose import addressed, languages
from notifications.folding import fold, read_words
from notifications.replies import Answer, parse_reply

_NOBODY: Final = "x"  # stands for the name where only the words around it are wanted


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose phone it may be."""

    given_name: str
    family_name: str


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a reply names, by place, and the reply with the name blanked out, each sign in its place."""

    place: int
    rest: str


def names_apart(people: Sequence[Person]) -> list[str]:
    """Yield the shortest name each can be told by: the given name, with an initial, or the whole name.

    Two of the same whole name cannot be told apart and get the same.
    """
    return [_shortest(person, [*people[:place], *people[place + 1 :]]) for place, person in enumerate(people)]


def named_in(text: str, people: Sequence[Person]) -> Named | None:
    """Say which one of these people a text names; None when it names nobody for certain, or several.

    Names are compared as whole words without case and accents; what two of them could be called, and what
    reads as a number, names nobody.
    """
    words = read_words(text).words
    texts = [word.text for word in words]
    ways = [_ways_to_say(person) for person in people]
    found: list[tuple[int, int, int]] = []  # how many words, from which, whose
    for place, own in enumerate(ways):
        others = {way for other, theirs in enumerate(ways) if other != place for way in theirs}
        for way in own - others:
            found += [(len(way), at, place) for at in _places(way, texts)]
    if len({place for _, _, place in found}) != 1:
        return None
    length, first, place = max(found, key=lambda one: (one[0], -one[1]))
    last = first + length - 1
    first, last = _with_words_around(texts, first, last)
    start, end = words[first].start, words[last].end
    return Named(place, text[:start] + " " * (end - start) + text[end:])


def _shortest(person: Person, others: Sequence[Person]) -> str:
    candidates = _candidates(person)
    taken = [[fold(name) for name in _candidates(other)] for other in others]
    for length, name in enumerate(candidates):
        if all(fold(name) != names[length] for names in taken):
            return name
    return candidates[-1]


def _candidates(person: Person) -> tuple[str, ...]:
    given = " ".join(person.given_name.split())
    family = " ".join(person.family_name.split())
    return (given, f"{given} {family[:1]}.", f"{given} {family}")


def _ways_to_say(person: Person) -> frozenset[tuple[str, ...]]:
    given = tuple(word.text for word in read_words(person.given_name).words)
    family = tuple(word.text for word in read_words(person.family_name).words)
    if not given:
        return frozenset()
    ways = {given, given[:1], given + family, given[:1] + family, family + given}
    if family:
        ways |= {(*given, family[0][:1]), (given[0], family[0][:1])}
    return frozenset(way for way in ways if not _is_a_number(" ".join(way)))


def _is_a_number(words: str) -> bool:
    return any(isinstance(parse_reply(words, language), Answer) for language in languages())


def _places(way: tuple[str, ...], texts: Sequence[str]) -> Iterator[int]:
    length = len(way)
    return (at for at in range(len(texts) - length + 1) if tuple(texts[at : at + length]) == way)


def _with_words_around(texts: Sequence[str], first: int, last: int) -> tuple[int, int]:
    """Take in the words our own texts put around a name, which people copy: `For Ayşe: 4`."""
    if first > 0 and texts[first - 1] in _words_around():
        first -= 1
    if last + 1 < len(texts) and texts[last + 1] in _words_around():
        last += 1
    return first, last


@cache
def _words_around() -> frozenset[str]:
    said = (addressed("", _NOBODY, language) for language in languages())
    return frozenset(word.text for text in said for word in read_words(text).words) - {_NOBODY}
