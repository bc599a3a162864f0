"""From a step's distances to its instants: what they are counted from, and where a closed day moves them.

A milestone may hang on another, on what became of it, or on the day the patient flies home; what is not known
yet has no instants. Pure; called by `timeline`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from schedules.civil_time import Offset, add_offset, resolve_local
from schedules.course import Course, MilestoneDates
from schedules.open_days import why_moved
from schedules.steps import Step
from schedules.vocabulary import FLIES_HOME, PROCEDURE, Text
from schedules.windows import Anchor, By, End, OpenDay, Window

_NOON = time(12)  # a day without an hour is taken at its middle, so that no zone makes another day of it


@dataclass(frozen=True, slots=True)
class Moments:
    """A step's instants, in aware UTC, and why the due date is not the protocol's ({} where it is)."""

    due_at: datetime
    earliest_at: datetime | None = None
    overdue_at: datetime | None = None
    expires_at: datetime | None = None
    moved: Text = field(default_factory=dict)


class Anchors:
    """The instants that distances are counted from, each looked up once for one timeline."""

    def __init__(self, steps: Mapping[str, Step], course: Course) -> None:
        self._steps = steps
        self._course = course
        self._dates: dict[str, datetime | None] = {}

    def moments(self, step: Step, index: int) -> Moments | None:
        """Return the instants of one occurrence, None while what it hangs on is not known."""
        window = step.window
        if window is None:
            return Moments(due_at=self._course.anchor)
        anchor = self.instant(window.anchor, self._course.zone_of(step))
        return None if anchor is None else self._laid_out(step, window, index, anchor)

    def end(self, end: End, step: Step) -> datetime | None:
        """Return when a restriction ends that waits for something, None while that is not known."""
        zone = self._course.clinic_zone
        anchor = self.instant(end.anchor, zone)
        return None if anchor is None else add_offset(anchor, end.distance, zone, step.local_time)

    def instant(self, anchor: Anchor, zone: str) -> datetime | None:
        """Return the instant an anchor stands for, its fallback's while its own is not known, or None."""
        found = self._date(anchor.key, zone) if anchor.by is By.DATE else self._done(anchor.key)
        if found is None and anchor.fallback:
            instead = self._date(anchor.fallback.anchor, zone)
            return instead and add_offset(instead, anchor.fallback.distance, zone, None)
        return found

    def _done(self, key: str) -> datetime | None:
        known = self._course.milestones.get(key)
        return known.done_at if known else None

    def _date(self, key: str, zone: str) -> datetime | None:
        if key == PROCEDURE:
            return self._course.anchor
        if key == FLIES_HOME:
            day = self._course.flies_home_on
            return resolve_local(datetime.combine(day, _NOON), zone) if day else None
        if key not in self._dates:
            self._dates[key] = self._milestone_date(self._steps[key])
        return self._dates[key]

    def _milestone_date(self, step: Step) -> datetime | None:
        known = self._course.milestones.get(step.key, MilestoneDates())
        if known.cancelled or not step.conditions.met_by(self._course.facts):
            return None
        actual = known.done_at or known.booked_at or known.due_at
        if actual is not None:
            return actual
        moments = self.moments(step, 0)
        return moments.due_at if moments else None

    def _laid_out(self, step: Step, window: Window, index: int, anchor: datetime) -> Moments:
        zone, at = self._course.zone_of(step), self._course.wall_time(step)

        def reach(offset: Offset) -> datetime:
            distance = offset.plus(step.recurs.every, index) if step.recurs and index else offset
            return add_offset(anchor, distance, zone, at)

        planned_at = reach(window.due)
        earliest_at = reach(window.earliest) if window.earliest else None
        overdue_at = reach(window.overdue) if window.overdue else None
        expires_at = reach(window.expires) if window.expires else None
        if window.tolerance:
            earliest_at = add_offset(planned_at, -window.tolerance, zone, None)
            overdue_at = add_offset(planned_at, window.tolerance, zone, None)
        if window.before_procedure and expires_at:
            expires_at = min(expires_at, self._course.anchor)
        due_at, moved = self._on_an_open_day(step, planned_at, earliest_at, zone)
        # Elapsed hours and calendar days can cross where a zone leaves hours out; the order is a promise.
        earliest_at = min(earliest_at, due_at) if earliest_at else None
        overdue_at = max(overdue_at, due_at) if overdue_at else None
        expires_at = max(expires_at, overdue_at or due_at) if expires_at else None
        return Moments(due_at, earliest_at, overdue_at, expires_at, moved)

    def _on_an_open_day(
        self, step: Step, planned_at: datetime, earliest_at: datetime | None, zone: str
    ) -> tuple[datetime, Text]:
        calendar = self._course.open_days
        if calendar is None or step.open_days is OpenDay.ANY:
            return planned_at, {}
        there = ZoneInfo(zone)
        planned = planned_at.astimezone(there).replace(tzinfo=None)
        if not calendar.is_closed(planned.date()):
            return planned_at, {}
        not_before = max(
            (at.astimezone(there).date() for at in (earliest_at, self._course.anchor) if at), default=None
        )
        day = calendar.nearest(planned.date(), step.open_days, not_before=not_before)
        moved_at = resolve_local(datetime.combine(day, planned.time()), zone)
        return moved_at, why_moved(planned.date(), day, calendar.why_closed(planned.date()) or {})
