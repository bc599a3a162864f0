"""Where one HTTP/1.1 message ends and the next begins, for a server and a client that do nothing else.

Only what loopback needs: a length in the head, no chunks. Used by `endpoint` and `load`.
"""

import re
from typing import Final, NamedTuple

_LENGTH: Final = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_END_OF_HEAD: Final = b"\r\n\r\n"


class Frame(NamedTuple):
    """One whole message, and the bytes behind it."""

    head: bytes
    body: bytes
    rest: bytes


def cut(received: bytes) -> Frame | None:
    """Return the first message of `received`, or None while it is not all there."""
    head_ends = received.find(_END_OF_HEAD)
    if head_ends < 0:
        return None
    length = _LENGTH.search(received, 0, head_ends)
    body_starts = head_ends + len(_END_OF_HEAD)
    body_ends = body_starts + (int(length[1]) if length else 0)
    if len(received) < body_ends:
        return None
    return Frame(received[:head_ends], received[body_starts:body_ends], received[body_ends:])
