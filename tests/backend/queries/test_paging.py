"""Cursors: opaque, checked, and never in the way."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.queries.paging import read_cursor, write_cursor

KINDS = {
    str: st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    uuid.UUID: st.uuids(),
}
VALUES: dict[type, st.SearchStrategy[Any]] = {
    **KINDS,
    int: st.integers(-(2**31) + 1, 2**31 - 1),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


@given(
    st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4).flatmap(
        lambda kinds: st.tuples(st.just(kinds), st.tuples(*(VALUES[kind] for kind in kinds)))
    )
)
def test_a_cursor_gives_back_the_key_it_was_made_of(case: tuple[list[type], tuple[Any, ...]]) -> None:
    kinds, values = case

    assert read_cursor(write_cursor(values), kinds) == list(values)


@given(st.text(max_size=80), st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4))
def test_any_other_text_is_refused_by_name(text: str, kinds: list[type]) -> None:
    with pytest.raises(Invalid) as refused:
        read_cursor(text, kinds)

    assert set(refused.value.fields) == {"cursor"}


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (["a"], (int,)),
        ([True], (int,)),
        ([2**40], (int,)),
        (["a\x00b"], (str,)),
        (["2026-11-23T09:00:00"], (datetime,)),
        (["a", "b"], (str,)),
        ([None], (str,)),
    ],
)
def test_a_cursor_of_another_list_is_refused(values: list[Any], kinds: tuple[type, ...]) -> None:
    with pytest.raises(Invalid):
        read_cursor(write_cursor(values), kinds)
