"""Signing in and out: staff by password, patients by a code, both with rotating refresh tokens.

No Idempotency-Key here: answers that carry tokens are kept nowhere.
"""

from typing import Any, Final

from werkzeug.exceptions import Unauthorized

from backend.api.resources import EVERY_STAFF, Resource, present
from backend.api.schemas import sign_in as schemas
from backend.auth import (
    PATIENT_ACCESS,
    STAFF_ACCESS,
    AccessToken,
    limiter,
    public,
    sign_access_token,
    writes,
)
from backend.auth.limits import BY_ACCOUNT, BY_ADDRESS, CODES_BY_ACCOUNT, tried_account
from backend.db import ALL_CLINICS, db, set_scope
from backend.runtime import current_runtime
from backend.services.sign_in import (
    Granted,
    check_code,
    check_password,
    close_chain,
    open_family,
    rotate,
    send_code,
)
from backend.services.writing import CODE_USEFUL_FOR
from notifications.phone import InvalidPhone, PhoneNumber

sign_in = Resource("sign_in", "Signing in and out.")

_NO: Final = "this does not sign anybody in"


@sign_in.route("/auth/staff/token", methods=["POST"])
@public
@limiter.limit(BY_ADDRESS)
@limiter.limit(BY_ACCOUNT, key_func=tried_account)
@writes
@sign_in.arguments(schemas.StaffCredentials)
@sign_in.response(200, schemas.Tokens)
def staff_token(given: dict[str, Any]) -> Any:
    """Sign staff in by e-mail and password."""
    _before_anybody_is_known()
    account = check_password(db.session(), given["email"], given["password"])
    if account is None or not account.role_names & set(EVERY_STAFF):
        raise Unauthorized(_NO)
    return _tokens(open_family(db.session(), account, now=present()))


@sign_in.route("/auth/patient/code", methods=["POST"])
@public
@limiter.limit(BY_ADDRESS)
@limiter.limit(CODES_BY_ACCOUNT, key_func=tried_account)
@writes
@sign_in.arguments(schemas.PhoneNumber)
@sign_in.response(202, schemas.CodeSent)
def patient_code(given: dict[str, Any]) -> Any:
    """Send a code to a patient's phone; the answer is the same for a number that is not known."""
    _before_anybody_is_known()
    send_code(db.session(), _e164(given["phone"]), secret_key=_secret_key(), now=present())
    return {
        "detail": "If this number belongs to a patient, a code is on its way.",
        "expires_in": int(CODE_USEFUL_FOR.total_seconds()),
    }


@sign_in.route("/auth/patient/token", methods=["POST"])
@public
@limiter.limit(BY_ADDRESS)
@limiter.limit(BY_ACCOUNT, key_func=tried_account)
@writes
@sign_in.arguments(schemas.PatientCredentials)
@sign_in.response(200, schemas.Tokens)
def patient_token(given: dict[str, Any]) -> Any:
    """Sign a patient in with the code that came to the phone; it works once."""
    _before_anybody_is_known()
    phone = _e164(given["phone"])
    account = check_code(db.session(), phone, given["code"], secret_key=_secret_key(), now=present())
    if account is None:
        db.session.commit()  # a wrong code uses up a try, refused or not
        raise Unauthorized(_NO)
    return _tokens(open_family(db.session(), account, now=present()))


@sign_in.route("/auth/refresh", methods=["POST"])
@public
@limiter.limit(BY_ADDRESS)
@writes
@sign_in.arguments(schemas.RefreshToken)
@sign_in.response(200, schemas.Tokens)
def refresh(given: dict[str, Any]) -> Any:
    """Exchange a refresh token for new tokens; using an old one again ends the whole sign-in."""
    _before_anybody_is_known()
    granted = rotate(db.session(), given["refresh_token"], now=present())
    if granted is None:
        db.session.commit()  # a replay has revoked its family
        raise Unauthorized(_NO)
    return _tokens(granted)


@sign_in.route("/auth/logout", methods=["POST"])
@public
@limiter.limit(BY_ADDRESS)
@writes
@sign_in.arguments(schemas.RefreshToken)
@sign_in.response(204)
def logout(given: dict[str, Any]) -> None:
    """End a sign-in: its refresh and access tokens stop working. An unknown token is no error."""
    _before_anybody_is_known()
    close_chain(db.session(), given["refresh_token"], now=present())


def _before_anybody_is_known() -> None:
    """Whose clinic it is follows from the account; until then no clinic's wall stands."""
    set_scope(db.session(), ALL_CLINICS)


def _secret_key() -> str:
    return current_runtime().settings.secret_key


def _e164(text: str) -> str:
    """Return the number's digits; what is no number is left as it is, and belongs to nobody."""
    try:
        return PhoneNumber.parse(text).e164
    except InvalidPhone:
        return text


def _tokens(granted: Granted) -> dict[str, Any]:
    lifetime = STAFF_ACCESS if granted.account.role_names & set(EVERY_STAFF) else PATIENT_ACCESS
    token = AccessToken(granted.account.fs_uniquifier, granted.family_id, present() + lifetime)
    return {
        "access_token": sign_access_token(token, _secret_key()),
        "refresh_token": granted.refresh_token,
        "expires_in": int(lifetime.total_seconds()),
    }
