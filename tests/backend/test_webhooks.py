"""Twilio's two callbacks: signed, stored first, and calm when things come twice."""

import base64
import dataclasses
import hashlib
import hmac
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.config import Settings
from backend.models import InboundMessage, Observation
from backend.runtime import Runtime, attach_runtime
from tests.world import CLINIC_NUMBER, PHONE, World

INBOUND = "/webhooks/twilio/inbound"


def signature(settings: Settings, path: str, form: dict[str, str], token: str = "test-token") -> str:
    """Sign as Twilio documents it: HMAC-SHA1 over the public address and the sorted parameters."""
    text = settings.public_url + path + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def a_text(body: str, sid: str = "SM" + "1" * 32) -> dict[str, str]:
    return {"MessageSid": sid, "From": PHONE, "To": CLINIC_NUMBER, "Body": body, "NumMedia": "0"}


def post(client: FlaskClient, world: World, path: str, form: dict[str, str], **signing: str) -> int:
    headers = {"X-Twilio-Signature": signature(world.settings, path, form, **signing)}
    return client.post(path, data=form, headers=headers).status_code


def test_a_signed_text_is_stored_and_understood(client: FlaskClient, world: World) -> None:
    world.enrol()
    world.at(2026, 11, 24, 7, 0).tick()
    assert post(client, world, INBOUND, a_text("3")) == 200
    assert [row.value for row in world.rows(Observation)] == [3]
    assert [row.status for row in world.rows(InboundMessage)] == ["handled"]


@pytest.mark.parametrize("signing", [{"token": "another-token"}])
def test_a_text_signed_with_another_token_is_refused_and_not_stored(
    client: FlaskClient, world: World, signing: dict[str, str]
) -> None:
    assert post(client, world, INBOUND, a_text("3"), **signing) == 403
    assert world.rows(InboundMessage) == []


def test_an_unsigned_text_is_refused(client: FlaskClient, world: World) -> None:
    assert client.post(INBOUND, data=a_text("3")).status_code == 403
    assert world.rows(InboundMessage) == []


def test_a_changed_body_breaks_the_signature(client: FlaskClient, world: World) -> None:
    headers = {"X-Twilio-Signature": signature(world.settings, INBOUND, a_text("3"))}
    assert client.post(INBOUND, data=a_text("4"), headers=headers).status_code == 403


def test_another_host_header_does_not_matter(client: FlaskClient, world: World) -> None:
    form = a_text("hello")
    headers = {"X-Twilio-Signature": signature(world.settings, INBOUND, form), "Host": "internal:8000"}
    assert client.post(INBOUND, data=form, headers=headers).status_code == 200


def test_while_a_token_is_rotated_both_are_accepted(app: Flask, client: FlaskClient, world: World) -> None:
    rotating = dataclasses.replace(world.settings, twilio_auth_tokens=("new-token", "test-token"))
    attach_runtime(app.extensions, Runtime(rotating, lambda: world.now))
    assert post(client, world, INBOUND, a_text("a", "SM1"), token="new-token") == 200
    assert post(client, world, INBOUND, a_text("b", "SM2"), token="test-token") == 200


def test_the_same_text_twice_answers_the_same_and_is_one_text(client: FlaskClient, world: World) -> None:
    assert [post(client, world, INBOUND, a_text("hello")) for _ in range(2)] == [200, 200]
    assert len(world.rows(InboundMessage)) == 1


def test_a_text_of_empty_words_is_stored_too(client: FlaskClient, world: World) -> None:
    assert post(client, world, INBOUND, a_text("")) == 200
    assert [row.body for row in world.rows(InboundMessage)] == [""]


def test_a_delivery_report_moves_the_message_up(client: FlaskClient, world: World) -> None:
    world.enrol()
    world.tick()
    (welcome,) = world.messages(template="welcome")
    path = f"/webhooks/twilio/status/{welcome.id}?attempt=1"
    form = {"MessageSid": welcome.provider_sid or "", "MessageStatus": "delivered", "To": PHONE}
    assert post(client, world, path, form) == 204
    assert world.messages(template="welcome")[0].status == "delivered"


def test_an_unsigned_delivery_report_is_refused(client: FlaskClient, world: World) -> None:
    world.enrol()
    world.tick()
    (welcome,) = world.messages(template="welcome")
    answer = client.post(
        f"/webhooks/twilio/status/{welcome.id}?attempt=1", data={"MessageStatus": "delivered"}
    )
    assert answer.status_code == 403
    assert world.messages(template="welcome")[0].status == "accepted"


def test_a_report_on_a_message_we_do_not_know_is_taken_calmly(client: FlaskClient, world: World) -> None:
    path = f"/webhooks/twilio/status/{uuid.uuid4()}?attempt=1"
    assert post(client, world, path, {"MessageSid": "SM9", "MessageStatus": "sent"}) == 204


@pytest.mark.parametrize(("code", "cause"), [("21610", "opted_out"), ("30006", "unreachable")])
def test_what_a_failed_delivery_means_reaches_a_nurse(
    client: FlaskClient, world: World, code: str, cause: str
) -> None:
    world.enrol()
    world.tick()
    (welcome,) = world.messages(template="welcome")
    path = f"/webhooks/twilio/status/{welcome.id}?attempt=1"
    form = {"MessageSid": welcome.provider_sid or "", "MessageStatus": "undelivered", "ErrorCode": code}
    post(client, world, path, form)
    assert [(alert.tier, alert.cause) for alert in world.alerts()] == [("lost_sight", cause)]
