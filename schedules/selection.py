"""The selection checklist: what should hold before this procedure is chosen. It warns and never blocks.

Answers are kept with the procedure; whoever records one sees the warnings. Called by the house at enrolment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schedules.vocabulary import Text

_NOT_KNOWN = {"en": "Not known: {criterion}", "tr": "Bilinmiyor: {criterion}"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the checklist: what is asked of the clinician, what is expected, what to say otherwise."""

    key: str
    text: Text
    expects: str
    warning: Text
    source: str
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class SelectionWarning:
    """A criterion that is not met, or of which nobody knows; `answer` is no, yes or not_known."""

    key: str
    answer: str
    words: Text


def selection_warnings(
    criteria: Iterable[Criterion], answers: Mapping[str, str]
) -> tuple[SelectionWarning, ...]:
    """Return a warning for each criterion not answered as expected; one left out counts as not known."""
    warnings = []
    for criterion in criteria:
        answer = answers.get(criterion.key, "not_known")
        if answer == criterion.expects:
            continue
        words = criterion.warning
        if answer == "not_known":
            words = {
                language: _NOT_KNOWN[language].format(criterion=text)
                for language, text in criterion.text.items()
            }
        warnings.append(SelectionWarning(criterion.key, answer, words))
    return tuple(warnings)
