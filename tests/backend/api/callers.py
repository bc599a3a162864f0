"""Callers of the API in a test: signed in, and as short to read as a sentence."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from backend.auth import STAFF_ACCESS, AccessToken, sign_access_token
from backend.db import transaction
from backend.models import Account, Patient
from backend.services.accounts import account_of_patient, role_named
from backend.services.sign_in import open_family
from tests.world import World

API = "/api/v1"


@dataclass(slots=True)
class Caller:
    """Somebody with an access token."""

    app: Flask
    token: str
    clinic_id: uuid.UUID
    patient_id: uuid.UUID | None = None

    def get(self, path: str, **query: Any) -> TestResponse:
        """GET a path of the API."""
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """POST a JSON body; keywords are headers, `_` for `-`."""
        return self.call("POST", path, json={} if body is None else body, headers=_headers(headers))

    def patch(self, path: str, body: Any, **headers: str) -> TestResponse:
        """PATCH a JSON body; keywords are headers, `_` for `-`."""
        return self.call("PATCH", path, json=body, headers=_headers(headers))

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """Make any request; in a client of its own, so that no cookie is kept."""
        headers = more.pop("headers", {}) | {"Authorization": f"Bearer {self.token}"}
        return self.app.test_client().open(API + path, method=method, headers=headers, **more)


def staff_caller(app: Flask, world: World, clinic_id: uuid.UUID, role: str) -> Caller:
    """Sign a new member of staff in, without the cost of a password."""
    with transaction(world.engine) as session:
        account = Account(
            clinic_id=clinic_id,
            email=f"{role}-{uuid.uuid4().hex[:8]}@clinic.example",
            name=f"A {role}",
            fs_uniquifier=uuid.uuid4().hex,
            created_at=world.now,
            roles=[role_named(session, role)],
        )
        session.add(account)
        session.flush()
        token = _token(session, account, world)
    return Caller(app, token, clinic_id)


def patient_caller(app: Flask, world: World, patient_id: uuid.UUID) -> Caller:
    """Sign a patient's app in."""
    with transaction(world.engine) as session:
        patient = session.get_one(Patient, patient_id)
        account = account_of_patient(session, patient, now=world.now)
        token = _token(session, account, world)
    return Caller(app, token, patient.clinic_id, patient_id)


def _token(session: Any, account: Account, world: World) -> str:
    family = open_family(session, account, now=world.now).family_id
    token = AccessToken(account.fs_uniquifier, family, world.now + STAFF_ACCESS)
    return sign_access_token(token, world.settings.secret_key)


def _headers(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}
