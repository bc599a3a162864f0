"""A protocol file broken in any way is refused with a ProtocolError: no other error, and no traceback."""

import copy
import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schedules.catalogue import SHIPPED, parse_protocol
from schedules.errors import ProtocolError
from schedules.parsing import parse_tables
from schedules.protocol import CareProtocol
from tests.schedules.profiles import cases


def one_file() -> str:
    """The lumbar protocol and the part it includes as one text."""
    own, shared = (
        (SHIPPED / name).read_text(encoding="utf-8")
        for name in ("nucleoplasty_lumbar.toml", "nucleoplasty_steps.toml")
    )
    flag = "[questions.red_flag]\n"
    before, after = shared.split(flag, 1)
    figures, rest = after.split("\n\n", 1)
    head, tables = own.replace('include = "nucleoplasty_steps.toml"\n', "").split("[", 1)
    return head + before + rest + "\n[" + tables.replace(flag, f"{flag}{figures}\n")


TEXT = one_file()
TABLES = tomllib.loads(TEXT)
WHOLE = parse_tables(TABLES, "whole.toml")
WORDS = (
    "",
    "P7D",
    "-P7D",
    "PT4H",
    "P0D",
    "P9999D",
    "P99Y",
    "done",
    "clearance",
    "procedure",
    "١٠:٠٠",
    "10:00",
)
NAMES = ("due", "after", "in", "en", "tr", "not", "every", "anchor")
scalars = st.one_of(
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.dates(),
    st.datetimes(),
    st.times(),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of the tables, as the keys that lead there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inside:
        yield (*path, key)
        yield from places(below, (*path, key))


PLACES = sorted(places(TABLES), key=str)


FIGURES = (
    *("heavy_lifting.ends", "first_follow_up.window.due", "first_follow_up.open_days", "wound.lateness"),
    *("check_in_d1.local_time", "check_in_d1.nudge_after", "rules.rebound.above_best", "rules.rebound.tier"),
)


def judged(make: Any) -> CareProtocol | ProtocolError:
    """What comes of it; any other error is a failure."""
    try:
        return make()
    except ProtocolError as error:
        return error


def test_the_file_that_is_broken_is_whole():
    assert isinstance(judged(lambda: parse_protocol(TEXT, "whole.toml")), CareProtocol)


@given(st.integers(0, len(TEXT)), st.integers(0, 60), st.text(max_size=12) | st.sampled_from('"[]{}=\n#,.'))
@cases(40)
def test_a_text_with_something_else_in_it_is_read_or_refused_with_a_file(start, length, instead):
    text = TEXT[:start] + instead + TEXT[start + length :]
    told = judged(lambda: parse_protocol(text, "broken.toml"))
    assert isinstance(told, CareProtocol) or (told.file == "broken.toml" and told.reason)


@given(st.sampled_from(PLACES), values)
@cases(80)
def test_a_value_of_any_type_in_any_place_is_read_or_refused_with_its_place(place, value):
    tables = copy.deepcopy(TABLES)
    below = tables
    for key in place[:-1]:
        below = below[key]
    below[place[-1]] = value
    told = judged(lambda: parse_tables(tables, "broken.toml"))
    assert isinstance(told, CareProtocol) or (told.file == "broken.toml" and told.key and told.reason)


@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
@cases(40)
def test_a_value_moved_to_another_place_is_read_or_refused_with_its_place(origin, place):
    tables = copy.deepcopy(TABLES)
    value: Any = TABLES
    for key in origin:
        value = value[key]
    below = tables
    for key in place[:-1]:
        below = below[key]
    below[place[-1]] = copy.deepcopy(value)
    told = judged(lambda: parse_tables(tables, "broken.toml"))
    assert isinstance(told, CareProtocol) or (told.file == "broken.toml" and told.key and told.reason)


@given(st.text(max_size=30) | st.sampled_from(FIGURES), values)
@cases(200)
def test_a_clinics_own_figure_is_taken_or_refused_with_its_place(key, value):
    told = judged(lambda: WHOLE.with_overrides({key: value}))
    assert isinstance(told, CareProtocol) or (told.file == "whole.toml" and told.key and told.reason)
