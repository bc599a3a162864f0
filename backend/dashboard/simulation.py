"""A protocol tried out on an imaginary patient: as a timeline or a calendar, and two versions side by side.

Everything is asked for in the address, so that a trial can be sent to a colleague: nobody real is in it.
Reads only. The page of protocols leads here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from backend.auth import current_actor, staff
from backend.dashboard.formats import language_name
from backend.dashboard.forms import Form
from backend.dashboard.language import gettext
from backend.dashboard.sentences import field_errors, hint
from backend.dashboard.shell import STAFF, house, present, reader, render
from backend.dashboard.side_by_side import clock_words, comparison_rows, day_words, totals_words
from backend.dashboard.trial_days import days_of, months_of, open_ended
from backend.dashboard.words import ANAESTHESIAS, TECHNIQUES, word
from backend.db import db
from backend.errors import Invalid, NotFound
from backend.models import Clinic
from backend.queries.timelines import in_language
from backend.runtime import current_runtime
from backend.services.clinics import clinic_of
from backend.services.protocol_versions import CLINIC, FILE, KnownVersion, known_versions, version_named
from backend.services.reply_scripts import ReplyScript, read_script
from backend.services.trials import ImaginaryPatient, price_for, try_both, try_out
from notifications.compose import languages
from schedules.protocol import CareProtocol
from schedules.timeline import Occurrence
from schedules.vocabulary import ANAESTHESIA
from schedules.vocabulary import TECHNIQUES as TECHNIQUE_CODES

pages = Blueprint("simulation", __name__)

_VIEWS: Final = ("timeline", "calendar")
_AN_HOUR: Final = 10
"""When an imaginary procedure takes place unless somebody says otherwise."""
_YEARS: Final = range(1900, 2200)


@pages.get("/protocols/<protocol_id>/simulation")
@staff(*STAFF)
def show(protocol_id: str) -> ResponseReturnValue:
    """Show the form and, where it makes sense, everything that would happen; 422 where it does not."""
    versions = known_versions(db.session(), house().id).get(protocol_id)
    if versions is None:
        raise NotFound(gettext("There is no such protocol."))
    clinic = clinic_of(db.session(), current_actor())
    form = _form(versions)
    patient = _patient(form)
    protocol = _version(form, "version", protocol_id)
    other = _version(form, "compare", protocol_id) if form.text("compare") else None
    shown: dict[str, Any] = {}
    if patient is not None and protocol is not None and not form.errors:
        shown = _tried(clinic, protocol, other, patient)
    page = render(
        "simulation.html",
        form=form,
        protocol=versions[-1].protocol,
        versions=_offered(versions),
        view=request.args.get("view") if request.args.get("view") in _VIEWS else _VIEWS[0],
        given=request.args.to_dict(),
        techniques=[(code, word(TECHNIQUES, code)) for code in TECHNIQUE_CODES],
        anaesthesias=[(code, word(ANAESTHESIAS, code)) for code in ANAESTHESIA],
        languages=[(code, language_name(code, reader().language)) for code in languages()],
        zones=sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
        day_words=day_words,
        clock_words=clock_words,
        month_words=lambda first: format_date(first, "LLLL yyyy", locale=reader().language),
        weekdays=_weekdays(),
        **shown,
    )
    return (page, 422) if form.errors else page


def _form(versions: Sequence[KnownVersion]) -> Form:
    tomorrow = (present() + timedelta(days=1)).astimezone(ZoneInfo(house().zone)).date()
    defaults = {
        "performed_at": f"{tomorrow.isoformat()}T{_AN_HOUR}:00",
        "timezone": house().zone,
        "language": reader().language,
        "technique": TECHNIQUE_CODES[1],
        "anaesthesia": ANAESTHESIA[0],
        "version": CLINIC if versions[-1].own else FILE,
        "compare": "",
        "baseline_pain": "",
        "replies": "",
    }
    return Form(request.args, defaults)


def _patient(form: Form) -> ImaginaryPatient | None:
    """Return the imaginary patient, or None with what is wrong noted beside the fields."""
    zone = form.text("timezone")
    if zone not in available_timezones():
        form.errors["timezone"] = [hint("timezone")]
        zone = house().zone
    try:
        performed_at = form.moment("performed_at", zone, required=True)
    except OverflowError:
        performed_at = None
    if performed_at is None or performed_at.year not in _YEARS:
        form.errors["performed_at"] = [gettext("Give a date and time between 1900 and 2199.")]
    baseline = form.number("baseline_pain")
    if baseline is not None and not 0 <= baseline <= 10:
        form.errors["baseline_pain"] = [hint("baseline_pain")]
    for name, codes in (
        ("language", languages()),
        ("technique", TECHNIQUE_CODES),
        ("anaesthesia", ANAESTHESIA),
    ):
        if form.text(name) not in codes:
            form.errors[name] = [hint(name)]
    script = _script(form)
    if performed_at is None:
        return None
    return ImaginaryPatient(
        performed_at=performed_at,
        zone=zone,
        language=form.text("language"),
        facts={"technique": form.text("technique"), "anaesthesia": form.text("anaesthesia")},
        baseline_pain=baseline,
        script=script,
    )


def _script(form: Form) -> ReplyScript:
    try:
        return read_script(form.text("replies"))
    except Invalid as error:
        form.errors.update(field_errors(error))
        return ReplyScript()


def _version(form: Form, name: str, protocol_id: str) -> CareProtocol | None:
    try:
        return version_named(db.session(), house().id, protocol_id, form.text(name))
    except Invalid:
        form.errors[name] = [hint("compare")]
        return None


def _offered(versions: Sequence[KnownVersion]) -> list[tuple[str, str]]:
    """Return the versions to choose from: the clinic's own copy first, then the files, newest first."""
    files = [known.protocol.version for known in versions if not known.own]
    offered = [(str(number), gettext("file, version %(version)s", version=number)) for number in files]
    offered[-1] = (FILE, offered[-1][1])
    if versions[-1].own:
        offered.append((CLINIC, gettext("as the clinic signed it")))
    return offered[::-1]


