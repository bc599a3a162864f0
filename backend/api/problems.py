"""From an error to an answer: RFC 9457 problem+json, in one place for the whole API.

What went wrong is a sentence; which field, where one is to blame; never a name, a
number or a text of a patient. Pages of the dashboard have their own face for errors.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Blueprint, Flask, Response, g, json, request
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from backend.errors import Conflict, Invalid, NotFound, Refused

CONTENT_TYPE: Final = "application/problem+json"
_URN: Final = "urn:recovery-tracker:problem:"
_HANDLED: Final = (
    HTTPException,
    Conflict,
    Invalid,
    NotFound,
    Refused,
    StaleDataError,
    IntegrityError,
    DataError,
)
_log = structlog.get_logger(__name__)


def problem(error: Exception) -> Response:
    """Return the answer to an error: its status, a sentence, and `errors` by field where there are any.

    `error` is one of the house's, of the HTTP layer's or of the database's; anything
    else is answered as 500 without a word of what it was.
    """
    if isinstance(error, HTTPException) and error.response is not None:
        return error.response  # type: ignore[return-value]  # werkzeug's base class of Flask's response
    status, kind, detail, errors = _explain(error)
    body: dict[str, Any] = {
        "type": _URN + kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": g.get("request_id", ""),
    }
    if errors:
        body["errors"] = errors
    response = Response(json.dumps(body), status, mimetype=CONTENT_TYPE)
    for name, value in _headers(error):
        response.headers[name] = value
    return response


def answer_with_problems(blueprint: Blueprint) -> None:
    """Let every error of this blueprint's views be answered as a problem."""
    for kind in _HANDLED:
        blueprint.register_error_handler(kind, problem)


def answer_unknown_routes(app: Flask, prefix: str) -> None:
    """Answer what no route of the API matches (404, 405) as a problem too; no blueprint sees those."""

    @app.before_request
    def refuse() -> Response | None:
        error = request.routing_exception
        if error is None or isinstance(error, RequestRedirect) or not request.path.startswith(prefix):
            return None
        return problem(error)


def _explain(error: Exception) -> tuple[int, str, str, dict[str, list[str]]]:
    match error:
        case Invalid():
            return 422, "invalid", "Some of what was sent cannot be used; see errors.", error.fields
        case NotFound():
            return 404, "not-found", str(error), {}
        case Refused():
            return 403, "refused", _sentence(str(error)), {}
        case Conflict():
            return 409, "conflict", _sentence(str(error)), {}
        case StaleDataError():
            return 409, "changed-meanwhile", "Somebody changed this at the same time; read it again.", {}
        case IntegrityError():
            _log.warning("integrity_error", constraint=_constraint(error))
            return 409, "conflict", "This contradicts what is already recorded.", {}
        case DataError():
            return 422, "invalid", "A value lies outside of what can be stored.", {}
        case HTTPException():
            return _explain_http(error)
    return 500, "internal", "Something failed on our side; it has been noted.", {}


def _explain_http(error: HTTPException) -> tuple[int, str, str, dict[str, list[str]]]:
    status = error.code or 500
    kind = HTTPStatus(status).phrase.lower().replace(" ", "-")
    messages = getattr(error, "data", {}).get("messages")  # put there by webargs
    if status == 422 and isinstance(messages, Mapping):
        return (
            422,
            "invalid",
            "Some of what was sent cannot be used; see errors.",
            _by_field(next(iter(messages.values()))),
        )
    if status >= 500:
        return status, "internal", "Something failed on our side; it has been noted.", {}
    return status, kind, error.description or HTTPStatus(status).phrase, {}


def _by_field(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Return marshmallow's nested messages flat, fields joined by dots."""
    if isinstance(messages, list):
        return {prefix or "body": [str(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for name, below in messages.items():
        part = "" if name == "_schema" else str(name)
        found.update(_by_field(below, ".".join(piece for piece in (prefix, part) if piece)))
    return found


def _headers(error: Exception) -> list[tuple[str, str]]:
    if not isinstance(error, HTTPException):
        return []
    if error.code == 401:
        return [("WWW-Authenticate", "Bearer")]
    return [(name, value) for name, value in error.get_headers() if name in {"Allow", "Retry-After"}]


def _constraint(error: IntegrityError) -> str:
    """The name of what was violated, where the driver tells it; never the values."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None) or "unknown"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "." if text else text
