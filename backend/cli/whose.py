"""Who stands behind a command in the audit trail."""

from sqlalchemy import select

from backend.cli.accounts import clinic_meant
from backend.db import ALL_CLINICS, db, transaction
from backend.errors import Refused
from backend.models import Account
from backend.services.accounts import STAFF_ROLES
from backend.services.actors import Actor


def actor_in(clinic: str | None, email: str | None) -> Actor:
    """Return the actor of a command: the member of staff with that e-mail, or whoever sits at the terminal.

    Raises Refused or NotFound saying what to do: no such clinic, nobody of its staff.
    """
    with transaction(db.engine, ALL_CLINICS) as session:
        clinic_id = clinic_meant(session, clinic)
        if email is None:
            return Actor(None, "command line", clinic_id)
        account = session.scalars(
            select(Account).where(Account.email == email.strip().lower(), Account.clinic_id == clinic_id)
        ).one_or_none()
        if account is None or not account.active or not account.role_names & STAFF_ROLES.keys():
            raise Refused(f"--by: nobody of this clinic's staff signs in with {email}")
        return Actor(account.id, account.name, clinic_id)
