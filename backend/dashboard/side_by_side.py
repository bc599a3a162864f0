"""Two trials of a protocol as rows of a table: what was, what will be, and what each costs.

Words only; what differs is `services.comparing`'s. Called by the page of a simulation.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency

from backend.dashboard.language import gettext
from backend.dashboard.shell import reader
from backend.dashboard.trial_words import CHANGES
from backend.dashboard.words import word
from backend.queries.timelines import in_language
from backend.services.comparing import (
    Change,
    ComparedRule,
    ComparedStep,
    ComparedText,
    Totals,
    judged_by,
)
from backend.services.trials import SideBySide
from notifications.prices import SegmentPrice
from schedules.timeline import Occurrence

_DAY: Final = {"en": "EEE d MMM yyyy", "tr": "d MMM yyyy EEE"}


def totals_words(totals: Totals, price: SegmentPrice | None) -> Mapping[str, Any]:
    """Return texts, segments and about what they cost; no price where none is known."""
    return {
        "texts": totals.texts,
        "segments": totals.segments,
        "price": price_words(price, totals.segments),
    }


def price_words(price: SegmentPrice | None, segments: int) -> str:
    """Return about what so many segments cost, empty where no price is known."""
    if price is None:
        return ""
    return str(format_currency(price.of(segments), price.currency, locale=reader().language))


def comparison_rows(both: SideBySide, zone: str, price: SegmentPrice | None) -> Mapping[str, Any]:
    """Return the rows that differ, dates and rules before texts, and both sides' totals and hashes."""
    language = reader().language
    compared = both.comparison
    titles = {step.either.step_key: in_language(step.either.title, language) for step in compared.steps}
    return {
        "sides": [
            {"protocol": trial.protocol, "totals": totals_words(trial.totals, price)}
            for trial in (both.before, both.after)
        ],
        "counts": [
            (word(CHANGES, change.value), number)
            for change, number in compared.counts.items()
            if change is not Change.SAME
        ],
        "rows": [
            *(_step_row(step, zone) for step in compared.steps if step.change is not Change.SAME),
            *(_rule_row(rule) for rule in both.rules),
            *(_text_row(text, zone, titles) for text in compared.texts if text.change is not Change.SAME),
        ],
    }


def _step_row(step: ComparedStep, zone: str) -> Mapping[str, str]:
    return {
        "change": word(CHANGES, step.change.value),
        "what": in_language(step.either.title, reader().language),
        "part": "",
        "before": _step_date(step.before, zone),
        "after": _step_date(step.after, zone),
    }


def _step_date(step: Occurrence | None, zone: str) -> str:
    if step is None:
        return "–"
    if step.ends_at is not None:
        return gettext("until %(day)s", day=_moment(step.ends_at, zone))
    return gettext("until cleared") if step.ends_with else _moment(step.due_at, zone)


def _text_row(text: ComparedText, zone: str, titles: Mapping[str, str]) -> Mapping[str, str]:
    return {
        "change": word(CHANGES, text.change.value),
        "what": titles.get(text.either.step_key, text.either.step_key),
        "part": gettext("text"),
        "before": _moment(text.before.due_at, zone) if text.before else "–",
        "after": _moment(text.after.due_at, zone) if text.after else "–",
    }


def _rule_row(rule: ComparedRule) -> Mapping[str, str]:
    """Return a rule with only the figures that differ, written as in a file."""
    before = judged_by(rule.before) if rule.before else {}
    after = judged_by(rule.after) if rule.after else {}
    return {
        "change": word(CHANGES, rule.change.value) if rule.change is not Change.MOVED else gettext("changed"),
        "what": rule.either.key,
        "part": gettext("rule"),
        "before": _figures(before, after),
        "after": _figures(after, before),
    }


def _figures(own: Mapping[str, str], other: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in own.items() if other.get(name) != value) or "–"


def _moment(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{day_words(local)} {clock_words(local)}"


def day_words(on: date) -> str:
    """Return a day with its year, as a page that is printed needs it: never "tomorrow"."""
    return str(format_date(on, _DAY[reader().language], locale=reader().language))


def clock_words(local: datetime) -> str:
    """Return a wall time, 24 hours."""
    return f"{local:%H:%M}"
