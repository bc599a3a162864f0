"""The steps of a protocol: what happens, what must wait, what is asked, what is told.

Each shape checks itself and complains with a ProtocolError whose key is relative to the shape. What several
steps must agree on is checked in `protocol`; reading them from a file is `step_tables`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from schedules.approvals import check_approval
from schedules.civil_time import Offset
from schedules.conditions import EVERYONE, Condition, Facts
from schedules.errors import ProtocolError
from schedules.questions import Instrument, Question
from schedules.vocabulary import Text, in_texting_hours
from schedules.windows import End, OpenDay, Recurrence, Window, is_whole_days


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
class Reminder:
    """A text some whole days before or after a milestone's due date, or its booked one once there is one.

    `key` is the name of its text within the step, such as remind_P21D or remind_after_P3D; `offset` its
    distance from the date it hangs on, negative before it.
    """

    before: Offset | None
    after: Offset | None
    template: str
    booked_template: str
    local_time: time
    key: str = field(init=False)
    offset: Offset = field(init=False)

    def __post_init__(self) -> None:
        distance = self.before or self.after
        if distance is None or (self.before and self.after):
            raise ProtocolError("", "before", "found both or neither of before and after; write one of them")
        if not is_whole_days(distance):
            raise ProtocolError(
                "", "before" if self.before else "after", f"found {distance}; write whole days such as P7D"
            )
        object.__setattr__(self, "key", f"remind_{distance}" if self.before else f"remind_after_{distance}")
        object.__setattr__(self, "offset", -distance if self.before else distance)


@dataclass(frozen=True, slots=True)
class Variant:
    """Another template for the same step where the facts of the procedure ask for it."""

    when: Condition
    template: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a protocol with the reason and the source of its date, and who approved it when.

    `ends` (restrictions) is an offset, the key of the milestone it ends with, some time after one,
    `clearance`, or None while the clinic has not decided. `questions` are all that a check-in asks, with
    those of its `instruments`. `needs_clinic` names the values without which the protocol cannot be
    activated, `suggested` what we would propose for them.
    """

    key: str
    kind: StepKind
    title: Text
    why: Text
    source: str
    proposed: bool = False
    approved_by: str | None = None
    approved_on: date | None = None
    window: Window | None = None
    ends: Offset | str | End | None = None
    soft: bool = False
    bookable: bool = False
    reminders: tuple[Reminder, ...] = ()
    recurs: Recurrence | None = None
    open_days: OpenDay = OpenDay.ANY
    questions: tuple[Question, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    template: str | None = None
    variants: tuple[Variant, ...] = ()
    facts: tuple[str, ...] = ()
    nudge_template: str | None = None
    nudge_after: Offset | None = None
    lateness: Lateness = Lateness.LATE
    local_time: time | None = None
    conditions: Condition = EVERYONE
    needs_clinic: tuple[str, ...] = ()
    suggested: Mapping[str, str] = field(default_factory=dict)
    times: int = field(init=False, default=1)

    def __post_init__(self) -> None:
        check_approval(self.approved_by, self.approved_on)
        if self.kind in (StepKind.CHECK_IN, StepKind.EDUCATION):
            self._check_texts()
        if self.kind is StepKind.RESTRICTION and self.ends is None and "ends" not in self.needs_clinic:
            raise ProtocolError(
                "",
                "ends",
                'missing; write a duration, a milestone\'s key, "clearance", or needs_clinic = ["ends"]',
            )
        if self.recurs and self.window:
            self._count(self.recurs, self.window)
        keys = [reminder.key for reminder in self.reminders]
        if len(set(keys)) < len(keys):
            raise ProtocolError("", "reminders", "found two reminders on the same day; write each day once")

    def _count(self, recurs: Recurrence, window: Window) -> None:
        if window.due.sign < 0:
            raise ProtocolError(
                "", "recurs", "found on a step that is due before its anchor; only later steps recur"
            )
        try:
            object.__setattr__(self, "times", recurs.count_from(window.due))
        except ProtocolError as error:
            raise error.within("", "recurs") from error

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

    def template_for(self, facts: Facts) -> str | None:
        """Return the template of the first variant that fits the procedure's facts, else the step's own."""
        fitting = (variant.template for variant in self.variants if variant.when.met_by(facts))
        return next(fitting, self.template)
