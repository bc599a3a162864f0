"""Commands for whoever writes protocols: check a file, and see a year of it before anyone is enrolled."""

from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click
from babel.core import get_global
from flask.cli import ScriptInfo

from backend.cli.accounts import clinic_meant
from backend.cli.trial_tables import Paper
from backend.config import load_settings
from backend.db import ALL_CLINICS, db, transaction
from backend.errors import Invalid
from backend.services.comparing import compare as compare_simulations
from backend.services.enrolment import ANAESTHESIA, JOBS, TECHNIQUES
from backend.services.protocol_texts import check_texts
from backend.services.protocol_versions import CLINIC, version_named
from backend.services.rehearsing import Rehearsal, rehearse
from backend.services.reply_scripts import read_script
from backend.services.simulation import Simulation
from backend.services.simulation import simulate as try_out
from notifications.compose import languages
from notifications.prices import price_per_segment
from schedules.catalogue import Catalogue, load_protocol
from schedules.open_days import OpenDays
from schedules.protocol import CareProtocol
from schedules.public_holidays import public_holidays
from schedules.timeline import resolve_local
from schedules.vocabulary import CONDITION_FACTS

_NINE = time(9, 0)
_WEEKEND = (6, 7)
_YEARS = range(1900, 2200)


@click.command()
@click.argument("protocol")
@click.option(
    "--from",
    "start",
    required=True,
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="Day of the procedure, or day and time; without a time it is 09:00.",
)
@click.option("--zone", default="Europe/Istanbul", show_default=True, help="Clinic's and patient's zone.")
@click.option("--language", default="en", show_default=True, type=click.Choice(languages()))
@click.option("--technique", default="radiofrequency", show_default=True, type=click.Choice(TECHNIQUES))
@click.option("--anaesthesia", default="local", show_default=True, type=click.Choice(ANAESTHESIA))
@click.option(
    "--level",
    "levels",
    multiple=True,
    metavar="LEVEL",
    type=click.Choice(CONDITION_FACTS["levels"]),
    help="A disc level such as L4-L5; may be given again.",
)
@click.option("--job", type=click.Choice(JOBS), help="What the patient's work asks of the spine.")
@click.option("--flies-home-on", type=click.DateTime(["%Y-%m-%d"]), help="Day of the patient's flight home.")
@click.option("--country", help="Whose public holidays the clinic keeps; otherwise the zone's country.")
@click.option("--baseline", type=click.IntRange(0, 10), help="Pain before the procedure, 0 to 10.")
@click.option(
    "--replies",
    default="",
    metavar="SCRIPT",
    help="What the patient answers: D3=8, D9=none, D5=fever, rest=2. Shows what it leads to.",
)
@click.option(
    "--compare",
    metavar="VERSION|FILE|clinic",
    help="Show only what changes from this version, file, or the clinic's signed copy.",
)
@click.option("--clinic", help="With --compare clinic: its name; needed only where there are several.")
@click.pass_context
def simulate(
    context: click.Context,
    /,
    protocol: str,
    start: datetime,
    zone: str,
    language: str,
    flies_home_on: datetime | None,
    country: str | None,
    baseline: int | None,
    replies: str,
    compare: str | None,
    clinic: str | None,
    **facts: Any,
) -> None:
    """Show every text of PROTOCOL (an id, or a file) on a calendar, word for word. Sends nothing."""
    if zone not in available_timezones():
        raise Invalid({"--zone": [f"'{zone}' is no time zone; give an IANA name like Europe/Istanbul."]})
    if start.year not in _YEARS:
        raise Invalid({"--from": [f"{start:%Y-%m-%d} is out of range; give a day between 1900 and 2199."]})
    country = country or _country_of(zone)
    performed_at = resolve_local(_hour(start), zone).astimezone(UTC)
    lay_out = partial(
        try_out,
        performed_at=performed_at,
        zone=zone,
        language=language,
        facts={name: value for name, value in facts.items() if value},
        open_days=OpenDays(_WEEKEND, holiday=public_holidays(country)),
        flies_home_on=flies_home_on.date() if flies_home_on else None,
    )
    script = read_script(replies)
    play = partial(rehearse, script=script, performed_at=performed_at, zone=zone, baseline=baseline)

    def texts_of(plan: CareProtocol) -> tuple[Simulation, Rehearsal]:
        simulation = lay_out(plan)
        rehearsal = play(plan, simulation)
        return replace(simulation, texts=rehearsal.texts), rehearsal

    plan = _protocol(protocol)
    paper = Paper(zone, language, price_per_segment(country, load_settings().segment_prices))
    simulation, rehearsal = texts_of(plan)
    if compare is None:
        paper.texts(plan, simulation)
    else:
        other = _compared(context, plan, compare, clinic)
        paper.comparison(other, plan, compare_simulations(texts_of(other)[0], simulation))
    if not script.empty:
        paper.events(rehearsal.events)


def _hour(start: datetime) -> datetime:
    return start if start.time() != time() else datetime.combine(start.date(), _NINE)


def _compared(context: click.Context, plan: CareProtocol, name: str, clinic: str | None) -> CareProtocol:
    """Return what a protocol is compared with; only a clinic's own copy needs the database."""
    if name.isdecimal():
        return Catalogue.shipped().get(plan.id, int(name))
    if name != CLINIC:
        return _protocol(name)
    with (
        context.ensure_object(ScriptInfo).load_app().app_context(),
        transaction(db.engine, ALL_CLINICS) as session,
    ):
        return version_named(session, clinic_meant(session, clinic), plan.id, CLINIC)


def _protocol(name: str) -> CareProtocol:
    if not name.endswith(".toml"):
        return Catalogue.shipped().get(name)
    protocol = load_protocol(Path(name))
    check_texts(protocol)
    return protocol


def _country_of(zone: str) -> str:
    """Return the country a zone is named for, empty where it is nobody's."""
    return str(get_global("zone_territories").get(zone, ""))


@click.command("check-protocol")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_protocol(file: Path) -> None:
    """Check a protocol FILE; a mistake is named with its key and what would be right."""
    protocol = load_protocol(file)
    check_texts(protocol)
    click.echo(
        f"{file}: {protocol.id} {protocol.version} is well-formed:"
        f" {len(protocol.steps)} steps, {len(protocol.rules)} rules"
    )
    if protocol.undecided():
        click.echo(f"Before it can be signed the clinic must set: {', '.join(protocol.undecided())}")
