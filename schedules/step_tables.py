"""The table of a step in a protocol file, and the Step it makes: windows, reminders, conditions, questions.

Called by `parsing`, which reads everything else of a file. Which keys there are is `keys`.
"""

from collections.abc import Mapping, Sequence
from datetime import time

from schedules.civil_time import Offset
from schedules.conditions import EVERYONE, Condition
from schedules.keys import KEYS
from schedules.overrides import read_clock, read_end, read_lateness, read_offset, read_open_days
from schedules.questions import Instrument, Question
from schedules.reading import Table
from schedules.steps import USUAL_LATENESS, Lateness, Reminder, Step, StepKind, Variant
from schedules.vocabulary import CONDITION_FACTS, NO_MILESTONES, PROCEDURE, TEXT_FACTS
from schedules.windows import Anchor, By, End, Fallback, OpenDay, Recurrence, Window


def read_step(
    key: str,
    table: Table,
    questions: Mapping[str, Question],
    instruments: Mapping[str, Instrument],
    texts_at: time,
) -> Step:
    """Return the step of a table; `texts_at` is the hour of texts that name none of their own."""
    kind = StepKind(table.choice("kind", [kind.value for kind in StepKind]))
    table.only(KEYS["step"] + KEYS[kind])
    tells = kind in (StepKind.CHECK_IN, StepKind.EDUCATION)
    source = table.text("source")
    named = tuple(instruments[name] for name in table.names("instruments", instruments))
    with table.placing():
        return Step(
            key=key,
            kind=kind,
            title=table.words("title"),
            why=table.words("why"),
            source=source,
            proposed=table.flag("proposed", default=source.startswith("proposed")),
            approved_by=table.optional_text("approved_by"),
            approved_on=table.optional_day("approved_on"),
            conditions=_conditions(table.optional_table("conditions")),
            local_time=table.optional("local_time", read_clock) or (texts_at if tells else None),
            window=None if kind is StepKind.RESTRICTION else _window(table.table("window")),
            ends=_ends(table),
            soft=table.flag("soft", default=False),
            bookable=table.flag("bookable", default=False),
            reminders=tuple(_reminder(one, texts_at) for one in table.tables("reminders")),
            recurs=_recurs(table.optional_table("recurs")),
            open_days=table.optional("open_days", read_open_days) or OpenDay.ANY,
            questions=_asked(table, questions, named) if kind is StepKind.CHECK_IN else (),
            instruments=named,
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
            anchor=_anchor(table, PROCEDURE, By.DATE),
        )


def _anchor(table: Table, after: str, by: By) -> Anchor:
    fallback = table.optional_table("or_after")
    return Anchor(
        key=table.text("after", default=after),
        by=By(table.choice("by", [one.value for one in By])) if table.has("by") else by,
        fallback=_fallback(fallback) if fallback else None,
    )


def _fallback(table: Table) -> Fallback:
    table.only(KEYS["or_after"])
    with table.placing():
        return Fallback(anchor=table.text("anchor"), distance=table.offset("in"))


def _ends(table: Table) -> Offset | str | End | None:
    if not table.holds_table("ends"):
        return table.optional("ends", read_end)
    end = table.table("ends")
    end.only(KEYS["ends"])
    with end.placing():
        after = end.text("after")
        by = By.DONE if after not in NO_MILESTONES else By.DATE
        return End(anchor=_anchor(end, after, by), distance=end.offset("in"))


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
        return Recurrence(
            every=table.offset("every"),
            times=table.whole("times") if table.has("times") else None,
            until=table.optional("until", read_offset),
        )


def _variant(table: Table) -> Variant:
    table.only(KEYS["variant"])
    return Variant(when=_conditions(table.table("when")), template=table.text("template"))


def _conditions(table: Table | None) -> Condition:
    if table is None:
        return EVERYONE
    excluded = table.optional_table("not")
    return Condition(
        required=table.listed(CONDITION_FACTS, besides=("not",)),
        excluded=excluded.listed(CONDITION_FACTS) if excluded else {},
    )


def _asked(
    table: Table, questions: Mapping[str, Question], instruments: Sequence[Instrument]
) -> tuple[Question, ...]:
    """The check-in's own questions, then those its instruments add."""
    named = [questions[name] for name in table.names("questions", questions)]
    named += [question for instrument in instruments for question in instrument.questions]
    if not named:
        raise table.complain(
            "questions", f"missing; write at least one of {', '.join(questions) or '(there are none)'}"
        )
    return tuple({question.key: question for question in named}.values())


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
