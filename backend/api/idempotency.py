"""The same POST twice: done once, answered twice, for 24 hours.

The answer is kept in the same transaction as what the request did, so that neither
can be without the other. A second request while the first still runs waits for
SQLite's one writer there, and is refused on PostgreSQL (advisory lock); both ways
nothing is done twice.
"""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, cast

from flask import Response, make_response, request
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from backend.api.resources import present
from backend.auth import current_caller
from backend.db import db
from backend.errors import Conflict, Invalid
from backend.models import IdempotencyKey
from backend.services.sign_in import IDEMPOTENCY_LIFETIME

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_KEY: Final = re.compile(r"[!-~]{1,200}", re.ASCII)
_KEPT_HEADERS: Final = ("Content-Type", "ETag", "Location")
PARAMETER: Final = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "The same key with the same request is answered the same, and done once; kept for 24 h.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}

P = ParamSpec("P")


def idempotent(view: Callable[P, Any]) -> Callable[P, Response]:
    """Honour the request's Idempotency-Key. Stands under `writes`, whose transaction it shares.

    Only what succeeded is kept: a request that was refused changed nothing, and is
    judged anew.
    """

    @wraps(view)
    def once(*args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return make_response(view(*args, **kwargs))
        if not _KEY.fullmatch(key):
            raise BadRequest(f"{HEADER}: give 1 to 200 visible ASCII characters")
        session = db.session()
        _wait_or_refuse(session, key)
        kept = _kept(session, key)
        if kept is not None:
            return _again(kept)
        response = make_response(view(*args, **kwargs))
        if response.status_code < 400:
            _keep(session, key, response)
        return response

    cast("Any", once).idempotent = True  # read by the OpenAPI description
    return once


def _fingerprint() -> str:
    parts = (
        request.method.encode(),
        request.full_path.encode("utf-8", "surrogateescape"),
        request.get_data(),
    )
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _wait_or_refuse(session: Session, key: str) -> None:
    if session.get_bind().dialect.name != "postgresql":
        return
    digest = hashlib.sha256(f"{current_caller().account_id}/{key}".encode()).digest()
    mine = session.scalar(
        text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": int.from_bytes(digest[:8], signed=True)}
    )
    if not mine:
        raise Conflict(f"the first request with this {HEADER} is still under way")


def _kept(session: Session, key: str) -> IdempotencyKey | None:
    kept = session.scalars(
        select(IdempotencyKey).where(
            IdempotencyKey.account_id == current_caller().account_id, IdempotencyKey.key == key
        )
    ).one_or_none()
    if kept is not None and kept.created_at <= present() - IDEMPOTENCY_LIFETIME:
        session.delete(kept)
        session.flush()
        return None
    return kept


def _again(kept: IdempotencyKey) -> Response:
    if kept.fingerprint != _fingerprint():
        raise Invalid({HEADER: ["this key was used for another request; take a new one."]})
    response = Response(kept.body, kept.status_code)
    response.headers.update(kept.headers)
    response.headers[REPLAYED] = "true"
    return response


def _keep(session: Session, key: str, response: Response) -> None:
    session.add(
        IdempotencyKey(
            account_id=current_caller().account_id,
            key=key,
            fingerprint=_fingerprint(),
            status_code=response.status_code,
            body=response.get_data(as_text=True),
            headers={name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
            created_at=present(),
        )
    )
    session.flush()
