"""A care protocol: its steps and rules, checked together, with what a clinic may still set.

Every shape of the package can be imported from here. Reading one from a file is `parsing`, the shipped ones
are in `catalogue`, dates come from `timeline`. The house, the API and the command line call this.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from schedules.civil_time import Offset
from schedules.errors import ProtocolError
from schedules.fingerprint import fingerprint
from schedules.overrides import override_rule, override_step
from schedules.rules import RULE_KINDS, SIGNS, Rule, RuleKind, Tier
from schedules.steps import (
    CLEARANCE,
    CONDITION_FACTS,
    LANGUAGES,
    REGIONS,
    TEXT_FACTS,
    TEXTING_HOURS,
    Lateness,
    Purpose,
    Question,
    Recurrence,
    Reminder,
    Step,
    StepKind,
    Text,
    Variant,
    Window,
    in_texting_hours,
)

__all__ = [
    "CLEARANCE",
    "CONDITION_FACTS",
    "LANGUAGES",
    "REGIONS",
    "RULE_KINDS",
    "SIGNS",
    "TEXTING_HOURS",
    "TEXT_FACTS",
    "CareProtocol",
    "Lateness",
    "Offset",
    "ProtocolError",
    "Purpose",
    "Question",
    "Recurrence",
    "Reminder",
    "Rule",
    "RuleKind",
    "Step",
    "StepKind",
    "Text",
    "Tier",
    "Variant",
    "Window",
    "in_texting_hours",
]

_NOT_TIMING = frozenset(
    {
        "title",
        "titles",
        "text",
        "why",
        "reason",
        "source",
        "proposed",
        "approved_by",
        "suggested",
        "needs_clinic",
    }
)
_NOT_CONTENT = frozenset(
    {"file", "version", "status", "approved_by", "approved_on", "timing_hash", "wording_hash"}
)
_WORDING = frozenset({"title", "titles", "text", "why", "reason"})


@dataclass(frozen=True, slots=True)
class CareProtocol:
    """The steps and rules that follow one kind of procedure in one region.

    `timing_hash` changes when something would be due, asked, sent or judged differently, `wording_hash` when
    sentences of the file change: a new wording can go live at once, a new timing has to re-plan.
    """

    id: str
    version: int
    status: str
    region: str
    titles: Text
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]
    file: str
    approved_by: str | None = None
    approved_on: date | None = None
    timing_hash: str = field(init=False)
    wording_hash: str = field(init=False)

    def __post_init__(self) -> None:
        self._check_ends()
        self._check_rules()
        self._check_check_in_days()
        if self.status == "active":
            self._check_active()
        timing = fingerprint(self, leave_out=_NOT_TIMING | _NOT_CONTENT)
        object.__setattr__(self, "timing_hash", timing)
        object.__setattr__(self, "wording_hash", fingerprint(self, leave_out=_NOT_CONTENT, only=_WORDING))

    def step(self, key: str) -> Step:
        """Return the step of that key; raises ProtocolError naming the ones there are."""
        for step in self.steps:
            if step.key == key:
                return step
        known = ", ".join(step.key for step in self.steps)
        raise ProtocolError(self.file, f"steps.{key}", f"there is no such step; the steps are {known}")

    def rule(self, key: str) -> Rule:
        """Return the rule of that key; raises ProtocolError naming the ones there are."""
        for rule in self.rules:
            if rule.key == key:
                return rule
        known = ", ".join(rule.key for rule in self.rules)
        raise ProtocolError(self.file, f"rules.{key}", f"there is no such rule; the rules are {known}")

    def undecided(self) -> tuple[str, ...]:
        """Return the keys of the steps for which the clinic must still set something."""
        return tuple(step.key for step in self.steps if step.undecided)

    def with_overrides(self, overrides: Mapping[str, int | str]) -> "CareProtocol":
        """Return the protocol with a clinic's own figures, checked like a file.

        Keys are dotted: `heavy_lifting.ends`, `first_follow_up.window.due`, `check_in_d1.local_time`,
        `check_in_d1.nudge_after`, `mri_3_months.lateness`, and for rules `rules.rebound.above_best`,
        `.from_day`, `.to_day` or `.tier`. Values are written as in a file. Raises ProtocolError for
        anything else.
        """
        steps = {step.key: step for step in self.steps}
        rules = {rule.key: rule for rule in self.rules}
        for path, value in overrides.items():
            section, key, name = _parts(path)
            if section == "rules":
                rule = rules.get(key) or self.rule(key)
                with self._placing(f"rules.{key}"):
                    rules[key] = override_rule(rule, name, value)
            else:
                step = steps.get(key) or self.step(key)
                with self._placing(f"steps.{key}"):
                    steps[key] = override_step(step, name, value)
        return replace(self, steps=tuple(steps.values()), rules=tuple(rules.values()))

    def activated(self, approved_by: str, approved_on: date) -> "CareProtocol":
        """Return the protocol in force, approved by a clinician; refused while anything is undecided."""
        return replace(self, status="active", approved_by=approved_by, approved_on=approved_on)

    @contextmanager
    def _placing(self, path: str) -> Iterator[None]:
        try:
            yield
        except ProtocolError as error:
            raise error.within(self.file, path) from error

    def _check_ends(self) -> None:
        milestones = [step.key for step in self.steps if step.kind is StepKind.MILESTONE]
        for step in self.steps:
            if isinstance(step.ends, str) and step.ends != CLEARANCE and step.ends not in milestones:
                known = ", ".join(milestones) or "(there are none)"
                raise ProtocolError(
                    self.file,
                    f"steps.{step.key}.ends",
                    f'found "{step.ends}"; write a duration, "clearance" or one of the milestones {known}',
                )

    def _check_rules(self) -> None:
        for rule in self.rules:
            milestone = rule.parameters.get("step")
            if milestone is not None and milestone not in {
                step.key for step in self.steps if step.kind is StepKind.MILESTONE
            }:
                raise ProtocolError(
                    self.file, f"rules.{rule.key}.step", f'found "{milestone}"; write the key of a milestone'
                )

    def _check_check_in_days(self) -> None:
        days = Counter(
            str(step.window.due) for step in self.steps if step.kind is StepKind.CHECK_IN and step.window
        )
        for step in self.steps:
            if step.kind is StepKind.CHECK_IN and step.window and days[str(step.window.due)] > 1:
                raise ProtocolError(
                    self.file,
                    f"steps.{step.key}.window.due",
                    f"found {step.window.due} on another check-in too; ask at most once a day",
                )

    def _check_active(self) -> None:
        missing = [f"{step.key}.{name}" for step in self.steps for name in step.undecided]
        if missing:
            raise ProtocolError(
                self.file, "status", f"cannot be active: the clinic must first set {', '.join(missing)}"
            )
        if not (self.approved_by and self.approved_by.strip()) or self.approved_on is None:
            raise ProtocolError(
                self.file,
                "approved_by",
                "cannot be active: write approved_by (a clinician) and approved_on (a day)",
            )


def _parts(path: str) -> tuple[str, str, str]:
    section, _, rest = path.partition(".")
    if section not in ("steps", "rules"):
        section, rest = "steps", path
    key, _, name = rest.partition(".")
    return section, key, name
