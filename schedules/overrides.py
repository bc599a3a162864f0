"""What a clinic may change in a step or a rule without writing a protocol of its own.

Called by `CareProtocol.with_overrides`; each function returns a new shape, which checks itself. Keys of
errors are relative to the step or the rule.
"""

import re
from dataclasses import replace
from datetime import time
from typing import Any

from schedules.approvals import Override
from schedules.civil_time import Offset
from schedules.errors import ProtocolError, shown
from schedules.rules import RULE_KINDS, Rule, Tier
from schedules.steps import Lateness, Step, StepKind
from schedules.vocabulary import CLEARANCE
from schedules.windows import OpenDay

WINDOW_PARTS = ("earliest", "due", "overdue", "expires", "tolerance")
_MOST_DIGITS = 9
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def override_step(step: Step, name: str, figure: Override) -> Step:
    """Return the step with a clinic's figure, and with its approver where the figure names one."""
    changed = _changed_step(step, name, figure.value)
    return (
        replace(changed, approved_by=figure.by, approved_on=figure.on) if figure.by and figure.on else changed
    )


def override_rule(rule: Rule, name: str, figure: Override) -> Rule:
    """Return the rule with a clinic's figure, and with its approver where the figure names one."""
    changed = _changed_rule(rule, name, figure.value)
    return (
        replace(changed, approved_by=figure.by, approved_on=figure.on) if figure.by and figure.on else changed
    )


def step_figure(step: Step, name: str) -> str:
    """Return what a clinic could set in a step, written as in a file; empty where nothing is set."""
    shape = step.window if name.startswith("window.") else step
    value = getattr(shape, name.removeprefix("window."), None)
    return f"{value:%H:%M}" if isinstance(value, time) else str(value or "")


def rule_figure(rule: Rule, name: str) -> str:
    """Return what a clinic could set in a rule, written as in a file; empty where nothing is set."""
    value = rule.parameters.get(name, getattr(rule, name, None))
    return "" if value is None else str(value)


def _changed_step(step: Step, name: str, value: int | str) -> Step:
    """Return the step with its end, window, hour, open days, nudge or lateness set to `value`."""
    part = name.removeprefix("window.")
    if name == "ends" and step.kind is StepKind.RESTRICTION:
        return replace(step, ends=read_end(name, value))
    if name.startswith("window.") and step.window and part in WINDOW_PARTS:
        try:
            moved: dict[str, Any] = {part: read_offset(part, value)}
            window = replace(step.window, **moved)
        except ProtocolError as error:
            raise error.within("", "window") from error
        return replace(step, window=window)
    if name == "local_time":
        return replace(step, local_time=read_clock(name, value))
    if name == "open_days" and step.kind is StepKind.MILESTONE:
        return replace(step, open_days=read_open_days(name, value))
    if name == "nudge_after" and step.nudge_template:
        return replace(step, nudge_after=read_offset(name, value))
    if name == "lateness" and step.sends_texts:
        return replace(step, lateness=read_lateness(name, value))
    raise ProtocolError("", name, f"a clinic may set {', '.join(_changeable(step))}")


def _changed_rule(rule: Rule, name: str, value: int | str) -> Rule:
    """Return the rule with one of its figures, its days or its tier set to `value`."""
    figures = RULE_KINDS[rule.kind].parameters
    if name == "tier":
        return replace(rule, tier=read_tier(name, value))
    if name in ("from_day", "to_day") or figures.get(name) is int:
        number = read_whole(name, value)
        if name in ("from_day", "to_day"):
            return replace(rule, from_day=number) if name == "from_day" else replace(rule, to_day=number)
        return replace(rule, parameters={**rule.parameters, name: number})
    numbers = [figure for figure, kind in figures.items() if kind is int]
    raise ProtocolError("", name, f"a clinic may set {', '.join(['tier', 'from_day', 'to_day', *numbers])}")


def read_offset(key: str, value: object) -> Offset:
    """Read a duration, as `Offset.parse` does, from a value of any type."""
    if not isinstance(value, str):
        raise ProtocolError("", key, f"found {shown(value)}; write a duration such as P7D, -P7D, PT2H or P3M")
    try:
        return Offset.parse(value)
    except ProtocolError as error:
        raise error.within("", key) from error


def read_end(key: str, value: object) -> Offset | str:
    """Read the end of a restriction: a duration, `clearance`, or the key of the milestone it ends with."""
    if isinstance(value, str) and (value == CLEARANCE or re.fullmatch(r"[a-z][a-z0-9_]*", value)):
        return value
    end = read_offset(key, value)
    if end.sign < 0 or not (end.has_calendar or end.has_clock):
        raise ProtocolError("", key, f"found {end}; a restriction ends after the procedure, such as P7D")
    return end


def read_clock(key: str, value: object) -> time:
    """Read a wall time written HH:MM."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ProtocolError("", key, f'found {shown(value)}; write a time such as "10:00"')
    return time.fromisoformat(value)


def read_whole(key: str, value: int | str) -> int:
    """Read a whole number, also one written in digits, as a form sends it."""
    digits = str(value).removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MOST_DIGITS:
        raise ProtocolError("", key, f"found {shown(value)}; write a whole number")
    return int(value)


def read_tier(key: str, value: object) -> Tier:
    """Read the name of a tier."""
    return Tier(_one_of([tier.value for tier in Tier], key, value))


def read_lateness(key: str, value: object) -> Lateness:
    """Read what becomes of a late text."""
    return Lateness(_one_of([lateness.value for lateness in Lateness], key, value))


def read_open_days(key: str, value: object) -> OpenDay:
    """Read what becomes of a date on which the clinic is closed."""
    return OpenDay(_one_of([rule.value for rule in OpenDay], key, value))


def _one_of(names: list[str], key: str, value: object) -> str:
    if value not in names:
        raise ProtocolError("", key, f"found {shown(value)}; write one of {', '.join(names)}")
    return str(value)


def _changeable(step: Step) -> list[str]:
    names = ["ends"] if step.kind is StepKind.RESTRICTION else []
    names += [f"window.{part}" for part in WINDOW_PARTS] if step.window else []
    names += ["open_days"] if step.kind is StepKind.MILESTONE else []
    names += ["local_time", *(["nudge_after"] if step.nudge_template else [])]
    return [*names, *(["lateness"] if step.sends_texts else [])]
