"""The same POST twice: done once, answered twice."""

import hashlib
import threading

import pytest
from sqlalchemy import func, select, text

from backend.db import transaction
from backend.models import Account, IdempotencyKey, Patient
from backend.services.sign_in import forget_expired
from tests.backend.api.callers import Caller, staff_caller
from tests.backend.api.test_patients import AYSE, PROCEDURE
from tests.world import World


def patients(world: World) -> int:
    """Count the patients there are."""
    with transaction(world.engine) as session:
        return session.scalar(select(func.count()).select_from(Patient)) or 0


def test_the_same_key_and_body_are_answered_the_same_and_done_once(nurse: Caller, world: World) -> None:
    first = nurse.post("/patients", AYSE, Idempotency_Key="k1")
    second = nurse.post("/patients", AYSE, Idempotency_Key="k1")

    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["ETag"] == first.headers["ETag"]
    assert "Idempotency-Replayed" not in first.headers
    assert patients(world) == 1


def test_an_enrolment_sent_twice_is_answered_the_same(nurse: Caller) -> None:
    path = f"/patients/{nurse.post('/patients', AYSE).json['id']}/procedures"

    first = nurse.post(path, PROCEDURE, Idempotency_Key="k1")
    second = nurse.post(path, PROCEDURE, Idempotency_Key="k1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json


def test_the_same_key_with_another_body_is_refused(nurse: Caller, world: World) -> None:
    nurse.post("/patients", AYSE, Idempotency_Key="k1")

    answer = nurse.post("/patients", AYSE | {"given_name": "Fatma"}, Idempotency_Key="k1")

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"Idempotency-Key"}
    assert patients(world) == 1


def test_keys_of_two_accounts_do_not_meet(nurse: Caller, stranger: Caller, world: World) -> None:
    nurse.post("/patients", AYSE, Idempotency_Key="k1")

    answer = stranger.post("/patients", AYSE, Idempotency_Key="k1")

    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers
    assert patients(world) == 2


def test_a_refused_request_may_be_mended_under_its_key(nurse: Caller) -> None:
    nurse.post("/patients", AYSE | {"language": "xx"}, Idempotency_Key="k1")

    assert nurse.post("/patients", AYSE, Idempotency_Key="k1").status_code == 201


def test_a_key_is_forgotten_after_a_day(nurse: Caller, world: World) -> None:
    nurse.post("/patients", AYSE, Idempotency_Key="k1")
    world.advance(hours=24)
    later = staff_caller(nurse.app, world, nurse.clinic_id, "nurse")
    with transaction(world.engine) as session:  # the same account, with a fresh token
        forget_expired(session, now=world.now)
        left = session.scalar(select(func.count()).select_from(IdempotencyKey))

    assert left == 0
    assert later.post("/patients", AYSE, Idempotency_Key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 201, "ü", "a b"])
def test_a_key_that_is_none_is_refused(nurse: Caller, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("utf-8").decode("latin-1")}

    answer = nurse.call("POST", "/patients", json=AYSE, headers=headers)

    assert answer.status_code == 400


def test_requests_at_the_same_instant_are_done_once(nurse: Caller, world: World) -> None:
    barrier = threading.Barrier(4)
    answers = []

    def send() -> None:
        barrier.wait()
        answers.append(nurse.post("/patients", AYSE, Idempotency_Key="k1"))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json["id"] for answer in answers if answer.status_code == 201}) == 1
    assert patients(world) == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_second_request_while_the_first_runs_is_told_so(nurse: Caller, world: World) -> None:
    account_id = _account_id(world)
    lock = int.from_bytes(hashlib.sha256(f"{account_id}/k1".encode()).digest()[:8], signed=True)
    with world.engine.begin() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})

        answer = nurse.post("/patients", AYSE, Idempotency_Key="k1")

    assert answer.status_code == 409
    assert patients(world) == 0


def _account_id(world: World) -> str:
    [account] = world.rows(Account)
    return str(account.id)
