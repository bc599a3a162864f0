"""How often somebody may try to sign in: by address, and by the account tried.

Counted in the memory of each web process; with several processes or machines the
true limit is that many times higher (docs/api.md). What protects a code for good
is counted in the database: five tries, then it is void.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from flask import request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

BY_ADDRESS: Final = "30 per minute; 300 per hour"
BY_ACCOUNT: Final = "10 per 15 minutes"
CODES_BY_ACCOUNT: Final = "3 per 10 minutes; 10 per day"

limiter = Limiter(
    key_func=get_remote_address, storage_uri="memory://", headers_enabled=True, retry_after="delta-seconds"
)
"""The one limiter; `install_auth` binds it to the application."""


def tried_account() -> str:
    """Return a key for the account a sign-in names (e-mail or phone), hashed: never kept in clear."""
    given: object = request.get_json(silent=True) if request.is_json else request.form
    named = (given.get("email") or given.get("phone")) if isinstance(given, Mapping) else None
    if not isinstance(named, str):
        return f"nobody:{get_remote_address()}"
    plain = "".join(named.split()).casefold()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
