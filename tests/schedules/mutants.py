"""Protocols that nobody wrote: the shipped ones, changed at random as far as they stay protocols."""

import copy
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from schedules.catalogue import Catalogue
from schedules.errors import ProtocolError
from schedules.parsing import parse_tables
from schedules.protocol import CareProtocol
from schedules.writing import Tables, tables_of

_BASES = [tables_of(protocol) for protocol in Catalogue.shipped().all()]
_OFFSETS = ("P1D", "P2D", "P6D", "P3W", "P5M", "P1Y2M3D", "PT2H", "PT4H30M", "-P3D", "P10D")
_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)


@st.composite
def mutants(draw: st.DrawFn) -> CareProtocol:
    """A shipped protocol with some values changed and some tables left out."""
    tables = copy.deepcopy(draw(st.sampled_from(_BASES)))
    for _ in range(draw(st.integers(1, 6))):
        changed = copy.deepcopy(tables)
        _change(draw, changed)
        try:
            parse_tables(changed, "mutant.toml")
        except ProtocolError:
            continue
        tables = changed
    protocol = parse_tables(tables, "mutant.toml")
    assume(protocol.steps)
    return protocol


def _change(draw: st.DrawFn, tables: Tables) -> None:
    """Follow a random path down and change what stands there."""
    here: Any = tables
    while True:
        key = draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        value = here[key]
        if isinstance(value, dict | list) and value and draw(st.integers(0, 9)):
            here = value
            continue
        if isinstance(here, dict) and not draw(st.integers(0, 3)):
            del here[key]
        else:
            here[key] = draw(_another(value))
        return


def _another(value: Any) -> st.SearchStrategy[Any]:
    match value:
        case bool():
            return st.booleans()
        case int():
            return st.integers(0, 60)
        case str():
            return st.sampled_from(_OFFSETS) | _WORDS | st.just("clearance")
        case list():
            return st.permutations(value) if value else st.just(value)
    return st.just(value)
