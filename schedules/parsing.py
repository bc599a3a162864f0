"""The language of a protocol file: which keys there are, what they mean, and the CareProtocol they make.

Takes the merged tables of a file and its include; opening files is `catalogue`. The keys are listed here
once, and docs/protocols.md explains each of them (a test holds the two together).
"""

import re
from collections.abc import Mapping
from datetime import time

from schedules.civil_time import Offset
from schedules.overrides import read_clock, read_end, read_lateness, read_offset
from schedules.protocol import CareProtocol, in_texting_hours
from schedules.reading import Table
from schedules.rules import RULE_KINDS, SIGNS, Rule, Tier
from schedules.steps import (
    CONDITION_FACTS,
    REGIONS,
    TEXT_FACTS,
    USUAL_LATENESS,
    Lateness,
    Question,
    Recurrence,
    Reminder,
    Step,
    StepKind,
    Variant,
    Window,
)

KEYS: Mapping[str, tuple[str, ...]] = {
    "protocol": (
        "id", "version", "status", "region", "titles", "texts_at", "include", "approved_by", "approved_on",
        "steps", "questions", "rules",
    ),
    "step": ("kind", "title", "why", "source", "proposed", "approved_by", "conditions", "local_time"),
    "milestone": ("window", "bookable", "reminders", "recurs", "lateness"),
    "restriction": ("ends", "soft", "needs_clinic", "suggested"),
    "check_in": (
        "window", "recurs", "questions", "template", "variants", "facts", "nudge_template", "nudge_after",
        "lateness",
    ),
    "education": ("window", "recurs", "template", "variants", "facts", "lateness"),
    "window": ("earliest", "due", "overdue", "expires", "tolerance"),
    "reminder": ("before", "after", "template", "booked_template"),
    "recurs": ("every", "times"),
    "variant": ("when", "template"),
    "question": ("text", "minimum", "maximum", "required", "loinc", "signs"),
    "rule": ("kind", "tier", "reason", "source", "proposed", "from_day", "to_day", "regions", "signs"),
}  # fmt: skip
"""Every key of the language, by the table it stands in; a rule has its kind's parameters besides."""

_ID = re.compile(r"[a-z][a-z0-9_]{2,59}")


def parse_tables(values: Mapping[str, object], file: str) -> CareProtocol:
    """Make a protocol of a file's tables; raises ProtocolError for the first thing that is not right."""
    top = Table(file, "", values)
    top.only(KEYS["protocol"])
    protocol_id, version, texts_at = top.text("id"), top.whole("version"), top.clock("texts_at")
    if not _ID.fullmatch(protocol_id):
        raise top.complain("id", f'found "{protocol_id}"; write small letters, digits and _, at least three')
    if version < 1:
        raise top.complain("version", f"found {version}; write 1 or more")
    if not in_texting_hours(texts_at):
        raise top.complain("texts_at", f"found {texts_at:%H:%M}; write a time from 09:00 and before 20:00")
    questions = {key: _question(key, table) for key, table in top.keyed("questions").items()}
    steps = tuple(_step(key, table, questions, texts_at) for key, table in top.keyed("steps").items())
    if not steps:
        raise top.complain("steps", "missing; write at least one table such as [steps.discharge]")
    return CareProtocol(
        id=protocol_id,
        version=version,
        status=top.choice("status", ("draft", "active")),
        region=top.choice("region", REGIONS),
        titles=top.words("titles"),
        steps=steps,
        rules=tuple(_rule(key, table) for key, table in top.keyed("rules").items()),
        file=file,
        approved_by=top.optional_text("approved_by"),
        approved_on=top.optional_day("approved_on"),
    )


def _question(key: str, table: Table) -> Question:
    table.only(KEYS["question"])
    with table.placing():
        return Question(
            key=key,
            text=table.words("text"),
            minimum=table.whole("minimum"),
            maximum=table.whole("maximum"),
            required=table.flag("required", default=True),
            loinc=table.optional_text("loinc"),
            signs=table.names("signs", SIGNS),
        )


