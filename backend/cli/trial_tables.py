"""A simulation on the terminal: its texts as a table, what answers lead to, and two versions side by side.

Only how it looks; what happens is the services'. Called by `care`.
"""

import sys
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from rich.console import Console
from rich.table import Table

from backend.services.comparing import (
    Change,
    ComparedText,
    Comparison,
    Totals,
    compare_rules,
    judged_by,
    totals_of,
)
from backend.services.rehearsing import Event, EventKind
from backend.services.simulation import Simulation
from notifications.prices import SegmentPrice
from schedules.protocol import SIGNS, CareProtocol, Lateness, Rule, Text
from schedules.timeline import Occurrence

_WIDTH_IN_A_FILE: Final = 120
_IF_LATE: Final = {
    Lateness.LATE: "late: still goes",
    Lateness.NEWEST_ONLY: "late: newest only",
    Lateness.CALL: "late: or a call",
}
_EVENTS: Final = {
    EventKind.ANSWER: "answers",
    EventKind.SIGN: "writes",
    EventKind.TO_A_PERSON: "answers, though nothing is asked: a nurse reads it",
    EventKind.NOTHING_ASKED: "says nothing, and nothing is asked",
    EventKind.NUDGE: "no answer yet: asked once more",
    EventKind.MISSED: "no answer: the question closes",
    EventKind.ALERT: "alert",
    EventKind.CALL: "a nurse has to call",
}


class Paper:
    """Where a simulation is written: the terminal, or a file of a fixed width."""

    def __init__(self, zone: str, language: str, price: SegmentPrice | None) -> None:
        self._console = Console(width=None if sys.stdout.isatty() else _WIDTH_IN_A_FILE, markup=False)
        self._zone = zone
        self._language = language
        self._price = price

    def texts(self, protocol: CareProtocol, simulation: Simulation) -> None:
        """Write every text word for word, what gave way, what waits, and the totals."""
        table = self._table(self._name(protocol), "Date and local time", "Step", "Text", "Segments")
        for text in simulation.texts:
            size = text.sms.segments
            when = self._moment(text.due_at).replace(", ", "\n")
            table.add_row(
                f"{when}\n{text.moved}" if text.moved else when,
                f"{text.step_key}\n{text.key}\n{_IF_LATE[text.lateness]}",
                text.sms.body,
                f"{size.count}\n{size.encoding}{self._cost(size.count)}",
            )
        self._console.print(table)
        for occurrence in simulation.occurrences:
            if occurrence.moved:
                self._say(occurrence.step_key, occurrence.title, occurrence.moved[self._language])
        for waiting in simulation.waiting:
            self._say(waiting.step_key, waiting.title, waiting.words[self._language])
        self._console.print(self._counted(totals_of(simulation.texts)))
        if self._price:
            self._console.print(f"The price of a segment is {self._price.source}.")
        if protocol.undecided():
            self._console.print(f"The clinic must still set: {', '.join(protocol.undecided())}")

    def events(self, events: tuple[Event, ...]) -> None:
        """Write what the answers of the script lead to."""
        table = self._table("What the answers lead to", "Date and local time", "Day", "What happens")
        for event in events:
            table.add_row(self._moment(event.at), f"D{event.day}", self._told(event))
        self._console.print(table)

    def comparison(self, before: CareProtocol, after: CareProtocol, comparison: Comparison) -> None:
        """Write only what differs between two versions, and the totals of both."""
        self._console.print(f"before: {self._name(before)}\nafter:  {self._name(after)}")
        table = self._table("What changes", "Change", "Step", "Before", "After")
        for step in comparison.steps:
            if step.change is not Change.SAME:
                key = f"{step.either.step_key} ({step.either.title[self._language]})"
                table.add_row(step.change.value, key, self._of_step(step.before), self._of_step(step.after))
        for rule in compare_rules(before.rules, after.rules):
            change = "changed" if rule.change is Change.MOVED else rule.change.value
            sides = [
                _figures(one, other) for one, other in ((rule.before, rule.after), (rule.after, rule.before))
            ]
            table.add_row(change, f"rules.{rule.either.key}", *sides)
        for text in comparison.texts:
            if text.change is not Change.SAME:
                table.add_row(*self._of_text(text))
        self._console.print(table if table.row_count else "No date, no rule and no text changes.")
        self._console.print(f"before: {self._counted(comparison.before)}")
        self._console.print(f"after:  {self._counted(comparison.after)}")
        self._console.print(", ".join(f"{n} {change.value}" for change, n in comparison.counts.items()))

    def _of_text(self, text: ComparedText) -> tuple[str, str, str, str]:
        said = f"{text.change.value}, other words" if text.reworded else text.change.value
        return (
            said,
            f"{text.either.step_key}\n{text.either.key}",
            self._moment(text.before.due_at) if text.before else "",
            self._moment(text.after.due_at) if text.after else "",
        )

    def _of_step(self, step: Occurrence | None) -> str:
        if step is None:
            return ""
        if step.ends_at is not None:
            return f"until {self._moment(step.ends_at)}"
        return f"until {step.ends_with}" if step.ends_with else self._moment(step.due_at)

    def _told(self, event: Event) -> str:
        said = _EVENTS[event.kind]
        if event.tier is not None:
            again = " (again)" if event.repeated else ""
            return f"{said}, {event.tier.value}{again}: {event.reason[self._language]} [{event.rule}]"
        if event.sign is not None:
            return f"{said}: {SIGNS[event.sign][self._language]}"
        question = f" [{event.step_key}]" if event.step_key else ""
        return f"{said}: {event.value}{question}" if event.value is not None else f"{said}{question}"

    def _counted(self, totals: Totals) -> str:
        return f"{totals.texts} texts, {totals.segments} segments{self._cost(totals.segments, ', about ')}"

    def _cost(self, segments: int, before: str = "\n~") -> str:
        return f"{before}{self._price.of(segments)} {self._price.currency}" if self._price else ""

    def _name(self, protocol: CareProtocol) -> str:
        title = protocol.titles[self._language]
        return f"{title} · {protocol.id} {protocol.version} {protocol.status} · {self._zone}"

    def _moment(self, at: datetime) -> str:
        local = at.astimezone(ZoneInfo(self._zone))
        return format_datetime(local, "EEE d MMM yyyy, HH:mm", locale=self._language)

    def _say(self, key: str, title: Text, words: str) -> None:
        self._console.print(f"{key} ({title[self._language]}): {words}")

    @staticmethod
    def _table(title: str, *columns: str) -> Table:
        table = Table(title=title, title_justify="left", show_lines=True)
        for column in columns:
            wide = column in ("Text", "What happens")
            table.add_column(
                column,
                no_wrap=column == "Date and local time",
                ratio=1 if wide else None,
                justify="right" if column in ("Segments", "Day") else "left",
            )
        return table


def _figures(rule: Rule | None, other: Rule | None) -> str:
    """Return what a rule judges by where the other does not, written as in a file."""
    own, others = judged_by(rule) if rule else {}, judged_by(other) if other else {}
    return "\n".join(f"{name} {value}" for name, value in own.items() if others.get(name) != value)
