"""Errors: one shape for all of them, and nothing said that should not be."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.backend.api.callers import API, Caller
from tests.backend.api.test_patients import AYSE


def is_problem(answer: TestResponse, status: int) -> None:
    """Check that an answer is a problem of that status, as RFC 9457 has them."""
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == status
    assert {"type", "title", "detail", "request_id"} <= answer.json.keys()


def test_an_unknown_address_under_the_api_is_a_problem(app: Flask) -> None:
    is_problem(app.test_client().get(f"{API}/nowhere"), 404)


def test_an_id_that_is_none_is_a_problem(nurse: Caller) -> None:
    is_problem(nurse.get("/patients/17"), 404)


def test_a_method_that_is_not_there_is_a_problem_that_says_which_are(nurse: Caller) -> None:
    answer = nurse.call("DELETE", "/patients")

    is_problem(answer, 405)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("body", [b"{", b"[1,", b"\xff\xfe", b'{"a": NaN'])
def test_a_body_that_is_no_json_is_a_problem(nurse: Caller, body: bytes) -> None:
    is_problem(nurse.call("POST", "/patients", data=body, content_type="application/json"), 400)


def test_a_body_of_another_kind_is_a_problem(nurse: Caller) -> None:
    is_problem(nurse.call("POST", "/patients", data="given_name=Ayşe", content_type="text/plain"), 415)


@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_a_problem(nurse: Caller, body: object) -> None:
    is_problem(nurse.call("POST", "/patients", json=body), 422)


def test_a_body_beyond_all_measure_is_a_problem(nurse: Caller) -> None:
    answer = nurse.call("POST", "/patients", data=b"{" + b" " * 3_000_000, content_type="application/json")

    is_problem(answer, 413)


def test_an_unknown_parameter_is_refused_by_name(nurse: Caller) -> None:
    answer = nurse.get("/patients", limti=5)

    is_problem(answer, 422)
    assert set(answer.json["errors"]) == {"limti"}


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_page_of_no_size_is_refused_by_name(nurse: Caller, limit: str) -> None:
    answer = nurse.get("/patients", limit=limit)

    is_problem(answer, 422)
    assert set(answer.json["errors"]) == {"limit"}


def test_a_problem_repeats_no_personal_data(nurse: Caller) -> None:
    nurse.post("/patients", AYSE | {"external_id": "A-17"})

    answer = nurse.post("/patients", AYSE | {"external_id": "A-17"})

    is_problem(answer, 409)
    assert "Yılmaz" not in answer.text
    assert "5321234567" not in answer.text


def test_a_failure_of_ours_is_answered_without_its_cause(
    nurse: Caller, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False
    monkeypatch.setitem(app.extensions, "recovery_runtime", None)

    answer = nurse.get("/patients")

    is_problem(answer, 500)
    assert "NoneType" not in answer.text


def test_the_sign_in_page_is_no_problem(app: Flask) -> None:
    answer = app.test_client().get("/nowhere")

    assert answer.status_code == 404
    assert answer.content_type != "application/problem+json"
