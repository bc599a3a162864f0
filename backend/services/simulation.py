"""A protocol tried out on an imaginary procedure: every date and every text, before anyone is enrolled.

Stores nothing and sends nothing. Called by the command line, and by `trials` for the API and the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifications.compose import Sms, compose, templates
from schedules.conditions import known_facts
from schedules.course import Course
from schedules.open_days import OpenDays
from schedules.protocol import CareProtocol, Lateness
from schedules.timeline import Occurrence, Waiting, lay_out

PLANNED_AHEAD: Final = timedelta(days=30)
"""As if the procedure had been planned a month before, so that the texts before it are shown too."""


@dataclass(frozen=True, slots=True)
class SimulatedText:
    """One text the patient would receive; `local_time` is the wall time of the patient's zone.

    `occurrence` counts the times its step comes round, from 0. `lateness` is what becomes of it if it cannot
    go then, `moved` says in words why its hour is not the protocol's, and is empty where it is.
    """

    due_at: datetime
    local_time: datetime
    step_key: str
    occurrence: int
    key: str
    sms: Sms
    lateness: Lateness
    moved: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """Everything a protocol would do, by date, and what would have no date until something happens."""

    occurrences: tuple[Occurrence, ...]
    texts: tuple[SimulatedText, ...]
    waiting: tuple[Waiting, ...] = ()


def simulate(
    protocol: CareProtocol,
    *,
    performed_at: datetime,
    zone: str,
    language: str,
    facts: Mapping[str, str | Sequence[str]],
    standing_facts: Mapping[str, str] | None = None,
    open_days: OpenDays | None = None,
    flies_home_on: date | None = None,
) -> Simulation:
    """Return what would happen after a procedure at `performed_at`, for clinic and patient in `zone`.

    `facts` are the procedure's (technique, anaesthesia …); `standing_facts` are the clinic's name and
    numbers and the patient's name, made-up ones where none are given. Without `open_days` the clinic never
    closes. Nothing is ever done or booked, so what hangs on that waits. Raises CopyError for a language
    without texts.
    """
    course = Course(
        anchor=performed_at,
        clinic_zone=zone,
        patient_zone=zone,
        facts=known_facts({"language": language, **facts}),
        now=performed_at - PLANNED_AHEAD,
        open_days=open_days,
        flies_home_on=flies_home_on,
    )
    timeline = lay_out(protocol, course)
    texts = [
        SimulatedText(
            due_at=text.due_at,
            local_time=text.due_at.astimezone(ZoneInfo(zone)),
            step_key=occurrence.step_key,
            occurrence=occurrence.index,
            key=text.key,
            sms=compose(
                text.template, language, {**(standing_facts or _made_up(text.template)), **text.facts}
            ),
            lateness=text.lateness,
            moved=text.moved,
        )
        for occurrence in timeline.occurrences
        for text in occurrence.texts
    ]
    by_date = tuple(sorted(texts, key=lambda text: text.due_at))
    return Simulation(timeline.occurrences, by_date, timeline.waiting)


def _made_up(template: str) -> dict[str, object]:
    known = templates()[template]
    return {name: fact for name, fact in known.example_facts.items() if name not in known.facts}
