"""Two simulations side by side: which texts and dates are added, dropped, moved or put into other words.

Pure: stores nothing, asks nothing. What is compared (two versions, or a file and a clinic's own figures) is
chosen by `protocol_versions`. Called by the command line, the API and the page of a simulation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from backend.services.simulation import SimulatedText, Simulation
from schedules.rules import Rule
from schedules.timeline import Occurrence

_Key = tuple[str, ...]
_Thing = TypeVar("_Thing")


class Change(StrEnum):
    """What became of a text, a date or a rule; a rule with other figures counts as moved."""

    ADDED = "added"
    DROPPED = "dropped"
    MOVED = "moved"
    REWORDED = "reworded"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Totals:
    """How many texts a patient gets, and how many segments they take."""

    texts: int
    segments: int


@dataclass(frozen=True, slots=True)
class ComparedText:
    """One text before and after; None on the side where there is none. `reworded` may go with a move."""

    change: Change
    before: SimulatedText | None
    after: SimulatedText | None
    reworded: bool = False

    @property
    def either(self) -> SimulatedText:
        """The text as it will be, or as it was where it is dropped."""
        return _one_of(self.before, self.after)


@dataclass(frozen=True, slots=True)
class ComparedStep:
    """One occurrence of a step before and after; a restriction that ends at another time has moved."""

    change: Change
    before: Occurrence | None
    after: Occurrence | None

    @property
    def either(self) -> Occurrence:
        """The occurrence as it will be, or as it was where it is dropped."""
        return _one_of(self.before, self.after)


@dataclass(frozen=True, slots=True)
class ComparedRule:
    """One rule of what must reach a nurse, before and after; `reworded` where only its reason differs."""

    change: Change
    before: Rule | None
    after: Rule | None

    @property
    def either(self) -> Rule:
        """The rule as it will be, or as it was where it is dropped."""
        return _one_of(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs and what does not, both by date, and the totals of each side."""

    texts: tuple[ComparedText, ...]
    steps: tuple[ComparedStep, ...]
    before: Totals
    after: Totals

    @property
    def counts(self) -> Mapping[Change, int]:
        """How many texts each change concerns; every change is there, also with none."""
        found = [text.change for text in self.texts]
        return {change: found.count(change) for change in Change}


def totals_of(texts: Iterable[SimulatedText]) -> Totals:
    """Count texts and their segments."""
    segments = [text.sms.segments.count for text in texts]
    return Totals(len(segments), sum(segments))


def compare(before: Simulation, after: Simulation) -> Comparison:
    """Lay two simulations of the same procedure side by side.

    A text is the same one when step, occurrence and name agree, whatever its date and words are.
    """
    texts = [
        _text(*pair)
        for pair in _pairs({_text_key(t): t for t in before.texts}, {_text_key(t): t for t in after.texts})
    ]
    steps = [
        _step(*pair)
        for pair in _pairs(
            {_step_key(o): o for o in before.occurrences}, {_step_key(o): o for o in after.occurrences}
        )
    ]
    return Comparison(
        tuple(sorted(texts, key=lambda text: text.either.due_at)),
        tuple(sorted(steps, key=lambda step: step.either.due_at)),
        totals_of(before.texts),
        totals_of(after.texts),
    )


def compare_rules(before: Sequence[Rule], after: Sequence[Rule]) -> tuple[ComparedRule, ...]:
    """Return the rules that differ, in the order they are written in.

    Who approved a rule and where it comes from is no difference.
    """
    pairs = _pairs({(rule.key,): rule for rule in before}, {(rule.key,): rule for rule in after})
    compared = [_rule(*pair) for pair in pairs]
    return tuple(rule for rule in compared if rule.change is not Change.SAME)


def _pairs(
    before: Mapping[_Key, _Thing], after: Mapping[_Key, _Thing]
) -> list[tuple[_Thing | None, _Thing | None]]:
    return [(before.get(key), after.get(key)) for key in dict.fromkeys((*before, *after))]


def _text_key(text: SimulatedText) -> _Key:
    return text.step_key, str(text.occurrence), text.key


def _step_key(occurrence: Occurrence) -> _Key:
    return occurrence.step_key, str(occurrence.index)


def _text(before: SimulatedText | None, after: SimulatedText | None) -> ComparedText:
    if before is None or after is None:
        return ComparedText(Change.ADDED if before is None else Change.DROPPED, before, after)
    if before.due_at != after.due_at:  # the date itself may stand in its words: those are no other words
        return ComparedText(Change.MOVED, before, after, before.sms.template != after.sms.template)
    reworded = before.sms.body != after.sms.body
    return ComparedText(Change.REWORDED if reworded else Change.SAME, before, after, reworded)


def _step(before: Occurrence | None, after: Occurrence | None) -> ComparedStep:
    if before is None or after is None:
        return ComparedStep(Change.ADDED if before is None else Change.DROPPED, before, after)
    if _dates(before) != _dates(after):
        return ComparedStep(Change.MOVED, before, after)
    reworded = before.title != after.title
    return ComparedStep(Change.REWORDED if reworded else Change.SAME, before, after)


def _dates(occurrence: Occurrence) -> tuple[datetime | str | None, ...]:
    return (
        occurrence.due_at,
        occurrence.earliest_at,
        occurrence.overdue_at,
        occurrence.expires_at,
        occurrence.ends_at,
        occurrence.ends_with,
    )


def _rule(before: Rule | None, after: Rule | None) -> ComparedRule:
    if before is None or after is None:
        return ComparedRule(Change.ADDED if before is None else Change.DROPPED, before, after)
    if judged_by(before) != judged_by(after):
        return ComparedRule(Change.MOVED, before, after)
    return ComparedRule(Change.REWORDED if before.reason != after.reason else Change.SAME, before, after)


def judged_by(rule: Rule) -> Mapping[str, str]:
    """Return what a rule judges by, written as in a file: kind, tier, days, regions, signs and figures."""
    told = {
        "kind": rule.kind,
        "tier": rule.tier.value,
        "from_day": rule.from_day,
        "to_day": rule.to_day,
        "regions": ", ".join(rule.regions),
        "signs": ", ".join(rule.signs),
        **rule.parameters,
    }
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def _one_of(before: _Thing | None, after: _Thing | None) -> _Thing:
    one = after or before
    if one is None:
        raise ValueError("a pair has at least one side")
    return one
