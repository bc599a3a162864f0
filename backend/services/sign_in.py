"""Signing in: a password, a code sent to a phone, and the chain of refresh tokens.

Answers who it is, or nobody; never why not. What a signed-in account may do is
`backend.auth`. Called by the API's sign-in routes. A refusal, too, leaves a trace
that must be committed (a try used up, a family revoked): the caller commits it.
"""

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.models import Account, IdempotencyKey, Patient, PatientAccount, RefreshToken
from backend.services.accounts import (
    PATIENT_ROLE,
    account_of_patient,
    known_account_of,
    normal_password,
    password_hasher,
)
from backend.services.actors import Actor, record
from backend.services.writing import CODE_USEFUL_FOR, send_sign_in_code

CODE_TRIES: Final = 5
"""Of a million codes; a new code makes the old one void."""

STAFF_FAMILY: Final = timedelta(hours=12)
"""From sign-in to the last refresh: one shift, then the password again."""

PATIENT_FAMILY: Final = timedelta(days=60)
"""From one use of the app to the next; each refresh starts it anew."""

IDEMPOTENCY_LIFETIME: Final = timedelta(hours=24)
_DUMMY_HASH: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$hqx+WDbVMRk1j0Um9R9Pnb1a5wYd2gCgHcDDQX/ASbI"
)


@dataclass(frozen=True, slots=True)
class Granted:
    """A sign-in, begun or continued: whose, its family, and the next refresh token, in clear only here."""

    account: Account
    family_id: uuid.UUID
    refresh_token: str


def check_password(session: Session, email: str, password: str) -> Account | None:
    """Return the staff account these belong to; None for any mismatch, after the same work."""
    account = session.scalar(select(Account).where(Account.email == email.strip().lower()))
    stored = account.password if account is not None and account.password else _DUMMY_HASH
    try:
        password_hasher().verify(stored, normal_password(password))
    except (Argon2Error, InvalidHashError):
        return None
    return account if account is not None and account.password and account.active else None


def send_code(session: Session, phone: str, *, secret_key: str, now: datetime) -> None:
    """Send a sign-in code to the patient of this number (E.164), if there is exactly one.

    A number of several patients signs nobody in: whose care it would show cannot be
    known. The code itself is not kept here, only the salt it is derived with.
    """
    patients = _patients_with(session, phone)
    salt = secrets.token_hex(16)
    code = _code(secret_key, salt)
    if len(patients) != 1:
        return
    account = account_of_patient(session, patients[0], now=now)
    if account.active:
        _keep(account, salt=salt, issued_at=now, tries=CODE_TRIES)
        send_sign_in_code(session, patients[0], code, now=now)


def check_code(session: Session, phone: str, code: str, *, secret_key: str, now: datetime) -> Account | None:
    """Return the account that `code` signs in, once; a wrong one uses up one of its few tries."""
    patients = _patients_with(session, phone)
    account = known_account_of(session, patients[0]) if len(patients) == 1 else None
    if account is None or not account.active or not account.us_totp_secrets:
        _same(_code(secret_key, ""), code)
        return None
    pending = json.loads(account.us_totp_secrets)
    issued_at = datetime.fromisoformat(pending["sms_issued_at"])
    tries = int(pending["sms_tries"])
    right = _same(_code(secret_key, pending["sms"]), code)
    if right and issued_at <= now < issued_at + CODE_USEFUL_FOR:
        account.us_totp_secrets = None
        return account
    if tries <= 1:
        account.us_totp_secrets = None
    else:
        _keep(account, salt=pending["sms"], issued_at=issued_at, tries=tries - 1)
    return None


def open_family(session: Session, account: Account, *, now: datetime) -> Granted:
    """Begin a sign-in: the first refresh token of a new family."""
    record(
        session,
        Actor(account_id=account.id, name=account.name, clinic_id=account.clinic_id),
        "sign_in",
        "account",
        account.id,
        now=now,
    )
    ends_at = now + (PATIENT_FAMILY if PATIENT_ROLE in account.role_names else STAFF_FAMILY)
    return _next_link(session, account, uuid.uuid4(), now=now, ends_at=ends_at)


