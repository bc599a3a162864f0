"""What the steps and rules of one protocol must agree on: names that exist, no circles, one question a day.

Called once by `CareProtocol` when it is made, whether from a file or with a clinic's own figures.
"""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from schedules.errors import ProtocolError
from schedules.rules import Rule
from schedules.steps import Step, StepKind
from schedules.vocabulary import CLEARANCE, FLIES_HOME, NO_MILESTONES, PROCEDURE
from schedules.windows import Anchor, End


def check_agreement(file: str, steps: Sequence[Step], rules: Sequence[Rule]) -> None:
    """Raise a ProtocolError for the first thing two parts of a protocol do not agree on."""
    milestones = {step.key: step for step in steps if step.kind is StepKind.MILESTONE}
    for step in steps:
        _check_name(file, step)
        _check_end(file, step, milestones)
        for path, anchor in anchors_of(step):
            _check_anchor(file, f"steps.{step.key}.{path}", anchor, milestones)
    _check_circles(file, milestones)
    _check_rules(file, rules, milestones)
    _check_check_in_days(file, steps)


def anchors_of(step: Step) -> Iterator[tuple[str, Anchor]]:
    """Yield what a step's dates are counted from, with the key each is written under."""
    if step.window:
        yield "window", step.window.anchor
    if isinstance(step.ends, End):
        yield "ends", step.ends.anchor


def _check_name(file: str, step: Step) -> None:
    if step.key in NO_MILESTONES:
        raise ProtocolError(
            file,
            f"steps.{step.key}",
            f'"{step.key}" has a meaning of its own, as {", ".join(NO_MILESTONES)} have; write another key',
        )


def _check_end(file: str, step: Step, milestones: Mapping[str, Step]) -> None:
    if isinstance(step.ends, str) and step.ends != CLEARANCE and step.ends not in milestones:
        known = ", ".join(milestones) or "(there are none)"
        raise ProtocolError(
            file,
            f"steps.{step.key}.ends",
            f'found "{step.ends}"; write a duration, "clearance" or one of the milestones {known}',
        )


def _check_anchor(file: str, path: str, anchor: Anchor, milestones: Mapping[str, Step]) -> None:
    named = [("after", anchor.key)]
    named += [("or_after.anchor", anchor.fallback.anchor)] if anchor.fallback else []
    for key, name in named:
        if name in (PROCEDURE, FLIES_HOME):
            continue
        if name not in milestones:
            known = [PROCEDURE, FLIES_HOME, *milestones]
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            right = f"did you mean {close[0]}?" if close else f"write one of {', '.join(known)}"
            raise ProtocolError(file, f"{path}.{key}", f'found "{name}", which is no milestone; {right}')
        if milestones[name].times > 1:
            raise ProtocolError(
                file,
                f"{path}.{key}",
                f'found "{name}", which recurs; count from a milestone that happens once',
            )


def _check_circles(file: str, milestones: Mapping[str, Step]) -> None:
    for key in milestones:
        circle = _circle_from(key, milestones)
        if circle:
            raise ProtocolError(
                file,
                f"steps.{key}.window.after",
                f"found a circle: {' after '.join(circle)}; count one of them from {PROCEDURE}",
            )


def _circle_from(start: str, milestones: Mapping[str, Step]) -> list[str]:
    """Return the keys from a milestone back to itself; empty where no way leads back."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop()
        window = milestones[way[-1]].window
        for key in window.anchor.depends_on if window else ():
            if key == start:
                return [*way, start]
            if key not in seen:
                seen.add(key)
                ways.append([*way, key])
    return []


def _check_rules(file: str, rules: Sequence[Rule], milestones: Mapping[str, Step]) -> None:
    for rule in rules:
        milestone = rule.parameters.get("step")
        if milestone is not None and milestone not in milestones:
            raise ProtocolError(
                file, f"rules.{rule.key}.step", f'found "{milestone}"; write the key of a milestone'
            )


def _check_check_in_days(file: str, steps: Sequence[Step]) -> None:
    asking = [
        (step, (step.window.anchor.key, str(step.window.due)))
        for step in steps
        if step.kind is StepKind.CHECK_IN and step.window
    ]
    days = Counter(day for _, day in asking)
    for step, day in asking:
        if days[day] > 1:
            raise ProtocolError(
                file,
                f"steps.{step.key}.window.due",
                f"found {day[1]} on another check-in too; ask at most once a day",
            )
