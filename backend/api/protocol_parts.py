"""What a protocol consists of, as the API shows it: steps, rules, checklist, instruments."""

from typing import Any

from backend.queries.timelines import in_language
from schedules.protocol import CareProtocol, Criterion, Instrument, Rule, Step


def protocol_parts(protocol: CareProtocol, language: str) -> dict[str, Any]:
    """Return everything a protocol consists of, its sentences in `language`."""
    instruments = {one.key: one for step in protocol.steps for one in step.instruments}
    return {
        "steps": [_step(step, language) for step in protocol.steps],
        "rules": [_rule(rule, language) for rule in protocol.rules],
        "selection": [_criterion(criterion, language) for criterion in protocol.selection],
        "instruments": [_instrument(instrument, language) for instrument in instruments.values()],
    }


def _criterion(criterion: Criterion, language: str) -> dict[str, Any]:
    return {
        "key": criterion.key,
        "text": in_language(criterion.text, language),
        "expects": criterion.expects,
        "warning": in_language(criterion.warning, language),
        "source": criterion.source,
        "proposed": criterion.proposed,
    }


def _instrument(instrument: Instrument, language: str) -> dict[str, Any]:
    return {
        "key": instrument.key,
        "title": in_language(instrument.title, language),
        "questions": [question.key for question in instrument.questions],
        "score": instrument.score.value,
        "loinc": instrument.loinc,
        "source": instrument.source,
    }


def _step(step: Step, language: str) -> dict[str, Any]:
    window = step.window
    dates = {
        name: str(value) if window and (value := getattr(window, name)) is not None else None
        for name in ("earliest", "due", "overdue", "expires")
    }
    return dates | {
        "key": step.key,
        "kind": step.kind.value,
        "title": in_language(step.title, language),
        "ends": str(step.ends) if step.ends is not None else None,
        "every": str(step.recurs.every) if step.recurs else None,
        "until": str(step.recurs.until) if step.recurs and step.recurs.until else None,
        "times": step.times,
        "after": window.anchor.key if window else None,
        "by": window.anchor.by.value if window else None,
        "open_days": step.open_days.value,
        "instruments": [instrument.key for instrument in step.instruments],
        "bookable": step.bookable,
        "lateness": step.lateness.value if step.sends_texts else None,
        "why": in_language(step.why, language),
        "source": step.source,
        "proposed": step.proposed,
        "approved_by": step.approved_by,
        "approved_on": step.approved_on,
    }


def _rule(rule: Rule, language: str) -> dict[str, Any]:
    return {
        "key": rule.key,
        "kind": rule.kind,
        "tier": rule.tier.value,
        "reason": in_language(rule.reason, language),
        "from_day": rule.from_day,
        "to_day": rule.to_day,
        "source": rule.source,
        "proposed": rule.proposed,
        "approved_by": rule.approved_by,
        "approved_on": rule.approved_on,
    }
