"""Access tokens: short-lived, signed, and checked against our own clock.

Not Flask-Security's authentication tokens: those read the wall clock, travel in
query strings too, and know nothing of the refresh family that logout must end.
Pure; called by `callers` and by the API's sign-in routes.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

STAFF_ACCESS: Final = timedelta(hours=8)
"""A shift. Ended earlier by logout, by a disabled account, or by a replayed refresh token."""

PATIENT_ACCESS: Final = timedelta(minutes=15)
"""Long enough for one look at the app; the app refreshes without asking."""

_SALT = "recovery-tracker.access-token"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Whose token it is (an account's `fs_uniquifier`), the sign-in it came from, and its end."""

    account: str
    family_id: uuid.UUID
    expires_at: datetime


def sign_access_token(token: AccessToken, secret_key: str) -> str:
    """Return the token as text for an `Authorization: Bearer` header."""
    content = [token.account, token.family_id.hex, int(token.expires_at.timestamp())]
    return str(_serializer(secret_key).dumps(content))


def read_access_token(text: str, secret_key: str, now: datetime) -> AccessToken | None:
    """Return what a token says, or None when it is not ours, was tampered with, or is over."""
    try:
        account, family, expires = _serializer(secret_key).loads(text)
        token = AccessToken(str(account), uuid.UUID(family), datetime.fromtimestamp(expires, tz=UTC))
    except (BadSignature, TypeError, ValueError, OverflowError):
        return None
    return token if token.expires_at > now else None


def _serializer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret_key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    )
