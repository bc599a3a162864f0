"""The parts a plan consists of: each occurrence of a step, and each text of one, whatever its date.

The shape that two states of a plan are compared in. Pure; made from a timeline here, from stored rows by the
house, and compared by `replan`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from schedules.questions import Question
from schedules.steps import StepKind
from schedules.timeline import Occurrence, PlannedText
from schedules.vocabulary import Text


class Key(NamedTuple):
    """What a part of a plan is, whatever its date: a step's occurrence, or one text of it."""

    step: str
    occurrence: int
    text: str = ""

    @property
    def of_step(self) -> "Key":
        """The occurrence a text belongs to; a step's own key is itself."""
        return Key(self.step, self.occurrence)


@dataclass(frozen=True, slots=True)
class Planned:
    """One part of a plan with its instants; `content` is all else that is written down of it.

    `kind` is a step's kind, or a text's purpose. `note` says what moved a text's hour; it decides nothing.
    """

    key: Key
    kind: str
    title: Text
    due_at: datetime
    earliest_at: datetime | None = None
    overdue_at: datetime | None = None
    expires_at: datetime | None = None
    ends_at: datetime | None = None
    content: Mapping[str, object] = field(default_factory=dict)
    note: str = ""

    @property
    def dates(self) -> tuple[datetime | None, ...]:
        """Every instant of it, for comparing."""
        return self.due_at, self.earliest_at, self.overdue_at, self.expires_at, self.ends_at

    @property
    def is_asked(self) -> bool:
        """Whether it reaches the patient by itself when its hour comes: a text, or a check-in."""
        return bool(self.key.text) or self.kind == StepKind.CHECK_IN

    def is_over(self, now: datetime) -> bool:
        """Say whether nothing of it is still to come at `now`."""
        if self.kind == StepKind.RESTRICTION and not self.key.text:
            return self.ends_at is not None and self.ends_at <= now
        last = self.expires_at if self.is_asked else self.overdue_at
        return (last or self.due_at) <= now


def parts_of(occurrences: Iterable[Occurrence]) -> tuple[Planned, ...]:
    """Return the parts of a timeline: each occurrence but education's, and each of its texts."""
    parts: list[Planned] = []
    for occurrence in occurrences:
        if occurrence.kind is not StepKind.EDUCATION:
            parts.append(part_of_step(occurrence))
        parts += [
            part_of_text(occurrence.step_key, occurrence.index, occurrence.title, text)
            for text in occurrence.texts
        ]
    return tuple(parts)


def part_of_step(occurrence: Occurrence) -> Planned:
    """Return an occurrence as a part of a plan."""
    content: dict[str, object] = {"title": dict(occurrence.title)}
    if occurrence.kind is StepKind.CHECK_IN:
        content |= {"questions": [_asked(one) for one in occurrence.questions], "day": occurrence.day}
    elif occurrence.kind is StepKind.RESTRICTION:
        content |= {"why": dict(occurrence.why), "ends_with": occurrence.ends_with}
    else:
        content |= {
            "why": dict(occurrence.why),
            "bookable": occurrence.bookable,
            "moved": dict(occurrence.moved),
        }
    return Planned(
        key=Key(occurrence.step_key, occurrence.index),
        kind=occurrence.kind.value,
        title=occurrence.title,
        due_at=occurrence.due_at,
        earliest_at=occurrence.earliest_at,
        overdue_at=occurrence.overdue_at,
        expires_at=occurrence.expires_at,
        ends_at=occurrence.ends_at,
        content=content,
    )


def _asked(question: Question) -> dict[str, object]:
    """A question as it is stored beside the check-in that asks it."""
    return {
        "key": question.key,
        "text": dict(question.text),
        "minimum": question.minimum,
        "maximum": question.maximum,
        "required": question.required,
        "signs": list(question.signs),
        "loinc": question.loinc,
    }


def part_of_text(step_key: str, index: int, title: Text, text: PlannedText) -> Planned:
    """Return a text of an occurrence as a part of a plan."""
    return Planned(
        key=Key(step_key, index, text.key),
        kind=text.purpose.value,
        title=title,
        due_at=text.due_at,
        expires_at=text.expires_at,
        content={
            "template": text.template,
            "facts": dict(text.facts),
            "lateness": text.lateness.value,
        },
        note=text.moved,
    )
