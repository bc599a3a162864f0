"""Signing in over HTTP: staff, patients, and the chain of refresh tokens."""

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.auth.limits import limiter
from backend.db import transaction
from backend.models import Account, Patient, RefreshToken
from backend.services.accounts import create_staff, disable_account
from backend.services.sign_in import CODE_TRIES
from tests.backend.api.callers import API, Caller
from tests.world import OTHER_PHONE, PHONE, World

EMAIL, PASSWORD = "elif@clinic.example", "a long enough password"


@pytest.fixture(autouse=True)
def _no_limits(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)


def post(app: Flask, path: str, body: dict[str, object]) -> TestResponse:
    """POST without being signed in."""
    return app.test_client().post(API + path, json=body)


def hire(world: World) -> Account:
    """Give the clinic a nurse who signs in."""
    with transaction(world.engine) as session:
        return create_staff(session, world.nurse.clinic_id, EMAIL, PASSWORD, "Elif", "nurse", now=world.now)


def ask_for_code(app: Flask, world: World, phone: str = PHONE) -> str:
    """Ask for a code, and read it from the phone."""
    world.advance(seconds=1)
    assert post(app, "/auth/patient/code", {"phone": phone}).status_code == 202
    world.tick()
    message = world.messages(purpose="sign_in")[-1]
    assert message.body is not None
    return str(message.facts["code"])


def bearer(app: Flask, tokens: dict[str, str], path: str) -> int:
    """GET a path with an access token, and return the status."""
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return app.test_client().get(API + path, headers=headers).status_code


# staff


