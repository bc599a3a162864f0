"""Words for what a trial shows: kinds of change, and what an answer or a silence leads to."""

from collections.abc import Mapping
from typing import Final

from backend.dashboard.language import gettext, mark
from backend.dashboard.words import SIGNS, word
from backend.queries.timelines import in_language
from backend.services.comparing import Change
from backend.services.rehearsing import Event, EventKind

CHANGES: Final[Mapping[str, str]] = {
    Change.ADDED: mark("added"),
    Change.DROPPED: mark("dropped"),
    Change.MOVED: mark("moved"),
    Change.REWORDED: mark("other words"),
    Change.SAME: mark("the same"),
}
_EVENTS: Final[Mapping[str, str]] = {
    EventKind.ANSWER: mark("Answers %(value)s: %(question)s"),
    EventKind.SIGN: mark("Writes: %(sign)s"),
    EventKind.TO_A_PERSON: mark("Answers %(value)s, though nothing is asked: a nurse reads it"),
    EventKind.NOTHING_ASKED: mark("Says nothing, and nothing is asked"),
    EventKind.NUDGE: mark("No answer yet, asked once more: %(question)s"),
    EventKind.MISSED: mark("No answer, the question closes: %(question)s"),
    EventKind.ALERT: mark("Alert: %(reason)s"),
    EventKind.CALL: mark("A nurse has to call: %(reason)s"),
}


def event_words(event: Event, language: str) -> str:
    """Return in one sentence what happens, in the reader's `language`."""
    said = gettext(
        _EVENTS[event.kind],
        value=event.value,
        question=in_language(event.title, language),
        sign=word(SIGNS, event.sign or ""),
        reason=in_language(event.reason, language),
    )
    return gettext("%(said)s (added to the alert that stands)", said=said) if event.repeated else said
