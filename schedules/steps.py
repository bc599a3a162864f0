"""The steps of a protocol: what happens, what must wait, what is asked, what is told.

Each shape checks itself and complains with a ProtocolError whose key is relative to the shape. What several
steps must agree on is checked in `protocol`; reading them from a file is `parsing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from itertools import pairwise

from schedules.civil_time import Offset
from schedules.errors import ProtocolError

Text = Mapping[str, str]
"""A sentence in every language: language code -> sentence."""

LANGUAGES = ("en", "tr")
REGIONS = ("lumbar", "cervical")
CONDITION_FACTS: Mapping[str, tuple[str, ...]] = {
    "region": REGIONS,
    "technique": ("ozone", "radiofrequency", "laser"),
    "anaesthesia": ("local", "sedation"),
}
"""What a step may depend on, and the values each fact can have."""
TEXT_FACTS = ("procedure_on", "procedure_at", "due_on")
"""What the schedule itself can tell a template; booked_at is added to reminders of a booked milestone."""
TEXTING_HOURS = (time(9), time(20))
"""Patient-local hours between which a text is planned: from the first, before the second (proposed)."""
CLEARANCE = "clearance"
"""The end of a restriction that only a clinician can lift."""


class StepKind(StrEnum):
    """The four kinds of step."""

    MILESTONE = "milestone"
    RESTRICTION = "restriction"
    CHECK_IN = "check_in"
    EDUCATION = "education"


class Purpose(StrEnum):
    """Why a text goes out."""

    ASK = "ask"
    NUDGE = "nudge"
    REMIND = "remind"
    INFORM = "inform"


class Lateness(StrEnum):
    """What becomes of a text that could not go out when it was due."""

    LATE = "late"  # it still goes, until it expires
    NEWEST_ONLY = "newest_only"  # of several of one step that wait together only the newest goes
    CALL = "call"  # as LATE, and a nurse calls instead of one that expires unsent


USUAL_LATENESS: Mapping[StepKind, Lateness] = {
    StepKind.MILESTONE: Lateness.NEWEST_ONLY,
    StepKind.RESTRICTION: Lateness.LATE,
    StepKind.CHECK_IN: Lateness.NEWEST_ONLY,
    StepKind.EDUCATION: Lateness.LATE,
}
"""What holds for a step that says nothing: an old question or reminder only puzzles beside a newer one, a
piece of education is as true a day later (proposed). A restriction sends no text."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a step may happen, should happen, is late, and no longer matters; offsets from the procedure.

    `tolerance` stands for an earliest and an overdue that many days around a due date in months, which no
    single offset from the procedure can say.
    """

    due: Offset
    earliest: Offset | None = None
    overdue: Offset | None = None
    expires: Offset | None = None
    tolerance: Offset | None = None

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
        return self.due.sign < 0


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a check-in and the range of its answers; `signs` are what a yes can mean."""

    key: str
    text: Text
    minimum: int
    maximum: int
    required: bool = True
    loinc: str | None = None
    signs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.minimum >= self.maximum:
            raise ProtocolError(
                "", "maximum", f"found {self.maximum}; write a number above the minimum {self.minimum}"
            )


