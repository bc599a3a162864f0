"""What an imaginary patient answers, as somebody types it: "D3=8, D9=none, rest=2".

Only reading it; what it leads to is `rehearsing`. Called by the command line, the API and the page.
"""

import re
from dataclasses import dataclass
from typing import Final

from backend.errors import Invalid
from schedules.protocol import SIGNS

_ENTRY: Final = re.compile(r"(?:D(-?\d{1,4})|(rest))\s*[=:]\s*(\w+)", re.ASCII | re.IGNORECASE)
_MOST_PAIN: Final = 10
_HOW: Final = (
    f"write such as D3=8, D9=none, rest=2: a day, then 0 to {_MOST_PAIN}, none, or a sign such as fever"
)


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """What comes on one day: a number, a sign from SIGNS, or neither (silence)."""

    day: int
    value: int | None = None
    sign: str | None = None

    @property
    def silent(self) -> bool:
        """Whether nothing comes."""
        return self.value is None and self.sign is None


@dataclass(frozen=True, slots=True)
class ReplyScript:
    """The days somebody wrote down, in order, and what comes at every other question.

    Where `rest` is None nothing is assumed of the other questions: neither an answer nor silence.
    """

    replies: tuple[ScriptedReply, ...] = ()
    rest: ScriptedReply | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was written down."""
        return not self.replies and self.rest is None


def read_script(text: str) -> ReplyScript:
    """Read a script, empty for nothing. Raises Invalid naming `replies` and what would be right."""
    replies: list[ScriptedReply] = []
    rest: ScriptedReply | None = None
    for part in filter(None, (part.strip() for part in re.split(r"[,;\n]", text))):
        found = _ENTRY.fullmatch(part)
        if found is None:
            raise Invalid({"replies": [f"'{part}' cannot be read; {_HOW}."]})
        reply = _reply(int(found[1] or 0), found[3].lower(), part)
        if found[1] is not None:
            replies.append(reply)
        elif reply.sign:
            raise Invalid({"replies": [f"'{part}': a sign comes on a day; {_HOW}."]})
        else:
            rest = reply
    return ReplyScript(tuple(sorted(replies, key=lambda reply: reply.day)), rest)


def _reply(day: int, said: str, part: str) -> ScriptedReply:
    if said == "none":
        return ScriptedReply(day)
    if said in SIGNS:
        return ScriptedReply(day, sign=said)
    if said.isdecimal() and int(said) <= _MOST_PAIN:
        return ScriptedReply(day, value=int(said))
    raise Invalid({"replies": [f"'{part}': '{said}' is unknown; {_HOW}. The signs are {', '.join(SIGNS)}."]})
