"""The command that says on which days a clinic is closed."""

from datetime import date, datetime
from typing import Final

import click
from flask.cli import with_appcontext

from backend.cli.accounts import clinic_meant
from backend.db import ALL_CLINICS, db, transaction
from backend.models import Clinic
from backend.runtime import current_runtime
from backend.services.actors import Actor
from backend.services.clinic_days import close_clinic

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@click.command("closed-days")
@click.option(
    "--weekday",
    "weekdays",
    multiple=True,
    type=click.Choice([*_WEEKDAYS, "none"]),
    help="May be given again.",
)
@click.option(
    "--day", "days", multiple=True, type=click.DateTime(["%Y-%m-%d"]), help="Beside the ones there are."
)
@click.option("--forget-days", is_flag=True, help="Forget the days there are first.")
@click.option("--clinic", help="The clinic's name; needed only where there are several.")
@with_appcontext
def closed_days(
    weekdays: tuple[str, ...], days: tuple[datetime, ...], *, forget_days: bool, clinic: str | None
) -> None:
    """Set the weekdays and days a clinic is closed, besides public holidays; without options, show them."""
    now = current_runtime().clock()
    with transaction(db.engine, ALL_CLINICS) as session:
        actor = Actor.system(clinic_meant(session, clinic))
        found = session.get_one(Clinic, actor.clinic_id)
        known = [] if forget_days else [date.fromisoformat(day) for day in found.closed_days]
        if weekdays or days or forget_days:
            found = close_clinic(
                session,
                actor,
                weekdays=_numbers(weekdays) if weekdays else None,
                days=[*known, *(day.date() for day in days)],
                now=now,
            )
        named = [_WEEKDAYS[number - 1] for number in found.closed_weekdays] + found.closed_days
        click.echo(f"{found.name}: closed on {', '.join(named) or 'no day'} and on public holidays")


def _numbers(weekdays: tuple[str, ...]) -> list[int]:
    return [_WEEKDAYS.index(name) + 1 for name in weekdays if name != "none"]
