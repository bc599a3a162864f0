"""The OpenAPI 3.1 description: made from routes and schemas, with what flask-smorest leaves out.

Adds the sign-in each route asks for, the problems it can answer with, and the
headers of idempotent and versioned requests. No route lives here.
"""

from collections.abc import Mapping
from typing import Any, Final

from apispec import BasePlugin
from flask import Flask
from flask_smorest import Api
from werkzeug.routing import Rule

from backend.api.fields import Day, Hour, Instant
from backend.api.idempotency import PARAMETER as IDEMPOTENCY_KEY
from backend.api.problems import CONTENT_TYPE
from backend.api.resources import PREFIX
from backend.api.schemas import Problem

VERSION: Final = "1.0"
_DESCRIPTION: Final = """\
Times are RFC 3339 with an offset, ids are UUIDs, lists are `{"items": […], "next_cursor": …}`.
Errors are RFC 9457 problems. See docs/api.md. Not for emergencies; no medical device.
"""
_PROBLEMS: Final[Mapping[str, str]] = {
    "400": "The request cannot be read.",
    "401": "Nobody is signed in.",
    "403": "Not for this caller, or not allowed.",
    "404": "There is nothing like that in this clinic.",
    "409": "It contradicts what is recorded.",
    "412": "It was changed since it was read.",
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "422": "Some of what was sent cannot be used; `errors` names the fields.",
    "429": "Too many tries; wait.",
}
_IF_MATCH: Final = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The ETag that was read; another version is refused with 412.",
    "schema": {"type": "string"},
}
_VERSIONED: Final = frozenset(
    {
        ("/patients/{patient_id}", "patch"),
        ("/procedures/{procedure_id}", "patch"),
        ("/me", "patch"),
        ("/milestones/{milestone_id}", "patch"),
        ("/alerts/{alert_id}/acknowledge", "post"),
        ("/alerts/{alert_id}/resolve", "post"),
    }
)


class RecoveryApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's Api with our errors and our additions to the document."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        app.config.update(
            API_TITLE="Recovery Tracker",
            API_VERSION=VERSION,
            OPENAPI_VERSION="3.1.0",
            OPENAPI_URL_PREFIX=PREFIX,
        )
        super().__init__(
            app,
            spec_kwargs={"info": {"description": _DESCRIPTION}, "extra_plugins": [_Completion(app)]},
        )
        self.register_field(Instant, "string", "date-time")
        self.register_field(Day, "string", "date")
        self.register_field(Hour, "string", "time")
        self.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
        for status, words in _PROBLEMS.items():
            self.spec.components.response(
                f"Problem{status}",
                {"description": words, "content": {CONTENT_TYPE: {"schema": Problem}}},
            )

    def _register_error_handlers(self) -> None:
        """Leave errors to `problems`."""


class _Completion(BasePlugin):
    """Completes each operation from what its view declares: access, idempotency, versions."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def operation_helper(
        self,
        path: str | None = None,
        operations: dict[str, Any] | None = None,
        **given: Any,
    ) -> None:
        rule: Rule = given["rule"]
        view: Any = self.app.view_functions[rule.endpoint]
        for method, operation in (operations or {}).items():
            operation["operationId"] = rule.endpoint.removeprefix("api_").replace(".", "_")
            operation["security"] = [] if view.access.kind == "public" else [{"bearer": []}]
            if getattr(view, "idempotent", False):
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
            versioned = ((path or "").removeprefix(PREFIX), method) in _VERSIONED
            if versioned:
                operation.setdefault("parameters", []).append(_IF_MATCH)
            for status in sorted(_statuses(view.access.kind, method, rule, operation, versioned=versioned)):
                operation["responses"].pop(int(status), None)
                operation["responses"][status] = f"Problem{status}"


def _statuses(kind: str, method: str, rule: Rule, operation: dict[str, Any], *, versioned: bool) -> set[str]:
    """The problems an operation can answer with."""
    found = {"401", "429"} if kind == "public" else {"401", "403"}
    if rule.arguments:
        found.add("404")
    if method != "get":
        found |= {"400", "409"}
    if "requestBody" in operation:
        found |= {"400", "413", "415", "422"}
    if operation.get("parameters"):
        found |= {"400", "422"}
    if kind == "patient_app":
        found.add("404")
    if versioned:
        found.add("412")
    return found
