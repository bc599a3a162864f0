"""A protocol's first year as a page of prose, to be reviewed like a document.

`python -m tests.schedules.golden` writes the pages anew; read the difference before committing it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from schedules.catalogue import Catalogue
from schedules.conditions import known_facts
from schedules.protocol import Lateness, StepKind
from schedules.public_holidays import public_holidays
from schedules.timeline import Course, Occurrence, OpenDays, PlannedText, lay_out, resolve_local

FOLDER = Path(__file__).parent / "golden"
IF_LATE = {
    Lateness.LATE: "",
    Lateness.NEWEST_ONLY: ", only the newest",
    Lateness.CALL: ", or a nurse calls",
}
YEAR = 400
"""Days of the page: a year and the texts around its end."""


@dataclass(frozen=True)
class Case:
    """One imaginary procedure: its wall time at the clinic, and how long before it is planned."""

    file: str
    protocol: str
    performed: datetime
    clinic_zone: str
    patient_zone: str
    planned_ahead: timedelta
    facts: Mapping[str, str]
    overrides: Mapping[str, str]
    flies_home_on: date | None = None


CASES = (
    Case(
        file="lumbar_year.txt",
        protocol="nucleoplasty_lumbar",
        performed=datetime(2026, 11, 30, 11, 0),
        clinic_zone="Europe/Istanbul",
        patient_zone="Europe/Istanbul",
        planned_ahead=timedelta(days=10),
        facts={"technique": "radiofrequency", "anaesthesia": "local", "levels": "L4-L5", "job": "heavy"},
        overrides={"heavy_lifting.ends": "P6W"},
    ),
    Case(
        file="cervical_year.txt",
        protocol="nucleoplasty_cervical",
        performed=datetime(2027, 3, 1, 14, 30),
        clinic_zone="Europe/Istanbul",
        patient_zone="Europe/Berlin",
        planned_ahead=timedelta(days=10),
        facts={"technique": "laser", "anaesthesia": "sedation", "levels": "C5-C6", "job": "desk"},
        overrides={},
        flies_home_on=date(2027, 3, 6),
    ),
)


def render(case: Case) -> str:
    """Return the page of a case."""
    protocol = Catalogue.shipped().get(case.protocol).with_overrides(case.overrides)
    anchor = resolve_local(case.performed, case.clinic_zone)
    course = Course(
        anchor=anchor,
        clinic_zone=case.clinic_zone,
        patient_zone=case.patient_zone,
        facts=known_facts(case.facts),
        now=anchor - case.planned_ahead,
        open_days=OpenDays((6, 7), holiday=public_holidays("TR")),
        flies_home_on=case.flies_home_on,
    )
    timeline = lay_out(protocol, course).occurrences
    flight = f" The patient flies home on {case.flies_home_on:%A %-d %B}." if case.flies_home_on else ""
    set_by_clinic = ", ".join(f"{key} = {value}" for key, value in case.overrides.items()) or "nothing"
    head = [
        f"{protocol.titles['en']} ({protocol.id}, version {protocol.version})",
        (
            f"Procedure on {case.performed:%A %-d %B %Y at %H:%M} at a clinic in {case.clinic_zone};"
            f" the patient is in {case.patient_zone}."
        ),
        (
            f"Planned {case.planned_ahead.days} days ahead. Facts: {', '.join(case.facts.values())}."
            f" The clinic has set {set_by_clinic}.{flight}"
        ),
        "The clinic is closed on Saturdays, Sundays and the public holidays of Turkey.",
        "Clinic events stand in the clinic's time, check-ins, education and texts in the patient's.",
        "",
    ]
    lines = [line for one in timeline if one.day <= YEAR for line in _lines(one, case)]
    return "\n".join([*head, *lines, ""])


def _lines(one: Occurrence, case: Case) -> Iterator[str]:
    texts = one.kind in (StepKind.CHECK_IN, StepKind.EDUCATION)
    zone = case.patient_zone if texts else case.clinic_zone
    number = f" ({one.index + 1})" if one.index else ""
    due = _when(one.due_at, zone, "%a %d %b %Y %H:%M")
    yield f"D{one.day:<4} {due}  {one.kind.value:<11} {one.step_key}{number}: {one.title['en']}"
    if one.moved:
        yield f"        {one.moved['en']}"
    for line in _window(one, zone):
        yield f"        {line}"
    if one.questions:
        yield f"        asks {', '.join(question.key for question in one.questions)}"
    for text in one.texts:
        yield f"        {_text(text, case.patient_zone)}"


def _window(one: Occurrence, zone: str) -> Iterator[str]:
    if one.ends_at:
        yield f"until {_when(one.ends_at, zone)}{', better not before' if one.soft else ''}"
    elif one.ends_with:
        yield f"until {one.ends_with}"
    named = (
        ("from", one.earliest_at),
        ("overdue from", one.overdue_at),
        ("open until", one.expires_at),
    )
    window = [f"{word} {_when(at, zone)}" for word, at in named if at]
    if window:
        yield ", ".join(window)


def _text(text: PlannedText, zone: str) -> str:
    facts = "".join(f"; {name} {value}" for name, value in text.facts.items())
    times = f"{_when(text.due_at, zone)}, no later than {_when(text.expires_at, zone)}"
    moved = f" ({text.moved})" if text.moved else ""
    return f"text {text.key}, {text.template}: {times}{IF_LATE[text.lateness]}{facts}{moved}"


def _when(at: datetime, zone: str, form: str = "%a %-d %b %H:%M") -> str:
    return at.astimezone(ZoneInfo(zone)).strftime(form)


if __name__ == "__main__":
    for case in CASES:
        (FOLDER / case.file).write_text(render(case), encoding="utf-8")
        print(f"written: {FOLDER / case.file}")