def _tried(
    clinic: Clinic, protocol: CareProtocol, other: CareProtocol | None, patient: ImaginaryPatient
) -> dict[str, Any]:
    """Return what the page shows of one trial, and beside another where one is asked for."""
    language = reader().language
    price = price_for(clinic, current_runtime().settings.segment_prices)
    both = try_both(clinic, other, protocol, patient) if other is not None else None
    trial = both.after if both else try_out(clinic, protocol, patient)
    days = days_of(trial, patient.performed_at, patient.zone, price, language)
    return {
        "days": days,
        "months": months_of(days),
        "events": [entry for day in days for entry in day.entries if entry.kind == "event"],
        "open_ended": [
            {"title": in_language(one.title, language), "ends_with": _ends_with(one, protocol)}
            for one in open_ended(trial.simulation.occurrences)
        ],
        "waiting": [
            {"title": in_language(one.title, language), "words": in_language(one.words, language)}
            for one in trial.simulation.waiting
        ],
        "undecided": [in_language(protocol.step(key).title, language) for key in protocol.undecided()],
        "totals": totals_words(trial.totals, price),
        "price": price,
        "segment_price": format_decimal(price.amount, "0.00###", locale=language) if price else "",
        "comparison": comparison_rows(both, patient.zone, price) if both else None,
    }


def _ends_with(occurrence: Occurrence, protocol: CareProtocol) -> str:
    """Return in words what ends a restriction that no day ends."""
    steps = {step.key: step for step in protocol.steps}
    key = (occurrence.ends_with or "").split("+")[0]
    if key in steps:
        return gettext("until the milestone %(step)s", step=in_language(steps[key].title, reader().language))
    return gettext("until cleared")


def _weekdays() -> list[tuple[str, str]]:
    """Return the short and the long name of each weekday, from Monday."""
    monday = datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC"))
    days = [monday + timedelta(days=number) for number in range(7)]
    return [
        (
            format_date(day, "EEE", locale=reader().language),
            format_date(day, "EEEE", locale=reader().language),
        )
        for day in days
    ]
