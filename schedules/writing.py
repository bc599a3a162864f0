"""A protocol as the tables of a file again, and those as TOML: the way back from `parsing`.

Reading what is written here gives an equal protocol; that is a law with a test. Questions and instruments
that no step uses are not kept by a protocol, and so not written. Called by whoever hands a protocol to other
systems.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any, Final

from schedules.conditions import Condition
from schedules.protocol import CareProtocol
from schedules.questions import Instrument, Question
from schedules.rules import Rule
from schedules.steps import USUAL_LATENESS, Reminder, Step, StepKind
from schedules.vocabulary import PROCEDURE
from schedules.windows import Anchor, By, End, OpenDay, Window

Tables = dict[str, Any]
"""Keys and values as in a file: texts, whole numbers, flags, days, lists and further tables."""

_HOUR: Final = time(10)
_TELLING: Final = (StepKind.CHECK_IN, StepKind.EDUCATION)


def tables_of(protocol: CareProtocol) -> Tables:
    """Return the tables of a file that holds this protocol, includes merged and a clinic's figures set."""
    texts_at = _texts_at(protocol)
    instruments = {one.key: one for step in protocol.steps for one in step.instruments}
    questions = {one.key: one for step in protocol.steps for one in step.questions}
    return _written(
        {
            "id": protocol.id,
            "version": protocol.version,
            "status": protocol.status,
            "region": protocol.region,
            "titles": dict(protocol.titles),
            "texts_at": _clock(texts_at),
            "approved_by": protocol.approved_by,
            "approved_on": protocol.approved_on,
            "procedure_texts": dict(protocol.procedure_texts),
            "steps": {step.key: _step(step, texts_at) for step in protocol.steps},
            "questions": {key: _question(question) for key, question in questions.items()},
            "instruments": {key: _instrument(instrument) for key, instrument in instruments.items()},
            "selection": {
                one.key: {
                    "text": dict(one.text),
                    "expects": one.expects,
                    "warning": dict(one.warning),
                    "source": one.source,
                    "proposed": one.proposed,
                }
                for one in protocol.selection
            },
            "topics": {
                one.key: _written({"name": dict(one.name), "steps": list(one.steps)})
                for one in protocol.topics
            },
            "rules": {rule.key: _rule(rule) for rule in protocol.rules},
        }
    )


def toml_of(tables: Tables) -> str:
    """Return tables as the text of a TOML file: plain keys first, then a section for each named table."""
    plain = [f"{key} = {_toml(value)}" for key, value in tables.items() if not _is_section(value)]
    sections = [
        f"[{key}.{name}]\n" + "\n".join(f"{_key(inner)} = {_toml(value)}" for inner, value in table.items())
        for key, named in tables.items()
        if _is_section(named)
        for name, table in named.items()
    ]
    return "\n\n".join(["\n".join(plain), *sections]) + "\n"


def _texts_at(protocol: CareProtocol) -> time:
    """The hour of texts that name none: reminders always follow it; a step's own hour can be written."""
    hours = [reminder.local_time for step in protocol.steps for reminder in step.reminders]
    hours += [step.local_time for step in protocol.steps if step.kind in _TELLING and step.local_time]
    return hours[0] if hours else _HOUR


