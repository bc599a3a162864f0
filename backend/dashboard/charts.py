"""The two pictures of a patient's page: what the timeline draws and what the pain chart is given.

Turns rows of the queries into the shapes that `timeline_svg` and `static/app.js` draw.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from backend.dashboard.formats import Reader
from backend.dashboard.language import gettext
from backend.dashboard.timeline_svg import Event, Picture, Span, days_between, draw
from backend.dashboard.words import KINDS, SOURCES, day_words, word
from backend.queries.courses import FLARE_UNTIL_DAY, PAIN, PAIN_LIMB, Course, Point

_SHOWN_AHEAD: Final = timedelta(days=400)
"""How far ahead the picture reaches at least: a year, and the review at its end."""
_HIDDEN: Final = frozenset({"cancelled"})
_SHORTEST_DAYS: Final = 14
_BELOW_THE_SCALE: Final = -1
"""Where the mark of a silent check-in stands: silence is never a 0."""


def plan_picture(items: Iterable[Mapping[str, Any]], *, anchor: datetime, reader: Reader) -> Picture:
    """Return the picture of a plan's milestones and of the restrictions that still hold."""
    horizon = max(anchor, reader.now) + _SHOWN_AHEAD
    events: list[Event] = []
    spans: list[Span] = []
    for item in items:
        if item["kind"] == "milestone" and item["status"] not in _HIDDEN and _when(item) <= horizon:
            events.append(Event(_label(item, reader), item["status"], days_between(anchor, _when(item))))
        elif item["kind"] == "restriction" and item["status"] == "active":
            spans.append(_span(item, anchor, reader))
    return draw(events, spans, today=days_between(anchor, reader.now))


def _when(item: Mapping[str, Any]) -> datetime:
    """Return when a milestone was done, is booked, or is due."""
    moment: datetime = item["completed_at"] or item["booked_at"] or item["due_at"]
    return moment


def _label(item: Mapping[str, Any], reader: Reader) -> str:
    if item["status"] == "booked":
        return gettext("%(title)s, booked %(day)s", title=item["title"], day=reader.day(item["booked_at"]))
    return str(item["title"])


def _span(item: Mapping[str, Any], anchor: datetime, reader: Reader) -> Span:
    start = max(0.0, days_between(anchor, item["earliest_at"]))
    ends_at: datetime | None = item["ends_at"]
    if ends_at is None:
        return Span(gettext("%(title)s: until cleared", title=item["title"]), start, None)
    label = gettext("%(title)s: until %(day)s", title=item["title"], day=reader.day(ends_at))
    return Span(label, start, days_between(anchor, ends_at))


def chart_data(told: Course, *, day: int, reader: Reader) -> dict[str, Any]:
    """Return the pain chart's data: points, band, silences and alerts by day, and its words."""
    last = max([_SHORTEST_DAYS, day, *(point.day for point in told.points)])
    return {
        "from": 0,
        "to": last,
        "baseline": told.baseline,
        "expected": told.expected,
        "expected_from": FLARE_UNTIL_DAY,
        "pain": [_point(point, reader) for point in told.of(PAIN)],
        "limb": [_point(point, reader) for point in told.of(PAIN_LIMB)],
        "silences": [
            {"x": one.day, "y": _BELOW_THE_SCALE, "label": f"{day_words(one.day)}: {gettext('no answer')}"}
            for one in told.silences
        ],
        "alerts": [
            {
                "x": alert.day,
                "y": _height(told.of(PAIN), alert.day),
                "tier": alert.tier,
                "label": f"{day_words(alert.day)}: {word(KINDS, alert.tier)}",
            }
            for alert in told.alerts
            if alert.tier != "lost_sight"
        ],
        "words": {
            "pain": gettext("Back or neck"),
            "limb": gettext("Leg or arm"),
            "baseline": gettext("Before the procedure"),
            "expected": gettext("Published averages"),
            "silence": gettext("No answer"),
            "alert": gettext("Alert"),
            "day": gettext("Days after the procedure"),
        },
    }


def _point(point: Point, reader: Reader) -> dict[str, Any]:
    how = f"{word(SOURCES, point.source)}, {reader.moment(point.observed_at)}"
    return {"x": point.day, "y": point.value, "label": f"{day_words(point.day)}: {point.value} ({how})"}


def _height(points: Sequence[Point], day: int) -> float:
    """Return where an alert's mark stands: just above that day's answer, near the top where there is none."""
    values = [point.value for point in points if point.day == day]
    return min(max(values) + 0.9, 10) if values else 9.5