def rotate(session: Session, refresh_token: str, *, now: datetime) -> Granted | None:
    """Exchange a refresh token for the next one; None when it is not good (any more).

    One that was used before was copied: its whole family is revoked, whoever holds it.
    """
    token_hash = _hash(refresh_token)
    used = session.execute(
        update(RefreshToken)
        .where(
            RefreshToken.token_hash == token_hash,
            RefreshToken.used_at.is_(None),
            RefreshToken.revoked_at.is_(None),
            RefreshToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(RefreshToken.account_id, RefreshToken.family_id, RefreshToken.expires_at)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        _revoke_if_replayed(session, token_hash, now=now)
        return None
    account = session.get_one(Account, used.account_id)
    if not account.active:
        return None
    patient = PATIENT_ROLE in account.role_names
    ends_at = now + PATIENT_FAMILY if patient else used.expires_at
    return _next_link(session, account, used.family_id, now=now, ends_at=ends_at)


def close_chain(session: Session, refresh_token: str, *, now: datetime) -> None:
    """End the sign-in that a refresh token belongs to, whether that token is the newest or not."""
    family_id = session.scalar(
        select(RefreshToken.family_id).where(RefreshToken.token_hash == _hash(refresh_token))
    )
    if family_id is not None:
        close_family(session, family_id, now=now)


def close_family(session: Session, family_id: uuid.UUID, *, now: datetime) -> None:
    """End a sign-in: its refresh tokens, and with them its access tokens, stop working."""
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.family_id == family_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def end_sign_ins_of(session: Session, patient_id: uuid.UUID, *, now: datetime) -> None:
    """End every sign-in to a patient's app, for when the number turned out to be somebody else's."""
    accounts = select(PatientAccount.account_id).where(PatientAccount.patient_id == patient_id)
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.account_id.in_(accounts), RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def forget_expired(session: Session, *, now: datetime) -> int:
    """Delete refresh tokens and kept answers that no longer have any effect; return how many.

    For a daily job. Used links of a living family stay: they are how a replay is noticed.
    """
    gone = 0
    for statement in (
        delete(RefreshToken).where(RefreshToken.expires_at <= now),
        delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - IDEMPOTENCY_LIFETIME),
    ):
        result: Any = session.execute(statement.execution_options(synchronize_session=False))
        gone += result.rowcount
    return gone


def _patients_with(session: Session, phone: str) -> Sequence[Patient]:
    """The patients of a number, locked, so that two requests never make two accounts or share a try."""
    return session.scalars(
        select(Patient).where(Patient.phone == phone).order_by(Patient.id).limit(2).with_for_update()
    ).all()


def _keep(account: Account, *, salt: str, issued_at: datetime, tries: int) -> None:
    """Flask-Security's own shape for unified sign-in: a secret by method, here with its age and tries."""
    account.us_totp_secrets = json.dumps(
        {"sms": salt, "sms_issued_at": issued_at.isoformat(), "sms_tries": str(tries)}
    )


def _code(secret_key: str, salt: str) -> str:
    """Return the six digits that belong to `salt`; without the secret key the salt tells nothing."""
    digest = hmac.digest(secret_key.encode(), f"sign-in-code:{salt}".encode(), "sha256")
    return f"{int.from_bytes(digest) % 1_000_000:06d}"


def _same(code: str, given: str) -> bool:
    return hmac.compare_digest(code.encode(), "".join(given.split()).encode("utf-8", "surrogatepass"))


def _next_link(
    session: Session, account: Account, family_id: uuid.UUID, *, now: datetime, ends_at: datetime
) -> Granted:
    text = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(
            account_id=account.id,
            family_id=family_id,
            token_hash=_hash(text),
            issued_at=now,
            expires_at=ends_at,
        )
    )
    session.flush()
    return Granted(account, family_id, text)


def _revoke_if_replayed(session: Session, token_hash: str, *, now: datetime) -> None:
    family_id = session.scalar(
        select(RefreshToken.family_id).where(
            RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_not(None)
        )
    )
    if family_id is not None:
        close_family(session, family_id, now=now)


def _hash(refresh_token: str) -> str:
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).hexdigest()
