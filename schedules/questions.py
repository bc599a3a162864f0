"""What a check-in asks: single questions, and instruments made of several with one score."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schedules.errors import ProtocolError
from schedules.vocabulary import Text


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a check-in and the range of its answers; `signs` are what a yes can mean."""

    key: str
    text: Text
    minimum: int
    maximum: int
    required: bool = True
    loinc: str | None = None
    signs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.minimum >= self.maximum:
            raise ProtocolError(
                "", "maximum", f"found {self.maximum}; write a number above the minimum {self.minimum}"
            )


class Score(StrEnum):
    """How an instrument's answers become one figure."""

    MEAN = "mean"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Instrument:
    """Several questions that are scored together, as published; `source` says where it comes from."""

    key: str
    title: Text
    questions: tuple[Question, ...]
    score: Score
    source: str
    loinc: str | None = None
    proposed: bool = False

    def scored(self, answers: Mapping[str, int]) -> float | None:
        """Return the score of answers by question; None unless every question is answered."""
        if any(question.key not in answers for question in self.questions):
            return None
        total = sum(answers[question.key] for question in self.questions)
        return total / len(self.questions) if self.score is Score.MEAN else float(total)
