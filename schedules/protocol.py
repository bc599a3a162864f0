"""A care protocol: its steps and rules, checked together, with what a clinic may still set.

Every shape of the package can be imported from here. Reading one from a file is `parsing`, the shipped ones
are in `catalogue`, dates come from `timeline`. The house, the API and the command line call this.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from schedules.agreement import check_agreement
from schedules.approvals import Override, check_approval, read_override
from schedules.civil_time import Offset
from schedules.conditions import Condition
from schedules.errors import ProtocolError
from schedules.fingerprint import fingerprint
from schedules.overrides import override_rule, override_step, rule_figure, step_figure
from schedules.questions import Instrument, Question, Score
from schedules.rules import RULE_KINDS, SIGNS, Rule, RuleKind, Tier
from schedules.selection import Criterion
from schedules.steps import Lateness, Purpose, Reminder, Step, StepKind, Variant
from schedules.topics import Topic, check_topics
from schedules.vocabulary import (
    ANSWERS,
    CLEARANCE,
    CONDITION_FACTS,
    LANGUAGES,
    REGIONS,
    TEXT_FACTS,
    TEXTING_HOURS,
    Text,
    in_texting_hours,
)
from schedules.windows import Anchor, By, End, OpenDay, Recurrence, Window

__all__ = [
    "ANSWERS",
    "CLEARANCE",
    "CONDITION_FACTS",
    "LANGUAGES",
    "REGIONS",
    "RULE_KINDS",
    "SIGNS",
    "TEXTING_HOURS",
    "TEXT_FACTS",
    "Anchor",
    "By",
    "CareProtocol",
    "Condition",
    "Criterion",
    "End",
    "Instrument",
    "Lateness",
    "Offset",
    "OpenDay",
    "Override",
    "ProtocolError",
    "Purpose",
    "Question",
    "Recurrence",
    "Reminder",
    "Rule",
    "RuleKind",
    "Score",
    "Step",
    "StepKind",
    "Text",
    "Tier",
    "Topic",
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
        "approved_on",
        "suggested",
        "needs_clinic",
        "selection",
    }
)
_NOT_CONTENT = frozenset(
    {
        "file",
        "version",
        "status",
        "approved_by",
        "approved_on",
        "own_figures",
        "topics",  # an answer is worked out when it is asked for: nothing planned hangs on it
        "timing_hash",
        "wording_hash",
    }
)
_WORDING = frozenset({"title", "titles", "text", "why", "reason", "warning"})


@dataclass(frozen=True, slots=True)
class CareProtocol:
    """The steps and rules that follow one kind of procedure in one region.

    `timing_hash` changes when something would be due, asked, sent or judged differently, `wording_hash` when
    sentences of the file change: a new wording can go live at once, a new timing has to re-plan.
    `procedure_texts` are the templates that tell of a procedure `moved` or `cancelled`; `own_figures` what a
    clinic set itself, and who approved it where that was not the signature's.
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
    selection: tuple[Criterion, ...] = ()
    procedure_texts: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[Topic, ...] = ()
    own_figures: tuple[Override, ...] = ()
    timing_hash: str = field(init=False)
    wording_hash: str = field(init=False)

    def __post_init__(self) -> None:
        check_agreement(self.file, self.steps, self.rules)
        check_topics(self.file, self.topics, self.steps)
        with self._placing(""):
            check_approval(self.approved_by, self.approved_on)
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

    def figure(self, path: str) -> str:
        """Return what stands under a dotted key as `with_overrides` takes it, written as in a file.

        Empty where nothing is set; raises ProtocolError for a step or rule there is not.
        """
        section, key, name = _parts(path)
        if section == "rules":
            return rule_figure(self.rule(key), name)
        return step_figure(self.step(key), name)

    def undecided(self) -> tuple[str, ...]:
        """Return the keys of the steps for which the clinic must still set something."""
        return tuple(step.key for step in self.steps if step.undecided)

    def with_overrides(self, overrides: Mapping[str, object]) -> "CareProtocol":
        """Return the protocol with a clinic's own figures, checked like a file.

        Keys are dotted: `heavy_lifting.ends`, `first_follow_up.window.due`, `first_follow_up.open_days`,
        `check_in_d1.local_time`, `check_in_d1.nudge_after`, `mri_3_months.lateness`, and for rules
        `rules.rebound.above_best`, `.from_day`, `.to_day` or `.tier`. A value is written as in a file, alone
        or as `{value, by, on, reason}`. Raises ProtocolError for anything else.
        """
        steps = {step.key: step for step in self.steps}
        rules = {rule.key: rule for rule in self.rules}
        own_figures = {figure.key: figure for figure in self.own_figures}
        for path, given in overrides.items():
            section, key, name = _parts(path)
            with self._placing(f"{section}.{key}.{name}"):
                figure = own_figures[path] = read_override(path, given)
            if section == "rules":
                rule = rules.get(key) or self.rule(key)
                with self._placing(f"rules.{key}"):
                    rules[key] = override_rule(rule, name, figure)
            else:
                step = steps.get(key) or self.step(key)
                with self._placing(f"steps.{key}"):
                    steps[key] = override_step(step, name, figure)
        return replace(
            self,
            steps=tuple(steps.values()),
            rules=tuple(rules.values()),
            own_figures=tuple(own_figures.values()),
        )

    def activated(self, approved_by: str, approved_on: date) -> "CareProtocol":
        """Return the protocol in force, approved by a clinician; refused while anything is undecided."""
        return replace(self, status="active", approved_by=approved_by, approved_on=approved_on)

    @contextmanager
    def _placing(self, path: str) -> Iterator[None]:
        try:
            yield
        except ProtocolError as error:
            raise error.within(self.file, path) from error

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
