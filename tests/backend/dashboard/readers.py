"""Somebody signed in to the pages: opens, submits, and reads what is there."""

import html
import re
import uuid
from typing import Any

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from backend.db import transaction
from backend.models import Account
from backend.services.accounts import role_named
from tests.world import World


class Reader:
    """A browser of a member of staff, without the cost of a password."""

    def __init__(
        self, app: Flask, world: World, clinic_id: uuid.UUID, role: str, language: str = "en"
    ) -> None:
        with transaction(world.engine) as session:
            account = Account(
                clinic_id=clinic_id,
                email=f"{role}-{uuid.uuid4().hex[:8]}@clinic.example",
                name=f"A {role}",
                language=language,
                fs_uniquifier=uuid.uuid4().hex,
                created_at=world.now,
                roles=[role_named(session, role)],
            )
            session.add(account)
            session.flush()
            self.account_id = account.id
        self.client = app.test_client()
        with self.client.session_transaction() as cookie:
            cookie["_user_id"] = account.fs_uniquifier
            cookie["_fresh"] = True

    def open(self, path: str, **headers: str) -> str:
        """Open a page that must be there, and return its HTML."""
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def read(self, path: str) -> str:
        """Open a page and return its words, as one line."""
        return words(self.open(path))

    def submit(self, path: str, **fields: Any) -> TestResponse:
        """Send a form with its CSRF token; a list is several choices of one field."""
        given = MultiDict(fields)
        given["csrf_token"] = self.csrf_token()
        return self.client.post(path, data=given)

    def csrf_token(self) -> str:
        """Return the token that this session's forms carry."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.open("/protocols"))
        assert found, "the page has no form"
        return found[1]


def words(page: str) -> str:
    """Return what a page says, without its tags, on one line."""
    text = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", " ", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
