"""A CSV file as lines of named values: UTF-8 with or without a mark, comma or semicolon, one line a record.

A line that cannot be read is handed on with what is wrong with it, and the next one is read. What the columns
mean is `import_columns`' to say. Called by the import.
"""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from backend.errors import UnreadableFile

WHOLE_LINE: Final = "line"
"""Stands where a column's name would, when what is wrong is not one column's."""

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number as an editor counts, its values by column, and what is wrong with it, if anything.

    `wrong` maps a column, or WHOLE_LINE, to sentences that say what would be right.
    """

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, list[str]] = field(default_factory=dict)


def read_lines(raw: Iterable[bytes], check_columns: Callable[[Sequence[str]], None]) -> Iterator[Line]:
    """Yield the lines below the header, one after the other; empty ones are passed over.

    `check_columns` is given the header's names, in small letters, and raises for what it cannot use. Raises
    UnreadableFile for a file without a header, or one whose header cannot be read.
    """
    lines = enumerate(raw, start=1)
    _, first = next(lines, (1, b""))
    delimiter, columns = _header(first)
    check_columns(columns)
    for number, encoded in lines:
        line = _line(number, encoded, delimiter, columns)
        if line.wrong or any(line.cells.values()):
            yield line


def _header(first: bytes) -> tuple[str, list[str]]:
    if first.startswith(_UTF_16):
        raise UnreadableFile("this file is UTF-16; save it as 'CSV UTF-8'")
    try:
        text = first.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise UnreadableFile("the first line is not UTF-8; save the file as 'CSV UTF-8'") from None
    if not text.strip():
        raise UnreadableFile("the file is empty; its first line must name the columns")
    delimiter = max(",;", key=text.count)
    try:
        columns = [name.strip().lower() for name in _split(text, delimiter)]
    except csv.Error as error:
        raise UnreadableFile(f"the first line cannot be read: {error}") from None
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise UnreadableFile(f"the first line names a column more than once: {', '.join(twice)}")
    return delimiter, columns


def _line(number: int, encoded: bytes, delimiter: str, columns: Sequence[str]) -> Line:
    try:
        text = encoded.decode()
    except UnicodeDecodeError as error:
        column = _column_at(encoded[: error.start].decode(), delimiter, columns)
        return Line(number, wrong={column: ["this is not UTF-8; save the file as 'CSV UTF-8'."]})
    if not text.strip():
        return Line(number)
    try:
        values = _split(text, delimiter)
    except csv.Error:
        sentence = "a quotation mark is not closed on this line, or stands inside a value; double it there."
        return Line(number, wrong={WHOLE_LINE: [sentence]})
    if len(values) != len(columns):
        sentence = (
            f"there are {len(values)} values for {len(columns)} columns; put a value with '{delimiter}'"
        )
        return Line(number, wrong={WHOLE_LINE: [f"{sentence} in it into quotation marks."]})
    return Line(number, cells=dict(zip(columns, (value.strip() for value in values), strict=True)))


def _split(text: str, delimiter: str) -> list[str]:
    """Each line is read by itself, so that a quotation mark left open spoils one line and not the rest."""
    return next(csv.reader([text], delimiter=delimiter, strict=True), [])


def _column_at(readable: str, delimiter: str, columns: Sequence[str]) -> str:
    """Name the column in which a line stops being readable, as far as separators tell."""
    place = readable.count(delimiter)
    return columns[place] if place < len(columns) else WHOLE_LINE
