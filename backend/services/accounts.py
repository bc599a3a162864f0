"""Accounts: staff with a password, and a patient's account for the app.

Who exists and what they may see. Checking a password or a code is `sign_in`; pages
and tokens are `backend.auth`. Called by the command line, the demo and the API.
"""

import unicodedata
import uuid
from datetime import datetime
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.errors import Conflict, Invalid
from backend.models import Account, Patient, PatientAccount, Role
from backend.services.actors import Actor, record

STAFF_ROLES: Final = {
    "nurse": "works the list: patients, texts, alerts, visits",
    "clinician": "as a nurse; also signs protocols off",
    "admin": "as a clinician; also accounts and the clinic's settings",
}
"""The roles of staff, with what each is for."""

PATIENT_ROLE: Final = "patient"
PASSWORD_LENGTH: Final = 10


def create_staff(
    session: Session, clinic_id: uuid.UUID, email: str, password: str, name: str, role: str, now: datetime
) -> Account:
    """Add a member of staff who signs in with e-mail and password.

    Raises Invalid naming every field that cannot be used, Conflict when the e-mail
    address already signs somebody in.
    """
    address, wrong = _address(email)
    if len(password) < PASSWORD_LENGTH:
        wrong["password"] = [f"give at least {PASSWORD_LENGTH} characters."]
    if not name.strip():
        wrong["name"] = ["give a name; it must not be empty."]
    if role not in STAFF_ROLES:
        wrong["role"] = [f"'{role}' is unknown; choose one of {', '.join(STAFF_ROLES)}."]
    if wrong:
        raise Invalid(wrong)
    if session.scalar(select(Account.id).where(Account.email == address)) is not None:
        raise Conflict(f"{address} already has an account")
    account = Account(
        clinic_id=clinic_id,
        email=address,
        password=hash_password(password),
        name=name.strip(),
        fs_uniquifier=uuid.uuid4().hex,
        confirmed_at=now,
        created_at=now,
        roles=[role_named(session, role)],
    )
    session.add(account)
    session.flush()
    record(
        session,
        Actor.system(clinic_id),
        "create_account",
        "account",
        account.id,
        now=now,
        detail={"role": role},
    )
    return account


def disable_account(session: Session, actor: Actor, account: Account, *, now: datetime) -> None:
    """Refuse an account from now on; sessions and tokens it still has stop working at once."""
    account.active = False
    account.fs_uniquifier = uuid.uuid4().hex
    record(session, actor, "disable_account", "account", account.id, now=now)


def account_of_patient(session: Session, patient: Patient, *, now: datetime) -> Account:
    """Return the account with which a patient signs in to the app, made at the first sign-in."""
    known = known_account_of(session, patient)
    if known is not None:
        known.language = patient.language
        return known
    account = Account(
        clinic_id=patient.clinic_id,
        name=patient.given_name,
        language=patient.language,
        fs_uniquifier=uuid.uuid4().hex,
        created_at=now,
        roles=[role_named(session, PATIENT_ROLE)],
    )
    session.add(account)
    session.flush()
    session.add(PatientAccount(account_id=account.id, patient_id=patient.id))
    session.flush()
    return account


def known_account_of(session: Session, patient: Patient) -> Account | None:
    """Return the patient's own account, if one was ever made."""
    return session.scalars(
        select(Account)
        .join(PatientAccount, PatientAccount.account_id == Account.id)
        .where(PatientAccount.patient_id == patient.id, PatientAccount.relation == "self")
    ).first()


def role_named(session: Session, name: str) -> Role:
    """Return a role by name, adding it to the table the first time."""
    by_name = select(Role).where(Role.name == name)
    role = session.scalar(by_name)
    if role is not None:
        return role
    role = Role(name=name, description=STAFF_ROLES.get(name, "the patient's own app"), permissions=[])
    try:
        with session.begin_nested():
            session.add(role)
    except IntegrityError:  # somebody else needed it at the same instant
        return session.scalars(by_name).one()
    return role


def hash_password(password: str) -> str:
    """Return the argon2 hash to keep, of the password as Flask-Security will normalise it."""
    return password_hasher().hash(normal_password(password))


def normal_password(password: str) -> str:
    """Return a password in Unicode's NFKD form, so that every keyboard types the same one."""
    return unicodedata.normalize("NFKD", password)


@lru_cache(maxsize=1)
def password_hasher() -> PasswordHasher:
    """Return the hasher, with argon2-cffi's recommended costs (RFC 9106, low memory)."""
    return PasswordHasher()


def _address(email: str) -> tuple[str, dict[str, list[str]]]:
    try:
        return validate_email(email, check_deliverability=False).normalized.lower(), {}
    except EmailNotValidError as error:
        return "", {"email": [str(error)]}
