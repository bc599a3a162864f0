"""A protocol tried out on an imaginary procedure: every date and every text, before anyone is enrolled.

Stores nothing and sends nothing. Called by the command line and the API.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifications.compose import Sms, compose, templates
from schedules.protocol import CareProtocol, Lateness
from schedules.timeline import Occurrence, build_timeline

PLANNED_AHEAD: Final = timedelta(days=30)
"""As if the procedure had been planned a month before, so that the texts before it are shown too."""


@dataclass(frozen=True, slots=True)
class SimulatedText:
    """One text the patient would receive; `local_time` is the wall time of the patient's zone.

    `lateness` is what becomes of it if it cannot go then, `moved` says in words why its hour is not the
    protocol's, and is empty where it is.
    """

    due_at: datetime
    local_time: datetime
    step_key: str
    key: str
    sms: Sms
    lateness: Lateness
    moved: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """Everything a protocol would do, by date."""

    occurrences: tuple[Occurrence, ...]
    texts: tuple[SimulatedText, ...]


def simulate(
    protocol: CareProtocol,
    *,
    performed_at: datetime,
    zone: str,
    language: str,
    facts: Mapping[str, str],
    standing_facts: Mapping[str, str] | None = None,
) -> Simulation:
    """Return what would happen after a procedure at `performed_at`, for clinic and patient in `zone`.

    `facts` are the procedure's (technique, anaesthesia); `standing_facts` are the clinic's name and
    numbers and the patient's name, made-up ones where none are given. Raises CopyError for a
    language without texts.
    """
    occurrences = build_timeline(
        protocol,
        anchor=performed_at,
        clinic_zone=zone,
        patient_zone=zone,
        facts=facts,
        now=performed_at - PLANNED_AHEAD,
    )
    texts = [
        SimulatedText(
            due_at=text.due_at,
            local_time=text.due_at.astimezone(ZoneInfo(zone)),
            step_key=occurrence.step_key,
            key=text.key,
            sms=compose(
                text.template, language, {**(standing_facts or _made_up(text.template)), **text.facts}
            ),
            lateness=text.lateness,
            moved=text.moved,
        )
        for occurrence in occurrences
        for text in occurrence.texts
    ]
    return Simulation(occurrences, tuple(sorted(texts, key=lambda text: text.due_at)))


def _made_up(template: str) -> dict[str, object]:
    known = templates()[template]
    return {name: fact for name, fact in known.example_facts.items() if name not in known.facts}