def test_staff_sign_in_with_email_and_password(app: Flask, world: World) -> None:
    hire(world)

    answer = post(app, "/auth/staff/token", {"email": EMAIL.upper(), "password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json["expires_in"] == 8 * 3600
    assert bearer(app, answer.json, "/patients") == 200


@pytest.mark.parametrize("wrong", [{"password": "not the password"}, {"email": "nobody@clinic.example"}])
def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    app: Flask, world: World, wrong: dict[str, str]
) -> None:
    hire(world)

    answer = post(app, "/auth/staff/token", {"email": EMAIL, "password": PASSWORD} | wrong)

    assert answer.status_code == 401
    assert answer.json["detail"] == "this does not sign anybody in"


def test_a_disabled_account_is_refused_at_once_signed_in_or_not(app: Flask, world: World) -> None:
    account = hire(world)
    tokens = post(app, "/auth/staff/token", {"email": EMAIL, "password": PASSWORD}).json

    with transaction(world.engine) as session:
        disable_account(session, world.nurse, session.get_one(Account, account.id), now=world.now)

    assert bearer(app, tokens, "/patients") == 401
    assert post(app, "/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert post(app, "/auth/staff/token", {"email": EMAIL, "password": PASSWORD}).status_code == 401


def test_an_access_token_ends(app: Flask, world: World) -> None:
    hire(world)
    tokens = post(app, "/auth/staff/token", {"email": EMAIL, "password": PASSWORD}).json

    world.advance(hours=8)

    assert bearer(app, tokens, "/patients") == 401


def test_a_tampered_token_signs_nobody_in(nurse: Caller) -> None:
    nurse.token = nurse.token[:-2] + ("aa" if nurse.token[-2:] != "aa" else "bb")

    assert nurse.get("/patients").status_code == 401


def test_the_password_is_kept_nowhere(app: Flask, world: World) -> None:
    hire(world)

    [account] = world.rows(Account, Account.email == EMAIL)

    assert account.password.startswith("$argon2id$")


# patients


def test_a_patient_signs_in_with_the_code_that_came_to_the_phone(app: Flask, world: World) -> None:
    world.patient()
    code = ask_for_code(app, world)

    answer = post(app, "/auth/patient/token", {"phone": PHONE, "code": code})

    assert answer.status_code == 200
    assert answer.json["expires_in"] == 15 * 60
    assert bearer(app, answer.json, "/me") == 200


def test_a_code_reaches_even_who_opted_out_and_at_night(app: Flask, world: World) -> None:
    world.patient()
    world.text_in("STOP")
    world.at(2026, 11, 24, 0, 30)

    code = ask_for_code(app, world)

    assert code in world.sent()[-1]


def test_an_unknown_number_is_answered_as_a_known_one(app: Flask, world: World) -> None:
    world.patient()

    known = post(app, "/auth/patient/code", {"phone": PHONE})
    unknown = post(app, "/auth/patient/code", {"phone": OTHER_PHONE})

    assert (known.status_code, known.json) == (unknown.status_code, unknown.json)
    assert len(world.messages(purpose="sign_in")) == 1


def test_a_number_of_two_patients_signs_nobody_in(app: Flask, world: World) -> None:
    world.patient()
    world.patient(given_name="Mehmet")

    answer = post(app, "/auth/patient/code", {"phone": PHONE})

    assert answer.status_code == 202
    assert world.messages(purpose="sign_in") == []


def test_a_code_works_once(app: Flask, world: World) -> None:
    world.patient()
    code = ask_for_code(app, world)
    post(app, "/auth/patient/token", {"phone": PHONE, "code": code})

    assert post(app, "/auth/patient/token", {"phone": PHONE, "code": code}).status_code == 401


def test_a_code_is_void_after_a_few_wrong_tries(app: Flask, world: World) -> None:
    world.patient()
    code = ask_for_code(app, world)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(CODE_TRIES):
        assert post(app, "/auth/patient/token", {"phone": PHONE, "code": wrong}).status_code == 401

    assert post(app, "/auth/patient/token", {"phone": PHONE, "code": code}).status_code == 401


def test_a_code_survives_one_slip_of_the_finger(app: Flask, world: World) -> None:
    world.patient()
    code = ask_for_code(app, world)
    wrong = "000000" if code != "000000" else "111111"
    post(app, "/auth/patient/token", {"phone": PHONE, "code": wrong})

    assert post(app, "/auth/patient/token", {"phone": PHONE, "code": f" {code} "}).status_code == 200


def test_a_code_is_useful_for_minutes_only(app: Flask, world: World) -> None:
    world.patient()
    code = ask_for_code(app, world)

    world.advance(minutes=5)

    assert post(app, "/auth/patient/token", {"phone": PHONE, "code": code}).status_code == 401


def test_a_new_code_makes_the_old_one_void(app: Flask, world: World) -> None:
    world.patient()
    old = ask_for_code(app, world)
    new = ask_for_code(app, world)

    assert old == new or post(app, "/auth/patient/token", {"phone": PHONE, "code": old}).status_code == 401
    assert post(app, "/auth/patient/token", {"phone": PHONE, "code": new}).status_code == 200


def test_a_code_stands_in_no_account(app: Flask, world: World) -> None:
    world.patient()
    code = ask_for_code(app, world)

    [account] = world.rows(Account)

    assert code not in (account.us_totp_secrets or "")


def test_staff_never_see_a_patients_code(app: Flask, world: World, nurse: Caller) -> None:
    patient = world.patient()
    code = ask_for_code(app, world)

    for path in (f"/patients/{patient.id}/conversation", "/messages"):
        assert code not in nurse.get(path).get_data(as_text=True)


def test_a_corrected_number_signs_in_and_the_old_one_no_more(app: Flask, world: World, nurse: Caller) -> None:
    patient = world.patient()
    ask_for_code(app, world)
    nurse.patch(f"/patients/{patient.id}", {"phone": OTHER_PHONE})

    post(app, "/auth/patient/code", {"phone": PHONE})
    sent = len(world.messages(purpose="sign_in"))
    code = ask_for_code(app, world, OTHER_PHONE)

    assert sent == 1
    assert post(app, "/auth/patient/token", {"phone": OTHER_PHONE, "code": code}).status_code == 200


def test_a_corrected_number_ends_the_sign_ins_made_with_the_wrong_one(
    app: Flask, world: World, nurse: Caller
) -> None:
    tokens = sign_in(app, world)
    [patient] = world.rows(Patient)

    nurse.patch(f"/patients/{patient.id}", {"phone": OTHER_PHONE})

    assert bearer(app, tokens, "/me") == 401
    assert post(app, "/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_any_other_change_leaves_the_app_signed_in(app: Flask, world: World, nurse: Caller) -> None:
    tokens = sign_in(app, world)
    [patient] = world.rows(Patient)

    nurse.patch(f"/patients/{patient.id}", {"language": "tr"})

    assert bearer(app, tokens, "/me") == 200


@pytest.mark.parametrize("phone", ["", "x" * 41, 5, None])
def test_what_is_no_number_at_all_is_refused_by_name(app: Flask, phone: object) -> None:
    answer = post(app, "/auth/patient/code", {"phone": phone})

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"phone"}


# the chain


def sign_in(app: Flask, world: World) -> dict[str, str]:
    """Sign Ayşe in and return her tokens."""
    world.patient()
    tokens: dict[str, str] = post(
        app, "/auth/patient/token", {"phone": PHONE, "code": ask_for_code(app, world)}
    ).json
    return tokens


def test_a_refresh_token_is_exchanged_for_the_next(app: Flask, world: World) -> None:
    first = sign_in(app, world)
    world.advance(minutes=20)

    second = post(app, "/auth/refresh", {"refresh_token": first["refresh_token"]})

    assert second.status_code == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    assert bearer(app, second.json, "/me") == 200


def test_a_replayed_refresh_token_ends_the_whole_sign_in(app: Flask, world: World) -> None:
    first = sign_in(app, world)
    second = post(app, "/auth/refresh", {"refresh_token": first["refresh_token"]}).json

    replay = post(app, "/auth/refresh", {"refresh_token": first["refresh_token"]})

    assert replay.status_code == 401
    assert post(app, "/auth/refresh", {"refresh_token": second["refresh_token"]}).status_code == 401
    assert bearer(app, second, "/me") == 401


def test_logging_out_ends_refresh_and_access_tokens(app: Flask, world: World) -> None:
    tokens = sign_in(app, world)

    answer = post(app, "/auth/logout", {"refresh_token": tokens["refresh_token"]})

    assert answer.status_code == 204
    assert bearer(app, tokens, "/me") == 401
    assert post(app, "/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_logging_out_with_an_unknown_token_is_no_error(app: Flask) -> None:
    assert post(app, "/auth/logout", {"refresh_token": "unknown"}).status_code == 204


def test_a_refresh_token_ends_when_the_app_is_not_used(app: Flask, world: World) -> None:
    tokens = sign_in(app, world)

    world.advance(days=60)

    assert post(app, "/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_a_shift_is_not_prolonged_by_refreshing(app: Flask, world: World) -> None:
    hire(world)
    tokens = post(app, "/auth/staff/token", {"email": EMAIL, "password": PASSWORD}).json
    world.advance(hours=11)
    tokens = post(app, "/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json

    world.advance(hours=1)

    assert post(app, "/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_refresh_tokens_are_kept_as_hashes(app: Flask, world: World) -> None:
    tokens = sign_in(app, world)

    [row] = world.rows(RefreshToken)

    assert row.token_hash != tokens["refresh_token"]
    assert row.expires_at - row.issued_at == timedelta(days=60)


# limits


def test_too_many_tries_for_one_account_are_stopped_for_a_while(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    body = {"phone": PHONE, "code": "123456"}

    answers = [post(app, "/auth/patient/token", body) for _ in range(11)]

    assert [answer.status_code for answer in answers[:10]] == [401] * 10
    assert answers[10].status_code == 429
    assert answers[10].content_type == "application/problem+json"
    assert int(answers[10].headers["Retry-After"]) > 0
