"""What was done or is planned, as a clinic tells it, and what is wrong with what was told.

Judged from values alone; whether it is recorded already is `enrolment`'s question. Called when one
patient is enrolled, or many.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from backend.errors import Invalid
from backend.models import Clinic
from schedules.protocol import CareProtocol
from schedules.vocabulary import ANAESTHESIA, ANSWERS, JOBS, LEVELS, TECHNIQUES


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureOrder:
    """What was done or is planned. `baseline_pain` is the pain 0-10 before it, where it was asked.

    `selection` answers the protocol's checklist, criterion -> yes, no or not_known.
    """

    performed_at: datetime
    protocol: str
    region: str
    levels: tuple[str, ...]
    technique: str
    anaesthesia: str = "local"
    baseline_pain: int | None = None
    clinician: str = ""
    job: str | None = None
    flies_home_on: date | None = None
    selection: Mapping[str, str] = field(default_factory=dict)


def check_order(order: ProcedureOrder, clinic: Clinic, *, now: datetime) -> None:
    """Raise Invalid naming every field that cannot be used, whatever the protocol."""
    wrong: dict[str, list[str]] = {}
    if order.performed_at > now + relativedelta(years=1):
        wrong["performed_at"] = ["this is more than a year ahead; give a date within the next twelve months."]
    elif order.performed_at < now - relativedelta(years=10):
        wrong["performed_at"] = ["this is more than ten years ago; give a date within the last ten years."]
    levels = LEVELS.get(order.region)
    if levels is None:
        wrong["region"] = [f"choose one of {', '.join(LEVELS)}."]
    elif not order.levels or not set(order.levels) <= set(levels):
        wrong["levels"] = [f"give at least one of {', '.join(levels)}."]
    for name, allowed in (("technique", TECHNIQUES), ("anaesthesia", ANAESTHESIA), ("job", (None, *JOBS))):
        if getattr(order, name) not in allowed:
            wrong[name] = [f"choose one of {', '.join(value for value in allowed if value)}."]
    performed_on = order.performed_at.astimezone(ZoneInfo(clinic.timezone)).date()
    if order.flies_home_on is not None and order.flies_home_on < performed_on:
        wrong["flies_home_on"] = ["this is before the procedure; give the day of the flight home."]
    if order.baseline_pain is not None and not 0 <= order.baseline_pain <= 10:
        wrong["baseline_pain"] = ["give a whole number from 0 to 10, or leave it out."]
    if wrong:
        raise Invalid(wrong)


def check_protocol(order: ProcedureOrder, protocol: CareProtocol) -> None:
    """Raise Invalid when the protocol is another region's, or its checklist is answered as it cannot be."""
    if protocol.region != order.region:
        raise Invalid({"region": [f"protocol {protocol.id} is for the {protocol.region} region."]})
    known = [criterion.key for criterion in protocol.selection]
    for key, answer in order.selection.items():
        if key not in known:
            raise Invalid({"selection": [f"'{key}' is no criterion; the criteria are {', '.join(known)}."]})
        if answer not in ANSWERS:
            raise Invalid({"selection": [f"'{key}' is answered with one of {', '.join(ANSWERS)}."]})
