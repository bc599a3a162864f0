"""The API: JSON for the mobile app and for other systems, under /api/v1.

A module a resource, its shapes in `schemas`, each error a problem (RFC 9457). No rule
of the domain lives here. Called by the application factory; `openapi_document` also by
the command line.
"""

from typing import Any

from flask import Flask

from backend.api.advice import advice
from backend.api.alerts import alerts
from backend.api.calendar import calendar, register_calendar_files
from backend.api.care_plans import care_plans
from backend.api.check_ins import check_ins
from backend.api.fhir import fhir
from backend.api.me import me
from backend.api.messages import messages
from backend.api.milestones import milestones
from backend.api.openapi import RecoveryApi
from backend.api.patients import patients
from backend.api.problems import answer_unknown_routes
from backend.api.procedures import procedures
from backend.api.protocols import protocols
from backend.api.resources import PREFIX
from backend.api.sign_in import sign_in
from backend.auth import declare_public

__all__ = ["openapi_document", "register_api"]

_RESOURCES = (
    sign_in,
    patients,
    procedures,
    care_plans,
    milestones,
    check_ins,
    alerts,
    messages,
    protocols,
    me,
    advice,
    calendar,
    fhir,
)


def register_api(app: Flask) -> None:
    """Add the API's routes to `app`; call it after `install_auth`."""
    api = RecoveryApi(app)
    for resource in _RESOURCES:
        api.register_blueprint(resource)
    register_calendar_files(app)
    declare_public(app, "api-docs.openapi_json")
    answer_unknown_routes(app, f"{PREFIX}/")


def openapi_document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of the API, as the routes and schemas have it."""
    document: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return document