def _step(key: str, table: Table, questions: Mapping[str, Question], texts_at: time) -> Step:
    kind = StepKind(table.choice("kind", [kind.value for kind in StepKind]))
    table.only(KEYS["step"] + KEYS[kind])
    tells = kind in (StepKind.CHECK_IN, StepKind.EDUCATION)
    source = table.text("source")
    with table.placing():
        return Step(
            key=key,
            kind=kind,
            title=table.words("title"),
            why=table.words("why"),
            source=source,
            proposed=table.flag("proposed", default=source.startswith("proposed")),
            approved_by=table.optional_text("approved_by"),
            conditions=_conditions(table.optional_table("conditions")),
            local_time=table.optional("local_time", read_clock) or (texts_at if tells else None),
            window=None if kind is StepKind.RESTRICTION else _window(table.table("window")),
            ends=table.optional("ends", read_end),
            soft=table.flag("soft", default=False),
            bookable=table.flag("bookable", default=False),
            reminders=tuple(_reminder(one, texts_at) for one in table.tables("reminders")),
            recurs=_recurs(table.optional_table("recurs")),
            questions=_questions(table, questions) if kind is StepKind.CHECK_IN else (),
            template=table.text("template") if tells else None,
            variants=tuple(_variant(one) for one in table.tables("variants")),
            facts=table.names("facts", TEXT_FACTS),
            nudge_template=table.optional_text("nudge_template"),
            nudge_after=_nudge_after(table),
            lateness=_lateness(table, kind),
            needs_clinic=table.names("needs_clinic", ("ends",)),
            suggested=_suggested(table),
        )


def _window(table: Table) -> Window:
    table.only(KEYS["window"])
    with table.placing():
        return Window(
            due=table.offset("due"),
            earliest=table.optional("earliest", read_offset),
            overdue=table.optional("overdue", read_offset),
            expires=table.optional("expires", read_offset),
            tolerance=table.optional("tolerance", read_offset),
        )


def _reminder(table: Table, texts_at: time) -> Reminder:
    table.only(KEYS["reminder"])
    with table.placing():
        return Reminder(
            before=table.optional("before", read_offset),
            after=table.optional("after", read_offset),
            template=table.text("template"),
            booked_template=table.text("booked_template"),
            local_time=texts_at,
        )


def _recurs(table: Table | None) -> Recurrence | None:
    if table is None:
        return None
    table.only(KEYS["recurs"])
    with table.placing():
        return Recurrence(every=table.offset("every"), times=table.whole("times"))


def _variant(table: Table) -> Variant:
    table.only(KEYS["variant"])
    return Variant(when=_conditions(table.table("when")), template=table.text("template"))


def _conditions(table: Table | None) -> Mapping[str, tuple[str, ...]]:
    return table.listed(CONDITION_FACTS) if table else {}


def _questions(table: Table, questions: Mapping[str, Question]) -> tuple[Question, ...]:
    named = table.names("questions", questions)
    if not named:
        raise table.complain("questions", f"missing; write at least one of {', '.join(questions)}")
    return tuple(questions[name] for name in named)


def _nudge_after(table: Table) -> Offset | None:
    after = table.optional("nudge_after", read_offset)
    if (after is None) != (not table.has("nudge_template")):
        missing = "nudge_after" if after is None else "nudge_template"
        raise table.complain(missing, "missing; nudge_template and nudge_after belong together")
    if after and after.sign < 0:
        raise table.complain("nudge_after", f"found {after}; a nudge follows its question, such as PT4H")
    return after


def _lateness(table: Table, kind: StepKind) -> Lateness:
    written = table.optional("lateness", read_lateness)
    if written and kind is StepKind.MILESTONE and not table.tables("reminders"):
        raise table.complain(
            "lateness",
            f'found "{written}" on a milestone that sends no text; write reminders, or leave it out',
        )
    return written or USUAL_LATENESS[kind]


def _suggested(table: Table) -> Mapping[str, str]:
    suggested = table.optional_table("suggested")
    if suggested is None:
        return {}
    suggested.only(("ends",))
    suggested.optional("ends", read_end)
    return {"ends": suggested.text("ends")}


def _rule(key: str, table: Table) -> Rule:
    kind = table.choice("kind", RULE_KINDS)
    parameters = RULE_KINDS[kind].parameters
    table.only((*KEYS["rule"], *parameters))
    source = table.text("source")
    with table.placing():
        return Rule(
            key=key,
            kind=kind,
            tier=Tier(table.choice("tier", [tier.value for tier in Tier])),
            reason=table.words("reason"),
            source=source,
            parameters={
                name: table.whole(name) if wanted is int else table.text(name)
                for name, wanted in parameters.items()
            },
            from_day=table.whole("from_day") if table.has("from_day") else None,
            to_day=table.whole("to_day") if table.has("to_day") else None,
            regions=table.names("regions", REGIONS),
            signs=table.names("signs", SIGNS),
            proposed=table.flag("proposed", default=source.startswith("proposed")),
        )