@dataclass(frozen=True, slots=True)
class Reminder:
    """A text some whole days before or after a milestone's due date, or its booked one once there is one."""

    before: Offset | None
    after: Offset | None
    template: str
    booked_template: str
    local_time: time

    def __post_init__(self) -> None:
        if (self.before is None) == (self.after is None):
            raise ProtocolError("", "before", "found both or neither of before and after; write one of them")
        if not is_whole_days(self.distance):
            raise ProtocolError(
                "",
                "before" if self.before else "after",
                f"found {self.distance}; write whole days such as P7D",
            )

    @property
    def key(self) -> str:
        """The name of its text within the step, such as remind_P21D or remind_after_P3D."""
        return f"remind_{self.before}" if self.before else f"remind_after_{self.after}"

    @property
    def distance(self) -> Offset:
        """How far from the date it hangs on, without the direction."""
        return self.before or self.after or Offset()

    @property
    def offset(self) -> Offset:
        """How far from the date it hangs on, negative before it."""
        return -self.distance if self.before else self.distance


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How often a step comes back: `times` in all, the first at its window, each `every` after the last."""

    every: Offset
    times: int

    def __post_init__(self) -> None:
        if self.every.sign < 0 or not self.every.has_calendar or self.every.has_clock:
            raise ProtocolError("", "every", f"found {self.every}; write days or longer, such as P1Y")
        if not 1 <= self.times <= 50:
            raise ProtocolError("", "times", f"found {self.times}; write a number from 1 to 50")


@dataclass(frozen=True, slots=True)
class Variant:
    """Another template for the same step where the facts of the procedure ask for it."""

    when: Mapping[str, tuple[str, ...]]
    template: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a protocol with the reason and the source of its date.

    `ends` (restrictions) is an offset, the key of the milestone it ends with, `clearance`, or None while the
    clinic has not decided. `needs_clinic` names the values without which the protocol cannot be activated,
    `suggested` what we would propose for them.
    """

    key: str
    kind: StepKind
    title: Text
    why: Text
    source: str
    proposed: bool = False
    approved_by: str | None = None
    window: Window | None = None
    ends: Offset | str | None = None
    soft: bool = False
    bookable: bool = False
    reminders: tuple[Reminder, ...] = ()
    recurs: Recurrence | None = None
    questions: tuple[Question, ...] = ()
    template: str | None = None
    variants: tuple[Variant, ...] = ()
    facts: tuple[str, ...] = ()
    nudge_template: str | None = None
    nudge_after: Offset | None = None
    lateness: Lateness = Lateness.LATE
    local_time: time | None = None
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs_clinic: tuple[str, ...] = ()
    suggested: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind in (StepKind.CHECK_IN, StepKind.EDUCATION):
            self._check_texts()
        if self.kind is StepKind.RESTRICTION and self.ends is None and "ends" not in self.needs_clinic:
            raise ProtocolError(
                "",
                "ends",
                'missing; write a duration, a milestone\'s key, "clearance", or needs_clinic = ["ends"]',
            )
        if self.recurs and self.window and self.window.before_procedure:
            raise ProtocolError("", "recurs", "found on a step before the procedure; only later steps recur")
        keys = [reminder.key for reminder in self.reminders]
        if len(set(keys)) < len(keys):
            raise ProtocolError("", "reminders", "found two reminders on the same day; write each day once")

    def _check_texts(self) -> None:
        if self.window is None or self.window.expires is None:
            raise ProtocolError(
                "", "window.expires", "missing; write until when the text is worth sending, such as P3D"
            )
        if any(offset and offset.has_clock for offset in (self.window.due, self.window.expires)):
            raise ProtocolError(
                "", "window", "found hours; a text is due on a day, at local_time: write days such as P3D"
            )
        if self.local_time is not None and not in_texting_hours(self.local_time):
            raise ProtocolError(
                "", "local_time", f"found {self.local_time:%H:%M}; write a time from 09:00 and before 20:00"
            )

    @property
    def undecided(self) -> tuple[str, ...]:
        """The values the clinic must still set, such as `ends`."""
        return tuple(name for name in self.needs_clinic if getattr(self, name) is None)

    @property
    def sends_texts(self) -> bool:
        """Whether the patient receives anything because of it."""
        return bool(self.template or self.reminders)

    @property
    def times(self) -> int:
        """How many occurrences the step has."""
        return self.recurs.times if self.recurs else 1

    def applies(self, facts: Mapping[str, str]) -> bool:
        """Say whether the procedure's facts ask for this step; an unknown fact never does."""
        return matches(self.conditions, facts)

    def template_for(self, facts: Mapping[str, str]) -> str | None:
        """Return the template of the first variant that fits the procedure's facts, else the step's own."""
        fitting = (variant.template for variant in self.variants if matches(variant.when, facts))
        return next(fitting, self.template)


def matches(conditions: Mapping[str, tuple[str, ...]], facts: Mapping[str, str]) -> bool:
    """Say whether every condition names a fact whose value is among those it allows."""
    return all(facts.get(fact) in allowed for fact, allowed in conditions.items())


def in_texting_hours(at: time) -> bool:
    """Say whether a text may be planned for this wall time."""
    return TEXTING_HOURS[0] <= at < TEXTING_HOURS[1]


def is_whole_days(offset: Offset) -> bool:
    """Say whether an offset is a positive number of days or weeks and nothing else."""
    plain = not (offset.years or offset.months or offset.has_clock)
    return plain and offset.sign > 0 and bool(offset.weeks or offset.days)
