"""How the pain of the demo's patients goes, and in which words they say so."""

import random
from typing import Final

from backend.demo.people import Person

COURSES: Final = {
    "good": (
        (0, 1.0),
        (1, 0.75),
        (3, 0.6),
        (7, 0.45),
        (14, 0.3),
        (21, 0.25),
        (28, 0.2),
        (42, 0.15),
        (9999, 0.1),
    ),
    "slow": (
        (0, 1.0),
        (1, 0.9),
        (3, 0.8),
        (7, 0.7),
        (14, 0.6),
        (21, 0.5),
        (28, 0.45),
        (42, 0.4),
        (9999, 0.3),
    ),
    "flat": ((0, 1.0), (1, 0.9), (3, 0.85), (7, 0.85), (14, 0.85), (21, 0.8), (9999, 0.8)),
}
"""Share of the pain before the procedure that is left by a day; invented, within published series."""

_WORDS: Final = {
    "tr": ("{n}", "{n}", "{n}", "{n}/10", "ağrım {n}"),
    "en": ("{n}", "{n}", "{n}", "{n}/10", "{n} out of 10"),
}
_PAIN_WHERE_NONE_WAS_ASKED: Final = 7


def answer_of(person: Person, day: int, chance: random.Random) -> str | None:
    """Return what `person` answers to the check-in of `day`; None when nothing comes."""
    if day in person.answers:
        return person.answers[day]
    if person.silent_from is not None and day >= person.silent_from:
        return None
    before = person.baseline if person.baseline is not None else _PAIN_WHERE_NONE_WAS_ASKED
    left = next(share for until, share in COURSES[person.course] if day <= until)
    return chance.choice(_WORDS[person.language]).format(n=round(before * left))


def minutes_to_answer(chance: random.Random) -> int:
    """Return after how many minutes an answer comes: most within the hour, some after the reminder."""
    if chance.random() < 0.12:
        return chance.randint(245, 380)
    return chance.randint(2, 55)
