"""How a text is cut into SMS segments, which is what it costs and how it arrives.

Pure arithmetic over GSM 03.38 and UTF-16. What a text says is `compose`'s matter. Called by `compose`, by the
pages that preview a text, and by the phone simulator.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from gsm0338.charset import BASIC_CHARACTER_SET, BASIC_CHARACTER_SET_EXTENSION

Encoding = Literal["GSM-7", "UCS-2"]

_ESCAPE: Final = 0x1B
_BASIC: Final = frozenset(
    unicodedata.lookup(name) for code, name in BASIC_CHARACTER_SET.items() if code != _ESCAPE
)
_EXTENSION: Final = frozenset(unicodedata.lookup(name) for name in BASIC_CHARACTER_SET_EXTENSION.values())

# Capacity of a lone segment, and of each one of several (the rest is the concatenation header): GSM 03.40.
_CAPACITY: Final[dict[Encoding, tuple[int, int]]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
_LAST_OF_BMP: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Segments:
    """The size of one text; `characters` as the network counts: `€` is two in GSM-7, an emoji in UCS-2."""

    encoding: Encoding
    characters: int
    count: int


def segments(body: str) -> Segments:
    """Size a text as Twilio sends it: GSM-7 when every sign allows it, else UCS-2; no national shift tables.

    160 / 153 septets or 70 / 67 UTF-16 units a segment; a sign of two units is never split. An empty
    text takes one segment.
    """
    signs = set(body)
    if signs <= _BASIC:
        return _of_single_units("GSM-7", len(body))
    if signs <= _BASIC | _EXTENSION:
        return _sized("GSM-7", (2 if sign in _EXTENSION else 1 for sign in body))
    if all(ord(sign) <= _LAST_OF_BMP for sign in signs):
        return _of_single_units("UCS-2", len(body))
    return _sized("UCS-2", (2 if ord(sign) > _LAST_OF_BMP else 1 for sign in body))


def _of_single_units(encoding: Encoding, total: int) -> Segments:
    alone, joined = _CAPACITY[encoding]
    return Segments(encoding, total, 1 if total <= alone else -(-total // joined))


def _sized(encoding: Encoding, widths: Iterable[int]) -> Segments:
    alone, joined = _CAPACITY[encoding]
    total, count, room = 0, 1, joined
    for width in widths:
        total += width
        if width > room:
            count, room = count + 1, joined
        room -= width
    return Segments(encoding, total, 1 if total <= alone else count)
