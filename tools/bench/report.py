"""What a benchmark has found, as a table for the terminal and for docs/benchmarks.md."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

_BEGIN: Final = "<!-- measured: written by `make bench ARGS=--save` -->"
_END: Final = "<!-- end of measured -->"
_PART: Final = re.compile(r"<!-- part (\S+) -->\n(.*?)(?=<!-- part |\Z)", re.DOTALL)


@dataclass(slots=True)
class Sheet:
    """One table: `columns` name the figures, `notes` say what is aimed at and what must be known."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Spent:
    """What sending some messages took; `store_cpu` is the database's (and the broker's), where readable."""

    messages: int
    seconds: float
    cpu: float
    store_cpu: float | None = None

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU a message, in the sending process."""
        return 1000 * self.cpu / self.messages

    @property
    def store_ms(self) -> float | None:
        """Milliseconds of CPU a message, in the store."""
        return None if self.store_cpu is None else 1000 * self.store_cpu / self.messages

    def cells(self) -> tuple[str, str, str, str]:
        """Return messages, rate, CPU and the store's CPU as they stand in a table."""
        store = "not readable" if self.store_ms is None else f"{self.store_ms:.2f}"
        return f"{self.messages:,}", f"{self.rate:,.0f}", f"{self.cpu_ms:.3f}", store


def against(figure: float, aim: float, *, at_most: bool) -> str:
    """Return whether an aim is met, in a word."""
    return "met" if (figure <= aim if at_most else figure >= aim) else "missed"


def machine(now: datetime) -> str:
    """Name the day and the machine: figures mean little without them."""
    load = os.getloadavg()[0]
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {_processor()}, {platform.system()}, "
        f"Python {platform.python_version()}, load before the run {load:.1f}"
    )


def show(console: Console, sheet: Sheet) -> None:
    """Print one table."""
    table = Table(*sheet.columns, title=sheet.title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in sheet.rows:
        table.add_row(*row)
    console.print(table)
    for note in sheet.notes:
        console.print(f"  {note}", markup=False, highlight=False, soft_wrap=True)
    console.print()


def save(path: Path, where: str, found: Mapping[str, Sequence[Sheet]]) -> None:
    """Replace the tables of these parts in the document at `path`, and leave those of the others.

    Each table says `where` (and when) it was measured. The document has the two marks already.
    """
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(_BEGIN, 1)
    old, after = rest.split(_END, 1)
    kept = dict(_PART.findall(old))
    for part, sheets in found.items():
        lines = [line for sheet in sheets for line in (*_markdown(sheet, where), "")]
        kept[part] = "\n".join(lines)
    blocks = [f"<!-- part {part} -->\n\n{block.strip()}\n" for part, block in kept.items()]
    path.write_text(before + "\n".join([_BEGIN, *blocks, _END]) + after, encoding="utf-8")


def _markdown(sheet: Sheet, where: str) -> list[str]:
    aligned = ["---", *["--:"] * (len(sheet.columns) - 1)]
    lines = [f"### {sheet.title}", "", f"{where}.", "", _line(sheet.columns), _line(aligned)]
    lines += [_line(row) for row in sheet.rows]
    if sheet.notes:
        lines += ["", *(f"- {note}" for note in sheet.notes)]
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
