"""One procedure as the calendar sees it: its instant, zones, facts, open days, and what became of milestones.

No dates are made here; `anchors` and `timeline` lay a protocol over it. Built by `build_timeline` and by the
house.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from schedules.conditions import Facts
from schedules.open_days import OpenDays
from schedules.steps import Step, StepKind
from schedules.vocabulary import in_texting_hours

TEXT_KINDS = (StepKind.CHECK_IN, StepKind.EDUCATION)


@dataclass(frozen=True, slots=True)
class MilestoneDates:
    """What became of a milestone: moved by hand, booked, done, or cancelled. Aware instants."""

    due_at: datetime | None = None
    booked_at: datetime | None = None
    done_at: datetime | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """Everything of one procedure that decides a date.

    `anchor` is its instant, `facts` what is known of CONDITION_FACTS, `milestones` what became of those
    others may hang on, by key. Without `open_days` no date gives way to a closed day. `preferred_time` is the
    patient's wall time for texts. ValueError for an instant without a zone and an hour outside TEXTING_HOURS.
    """

    anchor: datetime
    clinic_zone: str
    patient_zone: str
    facts: Facts
    now: datetime
    preferred_time: time | None = None
    open_days: OpenDays | None = None
    milestones: Mapping[str, MilestoneDates] = field(default_factory=dict)
    flies_home_on: date | None = None

    def __post_init__(self) -> None:
        for name in ("anchor", "now"):
            instant = getattr(self, name)
            if instant.utcoffset() is None:
                raise ValueError(f"{name} must carry a zone, found {instant.isoformat()}")
        if self.preferred_time is not None and not in_texting_hours(self.preferred_time):
            raise ValueError(
                f"the preferred time must be from 09:00 and before 20:00, found {self.preferred_time}"
            )

    def zone_of(self, step: Step) -> str:
        """Return the zone a step's days are counted in: the patient's for texts, else the clinic's."""
        return self.patient_zone if step.kind in TEXT_KINDS else self.clinic_zone

    def wall_time(self, step: Step) -> time | None:
        """Return the wall time a step's days are counted to; None keeps the anchor's own."""
        if step.kind in TEXT_KINDS and self.preferred_time is not None:
            return self.preferred_time
        return step.local_time
