"""Finding out who calls: a bearer token first, else the session of a staff page.

One statement for a token, over only the columns needed. What the caller may do is
`access`; nothing here looks at a clinic's rows.
"""

import uuid
from dataclasses import dataclass

from flask import request
from flask_security import current_user
from sqlalchemy import exists, select

from backend.auth.tokens import AccessToken, read_access_token
from backend.db import db
from backend.models import Account, PatientAccount, RefreshToken, Role
from backend.models.accounts import account_roles
from backend.runtime import current_runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A known caller. `patient_ids` is what a patient's account may see; staff see their clinic's.

    `family_id` names the sign-in a token came from; None for a page's session.
    """

    account_id: uuid.UUID
    clinic_id: uuid.UUID
    name: str
    language: str
    roles: frozenset[str]
    patient_ids: frozenset[uuid.UUID] = frozenset()
    family_id: uuid.UUID | None = None

    @property
    def by_session(self) -> bool:
        """Whether a cookie vouches for the caller, so that writes need a CSRF token."""
        return self.family_id is None


def identify() -> Caller | None:
    """Return who makes the current request, or None.

    A request that carries a token is never also tried by its cookie.
    """
    if "Authorization" in request.headers:
        return _by_token(request.headers["Authorization"])
    return _by_session()


def _by_token(header: str) -> Caller | None:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    runtime = current_runtime()
    token = read_access_token(text.strip(), runtime.settings.secret_key, runtime.clock())
    return _account_of(token) if token is not None else None


def _account_of(token: AccessToken) -> Caller | None:
    sign_in_stands = exists().where(
        RefreshToken.family_id == token.family_id,
        RefreshToken.account_id == Account.id,
        RefreshToken.revoked_at.is_(None),
    )
    rows = db.session.execute(
        select(
            Account.id,
            Account.clinic_id,
            Account.name,
            Account.language,
            Role.name.label("role"),
            PatientAccount.patient_id,
        )
        .outerjoin(account_roles, account_roles.c.account_id == Account.id)
        .outerjoin(Role, Role.id == account_roles.c.role_id)
        .outerjoin(PatientAccount, PatientAccount.account_id == Account.id)
        .where(Account.fs_uniquifier == token.account, Account.active, sign_in_stands)
    ).all()
    if not rows:
        return None
    first = rows[0]
    return Caller(
        account_id=first.id,
        clinic_id=first.clinic_id,
        name=first.name,
        language=first.language,
        roles=frozenset(row.role for row in rows if row.role is not None),
        patient_ids=frozenset(row.patient_id for row in rows if row.patient_id is not None),
        family_id=token.family_id,
    )


def _by_session() -> Caller | None:
    if not current_user.is_authenticated:
        return None
    account: Account = current_user
    return Caller(
        account_id=account.id,
        clinic_id=account.clinic_id,
        name=account.name,
        language=account.language,
        roles=account.role_names,
    )
