"""Status callbacks: signed, in order, and out of order, doubled, late or missing when asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from notifications.phone_simulator.journey import journey
from notifications.phone_simulator.line import Line
from notifications.phone_simulator.server import Running, running
from notifications.phone_simulator.signature import sign
from tests.phone_simulator.conftest import ACCOUNT, AYSE, JOHN, NUMBER, TOKEN, Clinic


def send(twilio: Client, clinic: Clinic, to: str = AYSE, **more: object) -> str:
    wanted = {"from_": NUMBER, "status_callback": clinic.status_url} | more
    return str(twilio.messages.create(to=to, body="Hello", **wanted).sid)


def carried(network: Running, twilio: Client, clinic: Clinic, **more: object) -> list[str]:
    """Send a text, wait until it has arrived, and yield the statuses the clinic was told."""
    send(twilio, clinic, **more)
    assert network.simulator.courier.settle()
    return clinic.statuses()


def test_a_text_is_reported_sent_and_then_delivered(network: Running, twilio: Client, clinic: Clinic) -> None:
    assert carried(network, twilio, clinic) == ["sent", "delivered"]


def test_a_text_through_a_service_is_also_reported_queued(
    network: Running, twilio: Client, clinic: Clinic
) -> None:
    service = {"from_": "", "messaging_service_sid": "MG" + "0" * 32}
    assert carried(network, twilio, clinic, **service) == ["queued", "sent", "delivered"]


def test_a_callback_carries_twilios_fields_and_its_signature(
    network: Running, twilio: Client, clinic: Clinic
) -> None:
    sid = send(twilio, clinic)
    network.simulator.courier.settle()
    call = clinic.calls[0]
    assert call.url == clinic.status_url
    assert call.params == {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "From": NUMBER,
        "MessageSid": sid,
        "MessageStatus": "sent",
        "SmsSid": sid,
        "SmsStatus": "sent",
        "To": AYSE,
    }
    assert RequestValidator(TOKEN).validate(call.url, call.params, call.signature)


def test_the_fragment_of_a_callback_address_is_neither_sent_nor_signed(
    network: Running, twilio: Client, clinic: Clinic
) -> None:
    carried(network, twilio, clinic, status_callback=f"{clinic.status_url}#rc=5&rp=all")
    call = clinic.calls[0]
    assert call.url == clinic.status_url
    assert RequestValidator(TOKEN).validate(call.url, call.params, call.signature)


@pytest.mark.parametrize(
    ("url", "params"),
    [
        ("https://clinic.example/inbound", {}),
        ("https://clinic.example/inbound?a=1&b=%20", {"b": "", "B": "ı İ", "a": "x y"}),
        ("http://127.0.0.1:8000/webhooks/twilio/inbound", {"Body": "ateşim var 🤒", "FromCity": ""}),
    ],
)
def test_a_signature_is_the_one_twilios_validator_expects(url: str, params: dict[str, str]) -> None:
    assert RequestValidator(TOKEN).validate(url, params, sign(url, params, TOKEN))
    assert not RequestValidator(TOKEN).validate(url, params | {"Body": "9"}, sign(url, params, TOKEN))


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("twice", ["sent", "sent", "delivered", "delivered"]),
        ("shuffled", ["delivered", "sent"]),
        ("late", ["sent", "delivered"]),
        ("never", []),
    ],
)
def test_callbacks_misbehave_on_demand_while_the_text_arrives(
    mode: str, told: list[str], network: Running, twilio: Client, clinic: Clinic
) -> None:
    network.simulator.faults.change({"callbacks": mode, "late_seconds": 0.01})
    assert carried(network, twilio, clinic) == told
    assert twilio.messages.list()[0].status == "delivered"


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("unreachable", 30003, ["sent", "undelivered"]),
        ("blocked", 30004, ["sent", "undelivered"]),
        ("unknown", 30005, ["sent", "undelivered"]),
        ("landline", 30006, ["sent", "undelivered"]),
        ("filtered", 30007, ["sent", "undelivered"]),
        ("expired", 30036, ["failed"]),
    ],
)
def test_a_text_to_a_number_in_trouble_does_not_arrive_and_says_why(
    kind: str, code: int, told: list[str], network: Running, twilio: Client, clinic: Clinic
) -> None:
    network.simulator.faults.change({kind: [AYSE]})
    assert carried(network, twilio, clinic) == told
    assert clinic.calls[-1].params["ErrorCode"] == str(code)
    assert twilio.messages.list()[0].error_code == code


def test_trouble_with_one_number_leaves_the_others_alone(
    network: Running, twilio: Client, clinic: Clinic
) -> None:
    network.simulator.faults.change({"unreachable": [AYSE]})
    assert carried(network, twilio, clinic, to=JOHN) == ["sent", "delivered"]


def test_a_late_callback_waits_after_the_text_has_arrived() -> None:
    moves = journey("queued", None, "late", pace=1, late=20)
    assert [(move.after, move.status, move.enters) for move in moves] == [
        (1, "sent", True),
        (1, "delivered", True),
        (20, "sent", False),
        (0, "delivered", False),
    ]


@pytest.mark.parametrize("callbacks", ["once", "twice", "late", "shuffled", "never"])
def test_a_message_that_arrived_goes_nowhere_any_more(callbacks: str) -> None:
    assert journey("delivered", None, callbacks, pace=1, late=1) == ()


def test_any_http_answer_ends_the_attempts_to_report(
    network: Running, twilio: Client, clinic: Clinic
) -> None:
    clinic.status = 500
    assert carried(network, twilio, clinic) == ["sent", "delivered"]


def test_a_report_that_finds_no_server_is_tried_again(
    network: Running, twilio: Client, clinic: Clinic
) -> None:
    send(twilio, clinic, status_callback="http://127.0.0.1:1/status")
    assert network.simulator.courier.settle()
    tried = [each for each in network.simulator.wire.latest() if each.kind == "callback"]
    assert [each.params["MessageStatus"] for each in reversed(tried)] == ["sent"] * 4 + ["delivered"] * 4
    assert {each.note for each in tried} == {"connection refused"}


def test_a_restart_takes_up_the_texts_that_were_under_way(line: Line, tmp_path: Path, clinic: Clinic) -> None:
    state = tmp_path / "folder" / "state.sqlite"
    with running(line, state=state, pace=3600) as before:
        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = before.url
        sid = send(client, clinic)
    with running(line, state=state, pace=0) as after:
        assert after.simulator.courier.settle()
        message = after.simulator.store.find(sid)
        assert message is not None
        assert message.status == "delivered"
    assert clinic.statuses() == ["sent", "delivered"]
