"""What is written can be read: a protocol, its tables and its file say the same."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.catalogue import Catalogue, parse_protocol
from schedules.errors import ProtocolError
from schedules.parsing import parse_tables
from schedules.protocol import CareProtocol
from schedules.writing import tables_of, toml_of
from tests.schedules.mutants import mutants
from tests.schedules.profiles import cases
from tests.schedules.test_protocol_document import EXAMPLE

SHIPPED = Catalogue.shipped().all()
EVERY = [*SHIPPED, parse_protocol(EXAMPLE, "example.toml")]


@pytest.mark.parametrize("protocol", EVERY, ids=lambda one: one.id)
def test_a_written_protocol_is_read_back_equal(protocol: CareProtocol) -> None:
    assert parse_tables(tables_of(protocol), protocol.file) == protocol


@pytest.mark.parametrize("protocol", EVERY, ids=lambda one: one.id)
def test_its_file_is_toml_that_says_the_same(protocol: CareProtocol) -> None:
    tables = tables_of(protocol)
    assert tomllib.loads(toml_of(tables)) == tables


@given(mutants())
@cases(25)
def test_any_other_protocol_is_read_back_equal_too(protocol: CareProtocol) -> None:
    assert parse_tables(tomllib.loads(toml_of(tables_of(protocol))), protocol.file) == protocol


@given(st.text(min_size=1).filter(str.strip))
@cases(200)
def test_any_sentence_survives_the_file(sentence: str) -> None:
    try:
        sentence.encode()
    except UnicodeEncodeError:
        return
    assert tomllib.loads(toml_of({"a": sentence, "b": {"c": {"d": [sentence]}}})) == {
        "a": sentence,
        "b": {"c": {"d": [sentence]}},
    }


def test_a_clinics_own_figures_are_written_as_set() -> None:
    own = SHIPPED[1].with_overrides({"heavy_lifting.ends": "P6W", "check_in_d1.local_time": "11:30"})
    read = parse_tables(tables_of(own), own.file)
    assert replace(read, own_figures=own.own_figures) == own


def test_what_is_wrong_is_still_refused_when_it_is_read() -> None:
    tables = tables_of(SHIPPED[0])
    tables["steps"]["mri_3_months"]["window"]["due"] = "soon"
    with pytest.raises(ProtocolError, match=r'x: steps.mri_3_months.window.due: found "soon"'):
        parse_tables(tables, "x")
