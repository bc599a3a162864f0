"""The picture of a plan: words never meet, nothing leaves the frame, days never swap places."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from backend.dashboard.timeline_svg import _LETTER, WIDTH, Event, Mark, Span, draw

DAYS = st.floats(min_value=-30, max_value=2000, allow_nan=False)
EVENTS = st.lists(
    st.builds(Event, st.text("abc ", min_size=1, max_size=25), st.just("planned"), DAYS), max_size=15
)
SPANS = st.lists(st.builds(Span, st.just("no sport"), DAYS, st.none() | DAYS), max_size=8)


def extent(mark: Mark) -> tuple[float, float]:
    width = len(mark.label) * _LETTER
    return (
        (mark.text_x, mark.text_x + width) if mark.anchor == "start" else (mark.text_x - width, mark.text_x)
    )


@given(EVENTS, SPANS, DAYS)
def test_words_of_one_row_never_meet(events: list[Event], spans: list[Span], today: float) -> None:
    picture = draw(events, spans, today=today)
    for one, other in combinations(picture.marks, 2):
        if one.row == other.row:
            (left, right), (other_left, other_right) = extent(one), extent(other)
            assert right <= other_left or other_right <= left


@given(EVENTS, SPANS, DAYS)
def test_everything_stays_inside_the_frame(events: list[Event], spans: list[Span], today: float) -> None:
    picture = draw(events, spans, today=today)
    assert 0 <= picture.today_x <= WIDTH
    assert all(0 <= mark.x <= WIDTH and 0 < mark.y < picture.axis_y for mark in picture.marks)
    assert all(
        bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.y + 16 <= picture.height for bar in picture.bars
    )


@given(EVENTS)
def test_a_later_day_never_stands_further_left(events: list[Event]) -> None:
    marks = draw(events, [], today=0).marks
    assert [mark.x for mark in marks] == sorted(mark.x for mark in marks)


def test_a_restriction_until_clearance_reaches_the_edge() -> None:
    bar = draw([], [Span("no sport", 0, None)], today=5).bars[0]
    assert bar.open_ended
    assert bar.x + bar.width > WIDTH - 40
