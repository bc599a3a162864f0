"""Faults on demand: refused by field when they cannot be, the same for the same seed, felt by a client."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.phone_simulator.faults import Blow, FaultError, Faults, blow_for, changed
from tests.phone_simulator.conftest import AYSE, JOHN, MESSAGES, NUMBER

FORM = {"To": AYSE, "From": NUMBER, "Body": "Hello"}


def send(http: httpx.Client) -> httpx.Response:
    return http.post(f"{MESSAGES}.json", data=FORM)


def switch_on(http: httpx.Client, **faults: object) -> None:
    assert http.post("/simulator/faults", json=faults).status_code == 200


def accepted(http: httpx.Client) -> int:
    return len(http.get("/simulator/messages").json()["messages"])


def test_too_many_requests_accepts_nothing_and_says_when_to_come_back(http: httpx.Client) -> None:
    switch_on(http, status_429_share=1)
    answer = send(http)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, 20429, "1")
    assert accepted(http) == 0


def test_a_server_error_accepts_nothing(http: httpx.Client) -> None:
    switch_on(http, status_500_share=1)
    assert send(http).status_code == 500
    assert accepted(http) == 0


def test_a_server_error_may_also_come_after_accepting(http: httpx.Client) -> None:
    switch_on(http, accepted_500_share=1)
    assert send(http).status_code == 500
    assert accepted(http) == 1


def test_a_connection_cut_after_accepting_leaves_the_client_without_an_answer(http: httpx.Client) -> None:
    switch_on(http, drop_after_accept_share=1)
    with pytest.raises(httpx.TransportError):
        send(http)
    assert accepted(http) == 1


def test_a_request_waits_as_long_as_was_asked(http: httpx.Client) -> None:
    switch_on(http, latency_ms=40)
    assert send(http).elapsed.total_seconds() >= 0.04


def test_faults_change_by_name_and_reset_together(http: httpx.Client) -> None:
    switch_on(http, callbacks="late", unreachable=["+90 532 123 45 67"])
    switch_on(http, landline=[JOHN])
    shown = http.get("/simulator/faults").json()
    assert (shown["callbacks"], shown["unreachable"], shown["landline"]) == ("late", [AYSE], [JOHN])
    assert http.delete("/simulator/faults").json() == Faults().as_json()


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"callbacks": "sometimes"}, "callbacks"),
        ({"inbound": "late"}, "inbound"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"latency_ms": "slow"}, "latency_ms"),
        ({"status_429_share": 1.1}, "status_429_share"),
        ({"status_429_share": True}, "status_429_share"),
        ({"status_429_share": 0.6, "status_500_share": 0.6}, "shares"),
        ({"unreachable": AYSE}, "unreachable"),
        ({"unreachable": ["12"]}, "unreachable"),
        ({"gravity": 1}, "gravity"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name_and_changes_nothing(
    wanted: dict[str, object], field: str, http: httpx.Client
) -> None:
    answer = http.post("/simulator/faults", json={"seed": 7} | wanted)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert http.get("/simulator/faults").json() == Faults().as_json()


def test_what_is_shown_can_be_set_again() -> None:
    faults = changed(Faults(), {"seed": 7, "callbacks": "twice", "blocked": [AYSE], "latency_ms": 5})
    assert changed(Faults(), faults.as_json()) == faults


def test_the_same_seed_hits_the_same_requests(http: httpx.Client) -> None:
    def run(seed: int) -> list[int]:
        switch_on(http, status_429_share=0.5, seed=seed)
        return [send(http).status_code for _ in range(8)]

    first = run(1)
    assert run(1) == first
    assert set(first) == {201, 429}
    assert run(2) != first


@given(seed=st.integers(0, 2**31 - 1), share=st.floats(0, 1))
def test_a_share_of_requests_is_hit_as_often_as_it_says(seed: int, share: float) -> None:
    faults = Faults(seed=seed, status_429_share=share)
    hits = sum(blow_for(faults, n) is Blow.TOO_MANY for n in range(400))
    assert abs(hits / 400 - share) < 0.17  # more than six standard deviations


def test_shares_must_leave_room_for_one_another() -> None:
    with pytest.raises(FaultError, match="together"):
        changed(Faults(), dict.fromkeys(("status_429_share", "drop_after_accept_share"), 0.51))
