"""The timeline of a plan as a picture: where every mark and bar stands.

Pure geometry: timeline items in, numbers out; `templates/timeline.svg` draws them.
The scale is logarithmic, because the first days are crowded and the years are not.
Words that would meet are put on separate rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log1p

WIDTH = 1200
MARGIN = 28
ROW = 20
BAR = 22
_LETTER = 6.3  # the width of a letter at the picture's 12 px, on average, generously
_CROWDED_DAYS = 3.0  # the larger, the less the first days are stretched
_MARKS_OF_DAYS = (0, 1, 3, 7, 14, 28, 42, 91, 182, 365, 730, 1095, 1826)
_SHORTEST_LABEL = 40


@dataclass(frozen=True, slots=True)
class Event:
    """A milestone to be drawn: `state` is its status, `on_day` counts from the procedure."""

    label: str
    state: str
    on_day: float


@dataclass(frozen=True, slots=True)
class Span:
    """A restriction to be drawn; `until_day` None: until somebody clears it."""

    label: str
    from_day: float
    until_day: float | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A milestone's dot and its words; `anchor` is SVG's text-anchor."""

    x: float
    row: int
    y: int
    text_x: float
    anchor: str
    label: str
    state: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A restriction's bar; `open_ended` ones fade out at the picture's edge."""

    x: float
    y: int
    width: float
    text_x: float
    anchor: str
    label: str
    open_ended: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A day of the scale; `day` counts from the procedure."""

    x: float
    day: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the template draws, in the picture's own units."""

    width: int
    height: int
    axis_y: int
    bars_y: int
    today_x: float
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    bars: tuple[Bar, ...]


def days_between(anchor: datetime, at: datetime) -> float:
    """Return the days from the procedure to an instant, with their fraction."""
    return (at - anchor).total_seconds() / 86400


def draw(events: Sequence[Event], spans: Iterable[Span], *, today: float) -> Picture:
    """Return the picture of a plan as it stands on day `today`.

    It reaches from the procedure, or today when that is earlier, to a year or the last
    event, whichever is later.
    """
    first = min([0.0, today, *(event.on_day for event in events)])
    last = max([365.0, today, *(event.on_day for event in events)])
    scale = _Scale(first, last)
    marks, rows = _place_marks(sorted(events, key=lambda event: event.on_day), scale)
    axis_y = 16 + rows * ROW
    bars_y = axis_y + 44
    bars = _place_bars(sorted(spans, key=_by_end), scale, bars_y, today)
    return Picture(
        width=WIDTH,
        height=bars_y + len(bars) * BAR + 8,
        axis_y=axis_y,
        bars_y=bars_y,
        today_x=scale.x(today),
        ticks=_ticks(scale, last),
        marks=marks,
        bars=bars,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: float
    last: float

    def x(self, day: float) -> float:
        inside = min(max(day, self.first), self.last) - self.first
        share = log1p(inside / _CROWDED_DAYS) / log1p((self.last - self.first) / _CROWDED_DAYS)
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)


def _ticks(scale: _Scale, last: float) -> tuple[Tick, ...]:
    """Return the days of the scale that leave each other room."""
    ticks: list[Tick] = []
    for day in _MARKS_OF_DAYS:
        x = scale.x(day)
        if day <= last and (not ticks or x - ticks[-1].x >= _SHORTEST_LABEL):
            ticks.append(Tick(x, day))
    return tuple(ticks)


def _place_marks(events: Sequence[Event], scale: _Scale) -> tuple[tuple[Mark, ...], int]:
    """Return the marks and how many rows their words need; row 0 is nearest to the axis."""
    free_from: list[float] = []
    placed: list[tuple[float, int, float, str, Event]] = []
    for event in events:
        x = scale.x(event.on_day)
        width = len(event.label) * _LETTER + 14
        anchor = "end" if x + width > WIDTH - 4 else "start"
        left = x - width if anchor == "end" else x - 5
        row = next((number for number, free in enumerate(free_from) if free <= left), len(free_from))
        if row == len(free_from):
            free_from.append(0.0)
        free_from[row] = left + width + 6
        placed.append((x, row, x - 8 if anchor == "end" else x + 8, anchor, event))
    rows = len(free_from)
    marks = tuple(
        Mark(x, row, 16 + (rows - 1 - row) * ROW, text_x, anchor, event.label, event.state)
        for x, row, text_x, anchor, event in placed
    )
    return marks, rows


def _place_bars(spans: Sequence[Span], scale: _Scale, top: int, today: float) -> tuple[Bar, ...]:
    bars: list[Bar] = []
    for row, span in enumerate(spans):
        x = scale.x(span.from_day)
        end = WIDTH - MARGIN if span.until_day is None else scale.x(span.until_day)
        beside = end + 8 + len(span.label) * _LETTER < WIDTH
        inside_x = max(x, scale.x(today)) if span.until_day is None else x
        bars.append(
            Bar(
                x=x,
                y=top + row * BAR,
                width=max(round(end - x, 1), 3.0),
                text_x=end + 8 if beside else inside_x + 8,
                anchor="start",
                label=span.label,
                open_ended=span.until_day is None,
            )
        )
    return tuple(bars)


def _by_end(span: Span) -> tuple[bool, float, float]:
    return span.until_day is None, span.until_day or 0.0, span.from_day
