"""Commands that set up a clinic and the people who work there."""

import uuid

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db import ALL_CLINICS, db, transaction
from backend.errors import NotFound, Refused
from backend.models import Clinic
from backend.runtime import current_runtime
from backend.services.accounts import STAFF_ROLES, create_staff
from backend.services.actors import Actor
from backend.services.clinics import ClinicDetails
from backend.services.clinics import create_clinic as add_clinic
from backend.services.limits import limit_texts


@click.command("create-clinic")
@click.argument("name")
@click.option("--country", required=True, help="ISO code, for numbers written without one: TR, GB, US …")
@click.option("--zone", required=True, help="Where dates are counted: Europe/Istanbul …")
@click.option("--language", required=True, type=click.Choice(["en", "tr"]))
@click.option("--phone", required=True, help="What patients call, as they are to read it.")
@click.option("--emergency-number", required=True, help="112, 999, 911 …")
@click.option("--sender", help="The clinic's own Twilio number; without it TWILIO_SENDER is used.")
@with_appcontext
def create_clinic(
    name: str, country: str, zone: str, language: str, phone: str, emergency_number: str, sender: str | None
) -> None:
    """Add a clinic. Its protocols are signed off on the dashboard before the first patient."""
    details = ClinicDetails(
        name=name,
        country=country.upper(),
        timezone=zone,
        language=language,
        phone=phone,
        emergency_number=emergency_number,
        sender=sender,
    )
    with transaction(db.engine, ALL_CLINICS) as session:
        clinic = add_clinic(session, details, now=current_runtime().clock())
    click.echo(f"{clinic.name}: {clinic.id}")


@click.command("clinic-limit")
@click.argument("limit", metavar="NUMBER|none")
@click.option("--clinic", help="The clinic's name; needed only where there are several.")
@with_appcontext
def clinic_limit(limit: str, clinic: str | None) -> None:
    """Set how many texts a clinic may send a day, a number or none; urgent ones go all the same."""
    if limit != "none" and not limit.isdecimal():
        raise Refused(f"give a number of texts a day, or none; not {limit!r}")
    most = None if limit == "none" else int(limit)
    with transaction(db.engine, ALL_CLINICS) as session:
        actor = Actor.system(clinic_meant(session, clinic))
        found = limit_texts(session, actor, limit=most, now=current_runtime().clock())
    click.echo(f"{found.name}: {'no limit' if most is None else f'at most {most} texts a day'}")


@click.command("create-user")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice(list(STAFF_ROLES)))
@click.option("--clinic", help="The clinic's name; needed only where there are several.")
@click.password_option(help="Asked for when it is not given.")
@with_appcontext
def create_user(email: str, name: str, role: str, clinic: str | None, password: str) -> None:
    """Add a member of staff who signs in with e-mail and password."""
    with transaction(db.engine, ALL_CLINICS) as session:
        clinic_id = clinic_meant(session, clinic)
        create_staff(session, clinic_id, email, password, name, role, current_runtime().clock())
    click.echo(f"{email} may sign in as {role}")


def clinic_meant(session: Session, name: str | None) -> uuid.UUID:
    """Return the clinic of that name, or the only one. Raises Refused or NotFound saying what to do."""
    clinics: dict[str, uuid.UUID] = {
        row.name: row.id for row in session.execute(select(Clinic.name, Clinic.id))
    }
    if not clinics:
        raise Refused("there is no clinic yet; add one with create-clinic")
    if name is None and len(clinics) == 1:
        return next(iter(clinics.values()))
    if name not in clinics:
        raise NotFound(f"say which clinic with --clinic: {', '.join(sorted(clinics))}")
    return clinics[name]
