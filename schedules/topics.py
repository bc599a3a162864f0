"""What a patient may ask about, "may I …?", and which steps of a protocol answer it.

A topic without steps is one on which the protocol has no word: its answer is always to ask the doctor first.
The answers are `advice`; reading the rest of a file is `parsing`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schedules.errors import ProtocolError, shown
from schedules.keys import KEYS
from schedules.reading import Table
from schedules.steps import Step, StepKind
from schedules.vocabulary import Text

_ANSWERING = (StepKind.MILESTONE, StepKind.RESTRICTION)


@dataclass(frozen=True, slots=True)
class Topic:
    """Something a patient may want to do, and the steps that all have to allow it."""

    key: str
    name: Text
    steps: tuple[str, ...]


def read_topics(table: Table) -> tuple[Topic, ...]:
    """Return the topics under `topics` of a file, as written; none where it has no such table."""
    topics = []
    for key, written in table.keyed("topics").items():
        written.only(KEYS["topic"])
        topics.append(Topic(key=key, name=written.words("name"), steps=written.names("steps")))
    return tuple(topics)


def check_topics(file: str, topics: Iterable[Topic], steps: Sequence[Step]) -> None:
    """Raise a ProtocolError for a topic that names a step which cannot answer it."""
    kinds = {step.key: step.kind for step in steps}
    for topic in topics:
        for key in topic.steps:
            if kinds.get(key) not in _ANSWERING:
                known = ", ".join(name for name, kind in kinds.items() if kind in _ANSWERING)
                right = f"write any of the milestones and restrictions {known or '(there are none)'}"
                raise ProtocolError(
                    file,
                    f"topics.{topic.key}.steps",
                    f"found {shown(key)}; {right}",
                )
