"""The sign-in page, the language switch, and the way out."""

import re

from flask import Flask
from flask.testing import FlaskClient

from backend.db import transaction
from backend.models import Account
from backend.services.accounts import create_staff
from tests.backend.dashboard.readers import Reader, words
from tests.world import World

PASSWORD = "a long enough password"


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def sign_in(world: World, app: Flask, password: str) -> FlaskClient:
    with transaction(world.engine) as session:
        create_staff(
            session, world.nurse.clinic_id, "elif@clinic.example", PASSWORD, "Elif Aksoy", "nurse", world.now
        )
    client = app.test_client()
    form = {"email": "elif@clinic.example", "password": password, "submit": "1"}
    client.post("/login", data={**form, "csrf_token": token_of(client.get("/login").text)})
    return client


def test_the_right_password_opens_the_worklist(world: World, app: Flask) -> None:
    client = sign_in(world, app, PASSWORD)
    assert "Elif Aksoy" in client.get("/").text


def test_a_wrong_password_does_not(world: World, app: Flask) -> None:
    client = sign_in(world, app, "another long password")
    assert client.get("/").status_code == 302


def test_signing_out_closes_the_door(nurse: Reader) -> None:
    nurse.submit("/logout")
    assert nurse.client.get("/").status_code == 302


def test_the_sign_in_page_speaks_the_browsers_language(app: Flask) -> None:
    page = app.test_client().get("/login", headers={"Accept-Language": "tr-TR,tr;q=0.9"}).text
    assert '<html lang="tr">' in page
    assert "Giriş yap" in words(page)


def test_a_chosen_language_stays_with_the_account(app: Flask, world: World, nurse: Reader) -> None:
    nurse.submit("/language", language="tr")
    assert "İş listesi" in nurse.read("/")
    with transaction(world.engine) as session:
        assert session.get_one(Account, nurse.account_id).language == "tr"


def test_an_unknown_language_changes_nothing(nurse: Reader) -> None:
    nurse.submit("/language", language="xx")
    assert "Worklist" in nurse.read("/")
