"""A table of a protocol file, read key by key; a complaint says what was found and what would be right.

Knows types and spelling, not protocols: `parsing` says which keys there are. A misspelt key is an error, not
a wish silently ignored.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time
from typing import TypeVar

from schedules.civil_time import Offset
from schedules.errors import ProtocolError, shown
from schedules.overrides import read_clock, read_offset
from schedules.vocabulary import LANGUAGES, Text

T = TypeVar("T")
_LARGEST = 10**9
_KEY = re.compile(r"[a-z][a-z0-9_]*")


class Table:
    """One table of a file: its values and where it stands."""

    def __init__(self, file: str, path: str, values: Mapping[str, object]) -> None:
        self.file = file
        self.path = path
        self._values = values

    def complain(self, key: str, reason: str) -> ProtocolError:
        """Return the error for one key of this table."""
        return ProtocolError("", key, reason).within(self.file, self.path)

    @contextmanager
    def placing(self, key: str = "") -> Iterator[None]:
        """Place the complaints of a shape that checks itself under this table, or under one of its keys."""
        try:
            yield
        except ProtocolError as error:
            if error.file:
                raise
            raise error.within(self.file, f"{self.path}.{key}".strip(".")) from error

    def has(self, key: str) -> bool:
        """Say whether the key is written."""
        return key in self._values

    def holds_table(self, key: str) -> bool:
        """Say whether a table is written under the key, and not a plain value."""
        return isinstance(self._values.get(key), dict)

    def only(self, allowed: Collection[str]) -> None:
        """Raise for the first key that is not among those allowed."""
        for key in self._values:
            if key not in allowed:
                close = difflib.get_close_matches(key, allowed, n=1, cutoff=0.75)
                right = f"did you mean {close[0]}?" if close else f"the keys here are {', '.join(allowed)}"
                raise self.complain(key, f"unknown key; {right}")

    def text(self, key: str, *, default: str | None = None) -> str:
        """Return a sentence or a name that is not blank."""
        value = self._take(key, default, "write a text in quotes")
        if not isinstance(value, str) or not value.strip():
            raise self.complain(key, f"found {shown(value)}; write a text that is not blank")
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None where the key is not written."""
        return self.text(key) if self.has(key) else None

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key, default, "write true or false")
        if not isinstance(value, bool):
            raise self.complain(key, f"found {shown(value)}; write true or false")
        return value

    def whole(self, key: str) -> int:
        """Return a whole number."""
        value = self._take(key, None, "write a whole number")
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
            raise self.complain(key, f"found {shown(value)}; write a whole number")
        return value

    def choice(self, key: str, allowed: Collection[str]) -> str:
        """Return one of the allowed words."""
        value = self._take(key, None, f"write one of {', '.join(allowed)}")
        if not isinstance(value, str) or value not in allowed:
            raise self.complain(key, f"found {shown(value)}; write one of {', '.join(allowed)}")
        return value

    def names(self, key: str, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """Return a list of distinct words, each of them allowed; empty where the key is not written."""
        value = self._take(key, [], "")
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.complain(key, f'found {shown(value)}; write a list such as ["a", "b"]')
        for position, item in enumerate(value):
            if allowed is not None and item not in allowed:
                raise self.complain(key, f"found {shown(item)}; write any of {', '.join(allowed)}")
            if item in value[:position]:
                raise self.complain(key, f"found {shown(item)} twice; write it once")
        return tuple(value)

    def offset(self, key: str) -> Offset:
        """Return a duration."""
        value = self._take(key, None, "write a duration such as P7D, -P7D, PT2H or P3M")
        return self._shape(key, value, read_offset)

    def optional(self, key: str, read: Callable[[str, object], T]) -> T | None:
        """Return what `read` makes of the value, or None where the key is not written."""
        return self._shape(key, self._take(key, None, ""), read) if self.has(key) else None

    def clock(self, key: str) -> time:
        """Return a wall time written HH:MM."""
        return self._shape(key, self._take(key, None, 'write a time such as "10:00"'), read_clock)

    def optional_day(self, key: str) -> date | None:
        """Return a calendar day, or None where the key is not written."""
        if not self.has(key):
            return None
        value = self._take(key, None, "")
        if type(value) is not date:
            raise self.complain(key, f"found {shown(value)}; write a day such as 2026-11-23, without quotes")
        return value

    def words(self, key: str) -> Text:
        """Return a sentence in every language."""
        table = self.table(key)
        table.only(LANGUAGES)
        return {language: table.text(language) for language in LANGUAGES}

    def table(self, key: str) -> "Table":
        """Return the table under a key."""
        value = self._take(key, None, f"write a table [{self.path + '.' if self.path else ''}{key}]")
        if not isinstance(value, dict):
            raise self.complain(key, f"found {shown(value)}; write a table")
        return Table(self.file, f"{self.path}.{key}".strip("."), value)

    def optional_table(self, key: str) -> "Table | None":
        """Return the table under a key, or None where the key is not written."""
        return self.table(key) if self.has(key) else None

    def tables(self, key: str) -> "list[Table]":
        """Return a list of tables, each placed under its position; empty where the key is not written."""
        value = self._take(key, [], "")
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.complain(key, f"found {shown(value)}; write a list of tables")
        return [Table(self.file, f"{self.path}.{key}.{n}", item) for n, item in enumerate(value)]

    def keyed(self, key: str) -> "dict[str, Table]":
        """Return the named tables under a key in the order written; empty where the key is not written."""
        if not self.has(key):
            return {}
        return self.table(key).children()

    def children(self) -> "dict[str, Table]":
        """Return the table's own tables, each under a well-formed name."""
        for name in self._values:
            if not _KEY.fullmatch(name):
                raise self.complain(name, "write a key in small letters, digits and _, such as mri_3_months")
        return {name: self.table(name) for name in self._values}

    def listed(
        self, allowed: Mapping[str, Collection[str]], *, besides: Collection[str] = ()
    ) -> dict[str, tuple[str, ...]]:
        """Return the table as word -> list of words, each allowed for its word; `besides` is read elsewhere.

        A list with no word in it is a complaint: nothing could ever meet it.
        """
        self.only((*allowed, *besides))
        found = {key: self.names(key, allowed[key]) for key in self._values if key not in besides}
        for key, named in found.items():
            if not named:
                raise self.complain(key, f"found []; write any of {', '.join(allowed[key])}")
        return found

    def _shape(self, key: str, value: object, read: Callable[[str, object], T]) -> T:
        try:
            return read(key, value)
        except ProtocolError as error:
            raise error.within(self.file, self.path) from error

    def _take(self, key: str, default: object, right: str) -> object:
        if key not in self._values and default is None:
            raise self.complain(key, f"missing; {right}")
        return self._values.get(key, default)
