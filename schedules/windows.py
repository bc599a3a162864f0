"""When a step may happen, is due, is late and no longer matters, and what those distances are counted from.

Each shape checks itself and complains with a ProtocolError whose key is relative to the shape. Whether the
milestones they name exist is checked in `protocol`; turning them into instants is `anchors`.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from schedules.civil_time import Offset
from schedules.errors import ProtocolError
from schedules.vocabulary import FLIES_HOME, PROCEDURE


class By(StrEnum):
    """Which instant of a milestone a distance is counted from."""

    DATE = "date"  # when it took place; until then its appointment; without one, when it is due
    DONE = "done"  # when it took place, and nothing until then


class OpenDay(StrEnum):
    """What becomes of a date on which the clinic is closed."""

    ANY = "any"  # it stays
    NEXT = "next"  # it moves to the next day the clinic is open
    PREVIOUS = "previous"  # to the one before, unless that is too early; then to the next


@dataclass(frozen=True, slots=True)
class Fallback:
    """What is counted from while the anchor itself is not known: a distance after something else's date."""

    anchor: str
    distance: Offset

    def __post_init__(self) -> None:
        if self.distance.sign < 0:
            raise ProtocolError("", "in", f"found {self.distance}; write a duration that is not negative")


@dataclass(frozen=True, slots=True)
class Anchor:
    """What distances are counted from: the procedure, the day of the flight home, or a milestone."""

    key: str = PROCEDURE
    by: By = By.DATE
    fallback: Fallback | None = None

    def __post_init__(self) -> None:
        if not self.is_milestone and self.by is By.DONE:
            raise ProtocolError(
                "", "by", f'found "done" with {self.key}, which has only a date; name a milestone in after'
            )
        if self.key == PROCEDURE and self.fallback:
            raise ProtocolError(
                "", "or_after", "found beside the procedure, whose date is always known; leave it out"
            )

    @property
    def is_milestone(self) -> bool:
        """Whether it is a step of the protocol."""
        return self.key not in (PROCEDURE, FLIES_HOME)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The milestones whose date decides this one's."""
        named = (self.key, *((self.fallback.anchor,) if self.fallback else ()))
        return tuple(key for key in named if key not in (PROCEDURE, FLIES_HOME))


@dataclass(frozen=True, slots=True)
class Window:
    """When a step may happen, should happen, is late, and no longer matters; offsets from the anchor.

    `tolerance` stands for an earliest and an overdue that many days around a due date in months, which no
    single offset from the procedure can say.
    """

    due: Offset
    earliest: Offset | None = None
    overdue: Offset | None = None
    expires: Offset | None = None
    tolerance: Offset | None = None
    anchor: Anchor = Anchor()

    def __post_init__(self) -> None:
        self._check_tolerance()
        names = [name for name in ("earliest", "due", "overdue", "expires") if getattr(self, name)]
        for before, after in pairwise(names):
            first, second = getattr(self, before), getattr(self, after)
            if not first.never_after(second):
                raise ProtocolError(
                    "", after, f"found {second}, before {before} {first}; write {first} or later"
                )

    def _check_tolerance(self) -> None:
        if self.tolerance is None:
            return
        if self.earliest or self.overdue:
            raise ProtocolError(
                "", "tolerance", "found beside earliest or overdue; write either the tolerance or the two"
            )
        if not is_whole_days(self.tolerance):
            raise ProtocolError("", "tolerance", f"found {self.tolerance}; write whole days such as P14D")

    @property
    def before_procedure(self) -> bool:
        """Whether the step is due before the procedure and so exists only when that is planned ahead."""
        return self.anchor.key == PROCEDURE and self.due.sign < 0


@dataclass(frozen=True, slots=True)
class End:
    """The end of a restriction some time after a milestone; while that is not known, it holds."""

    anchor: Anchor
    distance: Offset

    def __post_init__(self) -> None:
        if self.anchor.key == PROCEDURE:
            raise ProtocolError(
                "",
                "after",
                f'found "{PROCEDURE}"; after the procedure write the duration alone, such as "P7D"',
            )
        if self.distance.sign < 0:
            raise ProtocolError(
                "", "in", f"found {self.distance}; a restriction ends after what it waits for, such as P7D"
            )

    def __str__(self) -> str:
        return f"{self.anchor.key}+{self.distance}"


MOST_OCCURRENCES = 50
_LONGEST = Offset(years=60)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How often a step comes back: the first at its window, each `every` after the last.

    Either `times` in all, or for as long as it is due no later than `until` after the anchor.
    """

    every: Offset
    times: int | None = None
    until: Offset | None = None

    def __post_init__(self) -> None:
        if self.every.sign < 0 or not self.every.has_calendar or self.every.has_clock:
            raise ProtocolError("", "every", f"found {self.every}; write days or longer, such as P1Y")
        if (self.times is None) == (self.until is None):
            raise ProtocolError(
                "", "until", "found both or neither of times and until; write one, such as times = 5"
            )
        if self.times is not None and not 1 <= self.times <= MOST_OCCURRENCES:
            raise ProtocolError(
                "", "times", f"found {self.times}; write a number from 1 to {MOST_OCCURRENCES}"
            )

    def count_from(self, due: Offset) -> int:
        """Return how many occurrences there are when the first is due `due` after the anchor."""
        count = self.times if self.times is not None else self._count_until(due, self.until or due)
        if not due.plus(self.every, count - 1).never_after(_LONGEST):
            raise ProtocolError(
                "", "every", f"found {count} times {self.every}; the last must be due within {_LONGEST}"
            )
        return count

    def _count_until(self, due: Offset, until: Offset) -> int:
        if not due.never_after(until):
            raise ProtocolError("", "until", f"found {until}, before due {due}; write {due} or later")
        count = 1
        while due.plus(self.every, count).never_after(until):
            count += 1
            if count > MOST_OCCURRENCES:
                raise ProtocolError(
                    "",
                    "until",
                    f"found {until}, more than {MOST_OCCURRENCES} times {self.every}; write an earlier end",
                )
        return count


def is_whole_days(offset: Offset) -> bool:
    """Say whether an offset is a positive number of days or weeks and nothing else."""
    plain = not (offset.years or offset.months or offset.has_clock)
    return plain and offset.sign > 0 and bool(offset.weeks or offset.days)
