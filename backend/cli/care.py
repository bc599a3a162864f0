"""Commands for whoever writes protocols: check a file, and see a year of it before anyone is enrolled."""

import sys
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click
from babel.core import get_global
from babel.dates import format_datetime
from rich.console import Console
from rich.table import Table

from backend.errors import Invalid
from backend.services.enrolment import ANAESTHESIA, JOBS, TECHNIQUES
from backend.services.protocol_texts import check_texts
from backend.services.simulation import Simulation
from backend.services.simulation import simulate as try_out
from notifications.compose import languages
from schedules.catalogue import Catalogue, load_protocol
from schedules.open_days import OpenDays
from schedules.protocol import CareProtocol, Lateness
from schedules.public_holidays import public_holidays
from schedules.timeline import resolve_local
from schedules.vocabulary import CONDITION_FACTS

_NINE = time(9, 0)
_WEEKEND = (6, 7)
_WIDTH_IN_A_FILE = 120
_IF_LATE = {
    Lateness.LATE: "late: still goes",
    Lateness.NEWEST_ONLY: "late: newest only",
    Lateness.CALL: "late: or a call",
}


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
def simulate(
    protocol: str,
    start: datetime,
    zone: str,
    language: str,
    flies_home_on: datetime | None,
    country: str | None,
    **facts: Any,
) -> None:
    """Show every text of PROTOCOL (an id, or a file) on a calendar, word for word. Sends nothing."""
    if zone not in available_timezones():
        raise Invalid({"--zone": [f"'{zone}' is no time zone; give an IANA name like Europe/Istanbul."]})
    plan = _protocol(protocol)
    local = start if start.time() != time() else datetime.combine(start.date(), _NINE)
    simulation = try_out(
        plan,
        performed_at=resolve_local(local, zone).astimezone(UTC),
        zone=zone,
        language=language,
        facts={name: value for name, value in facts.items() if value},
        open_days=OpenDays(_WEEKEND, holiday=public_holidays(country or _country_of(zone))),
        flies_home_on=flies_home_on.date() if flies_home_on else None,
    )
    _print(plan, simulation, zone, language)


def _protocol(name: str) -> CareProtocol:
    if not name.endswith(".toml"):
        return Catalogue.shipped().get(name)
    protocol = load_protocol(Path(name))
    check_texts(protocol)
    return protocol


def _country_of(zone: str) -> str:
    """Return the country a zone is named for, empty where it is nobody's."""
    return str(get_global("zone_territories").get(zone, ""))


def _print(protocol: CareProtocol, simulation: Simulation, zone: str, language: str) -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_IN_A_FILE)
    table = Table(
        title=f"{protocol.titles[language]} · {protocol.id} {protocol.version} · {zone}",
        title_justify="left",
        show_lines=True,
    )
    table.add_column("Date and local time", no_wrap=True)
    table.add_column("Step")
    table.add_column("Text", ratio=1)
    table.add_column("Segments", justify="right")
    for text in simulation.texts:
        size = text.sms.segments
        when = format_datetime(text.local_time, "EEE d MMM yyyy\nHH:mm", locale=language)
        table.add_row(
            f"{when}\n{text.moved}" if text.moved else when,
            f"{text.step_key}\n{text.key}\n{_IF_LATE[text.lateness]}",
            text.sms.body,
            f"{size.count}\n{size.encoding}",
        )
    console.print(table)
    for occurrence in simulation.occurrences:
        if occurrence.moved:
            console.print(
                f"{occurrence.step_key} ({occurrence.title[language]}): {occurrence.moved[language]}"
            )
    for waiting in simulation.waiting:
        console.print(f"{waiting.step_key} ({waiting.title[language]}): {waiting.words[language]}")
    total = sum(text.sms.segments.count for text in simulation.texts)
    console.print(f"{len(simulation.texts)} texts, {total} segments")
    if protocol.undecided():
        console.print(f"The clinic must still set: {', '.join(protocol.undecided())}")


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
