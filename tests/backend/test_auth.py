"""Sign-in of the staff pages, and the decorators that guard every route."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.app import create_app
from backend.auth import (
    AccessToken,
    limiter,
    patient_app,
    public,
    read_access_token,
    sign_access_token,
    staff,
    writes,
)
from backend.config import Settings
from backend.db import db, transaction
from backend.models import Account, Patient
from backend.services.accounts import account_of_patient, create_staff
from tests.world import World

EMAIL, PASSWORD = "elif@clinic.example", "a long enough password"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "a-secret-for-tests-only-0123456789abcdef"


@pytest.fixture
def app(world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The web application with one nurse who signs in by password."""
    monkeypatch.setattr(limiter, "enabled", False)
    app = create_app(settings, clock=lambda: world.now)
    app.testing = True
    with transaction(world.engine) as session:
        create_staff(session, world.nurse.clinic_id, EMAIL, PASSWORD, "Elif", "nurse", now=world.now)
    yield app
    with app.app_context():
        db.engine.dispose()


def csrf_token(client: FlaskClient, path: str = "/login") -> str:
    """Read the token out of a page's form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def sign_in(client: FlaskClient, password: str = PASSWORD, email: str = EMAIL) -> int:
    """Fill the sign-in page in, and return the status: 302 goes on to the worklist."""
    form = {"email": email, "password": password, "csrf_token": csrf_token(client)}
    return client.post("/login", data=form).status_code


def is_in(client: FlaskClient) -> bool:
    """Whether the worklist opens."""
    return client.get("/").status_code == 200


def test_a_nurse_signs_in_and_out(app: Flask) -> None:
    client = app.test_client()

    signed_in = sign_in(client)
    inside = is_in(client)
    client.post("/logout", data={"csrf_token": csrf_token(client, "/")})

    assert (signed_in, inside, is_in(client)) == (302, True, False)


@pytest.mark.parametrize("wrong", [{"password": "not the password"}, {"email": "nobody@clinic.example"}])
def test_a_wrong_password_and_an_unknown_address_look_alike(app: Flask, wrong: dict[str, str]) -> None:
    client = app.test_client()
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": csrf_token(client)} | wrong

    page = client.post("/login", data=form).text

    assert not is_in(client)
    assert "does not exist" not in page


def test_the_sign_in_form_needs_its_csrf_token(app: Flask) -> None:
    client = app.test_client()

    client.post("/login", data={"email": EMAIL, "password": PASSWORD})

    assert not is_in(client)


def test_nobody_signed_in_is_led_to_the_sign_in_page_and_back(app: Flask) -> None:
    answer = app.test_client().get("/patients")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login?next=")


def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(app: Flask) -> None:
    answer = app.test_client().get("/", headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"


def test_a_write_by_session_needs_a_csrf_token(app: Flask, world: World) -> None:
    client = app.test_client()
    sign_in(client)
    patient = world.patient()
    path = f"/api/v1/patients/{patient.id}"

    without = client.patch(path, json={"language": "tr"}).status_code
    token = csrf_token(client, "/")
    with_token = client.patch(path, json={"language": "tr"}, headers={"X-CSRFToken": token}).status_code

    assert (without, with_token) == (400, 200)


def test_a_disabled_account_loses_its_session(app: Flask, world: World) -> None:
    client = app.test_client()
    sign_in(client)
    with transaction(world.engine) as session:
        session.query(Account).filter_by(email=EMAIL).one().active = False

    assert not is_in(client)


def test_a_patient_has_no_way_into_the_staff_pages(app: Flask, world: World) -> None:
    patient = world.patient()
    with transaction(world.engine) as session:
        account = account_of_patient(session, session.get_one(Patient, patient.id), now=world.now)
        uniquifier = account.fs_uniquifier
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = uniquifier
        session["_fresh"] = True

    assert client.get("/").status_code == 403


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(app: Flask) -> None:
    client = app.test_client()

    cookie = next(c for c in client.get("/login").headers.getlist("Set-Cookie") if "recovery_session" in c)

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_no_token_in_an_address_signs_anybody_in(app: Flask) -> None:
    with app.test_request_context():
        serializer = app.extensions["security"].remember_token_serializer
        token = serializer.dumps({"ver": "5", "uid": "anything", "fs_paa": 0, "exp": 0})

    assert app.test_client().get(f"/?auth_token={token}").status_code == 302


# tokens


def token(**changes: object) -> AccessToken:
    """A token that holds for an hour."""
    given = {"account": "a" * 32, "family_id": uuid.UUID(int=7), "expires_at": NOW + timedelta(hours=1)}
    return AccessToken(**(given | changes))  # type: ignore[arg-type]


def test_a_token_is_read_as_it_was_signed() -> None:
    assert read_access_token(sign_access_token(token(), SECRET), SECRET, NOW) == token()


def test_a_token_of_another_key_is_not_ours() -> None:
    assert read_access_token(sign_access_token(token(), SECRET), SECRET[::-1], NOW) is None


def test_a_token_is_over_at_its_end_and_not_before() -> None:
    text = sign_access_token(token(), SECRET)

    assert read_access_token(text, SECRET, NOW + timedelta(seconds=3599)) is not None
    assert read_access_token(text, SECRET, NOW + timedelta(hours=1)) is None


@pytest.mark.parametrize("text", ["", ".", "a.b", "é", "null", "x" * 10_000])
def test_any_text_can_be_tried_as_a_token(text: str) -> None:
    assert read_access_token(text, SECRET, NOW) is None


# decorators


def test_a_role_that_does_not_exist_is_noticed_at_import() -> None:
    with pytest.raises(ValueError, match="needs roles"):
        staff("doctor")


def test_staff_without_a_role_is_noticed_at_import() -> None:
    with pytest.raises(ValueError, match="needs roles"):
        staff()


def test_a_route_declares_its_access_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        public(patient_app(lambda: ""))


@pytest.mark.parametrize(("status", "kept"), [(200, True), (302, True), (404, False), (422, False)])
def test_what_a_view_wrote_is_kept_only_when_it_succeeded(
    app: Flask, world: World, status: int, kept: bool
) -> None:
    with app.test_request_context():

        @writes
        def view() -> tuple[str, int]:
            db.session.add(
                Account(clinic_id=world.nurse.clinic_id, fs_uniquifier="probe", created_at=world.now)
            )
            db.session.flush()
            return "", status

        view()
        db.session.remove()

    assert bool(world.rows(Account, Account.fs_uniquifier == "probe")) is kept


def test_what_a_failing_view_wrote_is_not_kept(app: Flask, world: World) -> None:
    @writes
    def view() -> str:
        db.session.add(Account(clinic_id=world.nurse.clinic_id, fs_uniquifier="probe", created_at=world.now))
        db.session.flush()
        raise RuntimeError

    with app.test_request_context():
        with pytest.raises(RuntimeError):
            view()
        db.session.remove()

    assert world.rows(Account, Account.fs_uniquifier == "probe") == []