def _step(step: Step, texts_at: time) -> Tables:
    usual = texts_at if step.kind in _TELLING else None
    return _written(
        {
            "kind": step.kind.value,
            "title": dict(step.title),
            "why": dict(step.why),
            "source": step.source,
            "proposed": step.proposed,
            "approved_by": step.approved_by,
            "approved_on": step.approved_on,
            "conditions": _conditions(step.conditions),
            "local_time": _clock(step.local_time) if step.local_time and step.local_time != usual else None,
            "window": _window(step.window) if step.window else None,
            "ends": _end(step.ends) if isinstance(step.ends, End) else step.ends and str(step.ends),
            "soft": step.soft or None,
            "bookable": step.bookable or None,
            "open_days": step.open_days.value if step.open_days is not OpenDay.ANY else None,
            "reminders": [_reminder(reminder) for reminder in step.reminders],
            "recurs": _written(
                {
                    "every": str(step.recurs.every),
                    "times": step.recurs.times,
                    "until": _maybe(step.recurs.until),
                }
            )
            if step.recurs
            else None,
            "questions": [question.key for question in step.questions],
            "instruments": [instrument.key for instrument in step.instruments],
            "template": step.template,
            "variants": [
                {"when": _conditions(variant.when), "template": variant.template} for variant in step.variants
            ],
            "facts": list(step.facts),
            "nudge_template": step.nudge_template,
            "nudge_after": _maybe(step.nudge_after),
            "lateness": step.lateness.value if step.lateness is not USUAL_LATENESS[step.kind] else None,
            "needs_clinic": list(step.needs_clinic),
            "suggested": dict(step.suggested),
        }
    )


def _window(window: Window) -> Tables:
    parts = {
        name: _maybe(getattr(window, name)) for name in ("earliest", "due", "overdue", "expires", "tolerance")
    }
    anchor = {"after": window.anchor.key} if window.anchor.key != PROCEDURE else {}
    by = {"by": window.anchor.by.value} if window.anchor.by is not By.DATE else {}
    return _written({**anchor, **by, "or_after": _or_after(window.anchor), **parts})


def _end(end: End) -> Tables:
    return _written(
        {
            "after": end.anchor.key,
            "in": str(end.distance),
            "by": end.anchor.by.value,
            "or_after": _or_after(end.anchor),
        }
    )


def _or_after(anchor: Anchor) -> Tables | None:
    fallback = anchor.fallback
    return {"anchor": fallback.anchor, "in": str(fallback.distance)} if fallback else None


def _reminder(reminder: Reminder) -> Tables:
    return _written(
        {
            "before": _maybe(reminder.before),
            "after": _maybe(reminder.after),
            "template": reminder.template,
            "booked_template": reminder.booked_template,
        }
    )


def _conditions(condition: Condition) -> Tables:
    required = {fact: list(values) for fact, values in condition.required.items()}
    excluded = {fact: list(values) for fact, values in condition.excluded.items()}
    return _written({**required, "not": excluded})


def _question(question: Question) -> Tables:
    return _written(
        {
            "text": dict(question.text),
            "minimum": question.minimum,
            "maximum": question.maximum,
            "required": question.required,
            "loinc": question.loinc,
            "signs": list(question.signs),
        }
    )


def _instrument(instrument: Instrument) -> Tables:
    return _written(
        {
            "title": dict(instrument.title),
            "questions": [question.key for question in instrument.questions],
            "score": instrument.score.value,
            "loinc": instrument.loinc,
            "source": instrument.source,
            "proposed": instrument.proposed,
        }
    )


def _rule(rule: Rule) -> Tables:
    return _written(
        {
            "kind": rule.kind,
            "tier": rule.tier.value,
            **rule.parameters,
            "from_day": rule.from_day,
            "to_day": rule.to_day,
            "regions": list(rule.regions),
            "signs": list(rule.signs),
            "reason": dict(rule.reason),
            "source": rule.source,
            "proposed": rule.proposed,
            "approved_by": rule.approved_by,
            "approved_on": rule.approved_on,
        }
    )


def _written(values: Mapping[str, Any]) -> Tables:
    """Leave out what a file leaves out: nothing, and lists and tables with nothing in them."""
    return {key: value for key, value in values.items() if value is not None and value not in ([], {})}


def _maybe(offset: object) -> str | None:
    return None if offset is None else str(offset)


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _is_section(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(inner, dict) for inner in value.values())


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case Mapping():
            return (
                "{ " + ", ".join(f"{_key(str(key))} = {_toml(inner)}" for key, inner in value.items()) + " }"
            )
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Sequence():
            return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return str(value)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)
