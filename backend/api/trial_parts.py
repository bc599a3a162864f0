"""A trial of a protocol, and two of them side by side, as the API shows them."""

import uuid
from typing import Any, Final

from backend.queries.timelines import in_language
from backend.services.comparing import Change, ComparedStep, ComparedText, Totals, judged_by
from backend.services.rehearsing import Event
from backend.services.simulation import SimulatedText
from backend.services.trials import SideBySide, Trial, cost
from notifications.prices import SegmentPrice
from schedules.timeline import Occurrence, Waiting

_IMAGINARY: Final = uuid.UUID("b3f6b3a8-6c0e-4d0c-9d51-3b1f1c2f7a10")
"""Where the ids of simulated steps come from: the same step always has the same."""


def trial_parts(trial: Trial, price: SegmentPrice | None, language: str) -> dict[str, Any]:
    """Return everything one trial shows, its sentences in `language`."""
    return {
        "items": [_item(occurrence, language) for occurrence in trial.simulation.occurrences],
        "waiting": [_waiting(waiting, language) for waiting in trial.simulation.waiting],
        "messages": [_text(text, price) for text in trial.simulation.texts],
        "events": [_event(event, language) for event in trial.events],
        "totals": _totals(trial.totals, price),
    }


def comparison_parts(both: SideBySide, price: SegmentPrice | None, language: str) -> dict[str, Any]:
    """Return what differs between two trials, its sentences in `language`."""
    return {
        "before": _side(both.before, price),
        "after": _side(both.after, price),
        "counts": {change.value: number for change, number in both.comparison.counts.items()},
        "messages": [
            _compared_text(text) for text in both.comparison.texts if text.change is not Change.SAME
        ],
        "items": [
            _compared_step(step, language) for step in both.comparison.steps if step.change is not Change.SAME
        ],
        "rules": [
            {
                "change": rule.change.value,
                "key": rule.either.key,
                "before": judged_by(rule.before) if rule.before else None,
                "after": judged_by(rule.after) if rule.after else None,
            }
            for rule in both.rules
        ],
    }


def _side(trial: Trial, price: SegmentPrice | None) -> dict[str, Any]:
    protocol = trial.protocol
    return {
        "version": protocol.version,
        "status": protocol.status,
        "timing_hash": protocol.timing_hash,
        "wording_hash": protocol.wording_hash,
        "totals": _totals(trial.totals, price),
    }


def _totals(totals: Totals, price: SegmentPrice | None) -> dict[str, Any]:
    return {
        "texts": totals.texts,
        "segments": totals.segments,
        "price": cost(price, totals.segments),
        "currency": price.currency if price else None,
        "price_source": price.source if price else None,
        "price_proposed": price.proposed if price else None,
    }


def _waiting(waiting: Waiting, language: str) -> dict[str, Any]:
    return {
        "key": waiting.step_key,
        "kind": waiting.kind.value,
        "occurrence": waiting.index,
        "title": in_language(waiting.title, language),
        "why": in_language(waiting.why, language),
        "waits_for": waiting.waits_for,
        "words": in_language(waiting.words, language),
    }


def _item(occurrence: Occurrence, language: str) -> dict[str, Any]:
    return {
        "id": uuid.uuid5(_IMAGINARY, f"{occurrence.step_key}/{occurrence.index}"),
        "key": occurrence.step_key,
        "kind": occurrence.kind.value,
        "occurrence": occurrence.index,
        "day": occurrence.day,
        "title": in_language(occurrence.title, language),
        "why": in_language(occurrence.why, language),
        "earliest_at": occurrence.earliest_at,
        "due_at": occurrence.due_at,
        "overdue_at": occurrence.overdue_at,
        "expires_at": occurrence.expires_at,
        "ends_at": occurrence.ends_at,
        "ends_with": occurrence.ends_with,
        "moved": in_language(occurrence.moved, language),
        "status": "active" if occurrence.kind.value == "restriction" else "planned",
        "booked_at": None,
    }


def _text(text: SimulatedText, price: SegmentPrice | None) -> dict[str, Any]:
    return {
        "due_at": text.due_at,
        "local_time": text.local_time,
        "key": text.step_key,
        "occurrence": text.occurrence,
        "text_key": text.key,
        "language": text.sms.language,
        "lateness": text.lateness.value,
        "moved": text.moved,
        "body": text.sms.body,
        "segments": text.sms.segments.count,
        "price": cost(price, text.sms.segments.count),
        "channel": "sms",
    }


def _event(event: Event, language: str) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "at": event.at,
        "day": event.day,
        "key": event.step_key,
        "value": event.value,
        "sign": event.sign,
        "tier": event.tier.value if event.tier else None,
        "rule": event.rule,
        "reason": in_language(event.reason, language),
        "repeated": event.repeated,
    }


def _compared_text(text: ComparedText) -> dict[str, Any]:
    return {
        "change": text.change.value,
        "key": text.either.step_key,
        "occurrence": text.either.occurrence,
        "text_key": text.either.key,
        "before": text.before.due_at if text.before else None,
        "after": text.after.due_at if text.after else None,
        "reworded": text.reworded,
    }


def _compared_step(step: ComparedStep, language: str) -> dict[str, Any]:
    return {
        "change": step.change.value,
        "key": step.either.step_key,
        "occurrence": step.either.index,
        "title": in_language(step.either.title, language),
        "before": step.before.due_at if step.before else None,
        "after": step.after.due_at if step.after else None,
        "ends_before": step.before.ends_at if step.before else None,
        "ends_after": step.after.ends_at if step.after else None,
    }
