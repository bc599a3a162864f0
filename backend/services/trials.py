"""A clinic tries a protocol out: on its own days, in its own name, with answers, side by side.

Puts `simulation`, `rehearsing`, `comparing` and the price of a segment together for the API and the page.
Reads the clinic, writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from backend.models import Clinic
from backend.services.comparing import ComparedRule, Comparison, Totals, compare, compare_rules, totals_of
from backend.services.procedure_course import open_days_of
from backend.services.rehearsing import Event, rehearse
from backend.services.reply_scripts import ReplyScript
from backend.services.simulation import Simulation, simulate
from notifications.prices import SegmentPrice, price_per_segment
from schedules.protocol import CareProtocol

_NAMES: Final = {"en": "Anna", "tr": "Ayşe"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImaginaryPatient:
    """Whom a protocol is tried out on; `facts` are the procedure's, `zone` is the clinic's too."""

    performed_at: datetime
    zone: str
    language: str
    facts: Mapping[str, str | Sequence[str]]
    flies_home_on: date | None = None
    baseline_pain: int | None = None
    script: ReplyScript = field(default_factory=ReplyScript)


@dataclass(frozen=True, slots=True)
class Trial:
    """One protocol's trial: the dates, the texts that go, what answers lead to, and the totals."""

    protocol: CareProtocol
    simulation: Simulation
    events: tuple[Event, ...]
    totals: Totals


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two trials of one patient and what differs."""

    before: Trial
    after: Trial
    comparison: Comparison
    rules: tuple[ComparedRule, ...]


def try_out(clinic: Clinic, protocol: CareProtocol, patient: ImaginaryPatient) -> Trial:
    """Return everything a protocol would do for an imaginary patient of the clinic.

    With a script the texts are those that still go. Raises CopyError for a language without texts.
    """
    simulation = simulate(
        protocol,
        performed_at=patient.performed_at,
        zone=patient.zone,
        language=patient.language,
        facts=patient.facts,
        standing_facts=_standing_facts(clinic, patient.language),
        open_days=open_days_of(clinic),
        flies_home_on=patient.flies_home_on,
    )
    rehearsal = rehearse(
        protocol,
        simulation,
        patient.script,
        performed_at=patient.performed_at,
        zone=patient.zone,
        baseline=patient.baseline_pain,
    )
    simulation = replace(simulation, texts=rehearsal.texts)
    return Trial(protocol, simulation, rehearsal.events, totals_of(simulation.texts))


def try_both(
    clinic: Clinic, before: CareProtocol, after: CareProtocol, patient: ImaginaryPatient
) -> SideBySide:
    """Return two protocols' trials for the same patient, side by side."""
    one, other = try_out(clinic, before, patient), try_out(clinic, after, patient)
    return SideBySide(
        one, other, compare(one.simulation, other.simulation), compare_rules(before.rules, after.rules)
    )


def price_for(clinic: Clinic, own: Mapping[str, SegmentPrice]) -> SegmentPrice | None:
    """Return about what a segment to the clinic's country costs; None where nobody has said."""
    return price_per_segment(clinic.country, own)


def cost(price: SegmentPrice | None, segments: int) -> Decimal | None:
    """Return about what so many segments cost, None where no price is known."""
    return price.of(segments) if price else None


def _standing_facts(clinic: Clinic, language: str) -> Mapping[str, str]:
    return {
        "clinic": clinic.name,
        "clinic_phone": clinic.phone,
        "emergency_number": clinic.emergency_number,
        "given_name": _NAMES[language],
    }
