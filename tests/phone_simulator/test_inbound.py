"""A patient writes: the clinic's webhook, Twilio's own opt-out words, and what scripts can see of it."""

from __future__ import annotations

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from notifications.phone_simulator.keywords import keyword_in
from notifications.phone_simulator.server import Running
from tests.phone_simulator.conftest import ACCOUNT, AYSE, NUMBER, TOKEN, Clinic


def write(http: httpx.Client, body: str) -> httpx.Response:
    return http.post("/simulator/inbound", json={"From": AYSE, "To": NUMBER, "Body": body})


def test_a_text_reaches_the_clinic_signed_and_with_twilios_fields(http: httpx.Client, clinic: Clinic) -> None:
    answer = write(http, "ateşim var")
    (call,) = clinic.calls
    assert answer.status_code == 201
    assert answer.json() == {"sid": call.params["MessageSid"], "webhook_status": 204, "reason": ""}
    assert call.url == clinic.inbound_url
    assert (
        call.params.items()
        >= {
            "AccountSid": ACCOUNT,
            "Body": "ateşim var",
            "From": AYSE,
            "FromCity": "",
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "To": NUMBER,
        }.items()
    )
    assert "OptOutType" not in call.params
    assert RequestValidator(TOKEN).validate(call.url, call.params, call.signature)


def test_a_form_does_as_well_as_json_and_the_clinics_number_goes_without_saying(
    http: httpx.Client, clinic: Clinic
) -> None:
    assert http.post("/simulator/inbound", data={"From": AYSE, "Body": "3"}).status_code == 201
    assert clinic.calls[0].params["To"] == NUMBER


def test_a_text_the_clinic_did_not_take_stays_listed_for_reconciling(
    http: httpx.Client, twilio: Client, clinic: Clinic
) -> None:
    clinic.status = 503
    assert write(http, "3").json()["webhook_status"] == 503
    (listed,) = twilio.messages.list(to=NUMBER)
    assert (listed.direction, listed.status, listed.body, listed.from_) == ("inbound", "received", "3", AYSE)


@pytest.mark.parametrize(("mode", "calls"), [("once", 1), ("twice", 2), ("never", 0)])
def test_the_webhook_is_called_as_often_as_was_asked(
    mode: str, calls: int, http: httpx.Client, clinic: Clinic
) -> None:
    http.post("/simulator/faults", json={"inbound": mode})
    write(http, "3")
    assert len(clinic.calls) == calls
    assert len({call.params["MessageSid"] for call in clinic.calls}) == min(calls, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"From": "12"}, "From"), ({"To": "+12125550199"}, "To"), ({"Body": " "}, "Body")],
)
def test_a_text_no_phone_could_send_is_refused_by_field(
    change: dict[str, str], field: str, http: httpx.Client, clinic: Clinic
) -> None:
    answer = http.post("/simulator/inbound", json={"From": AYSE, "To": NUMBER, "Body": "3"} | change)
    assert (answer.status_code, answer.json()["field"], clinic.calls) == (400, field, [])


def test_stop_is_answered_by_twilio_and_later_texts_are_refused(
    http: httpx.Client, twilio: Client, clinic: Clinic, network: Running
) -> None:
    write(http, " Stop ")
    assert clinic.calls[0].params["OptOutType"] == "STOP"
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=AYSE, from_=NUMBER, body="Hello")
    assert refused.value.code == 21610
    talk = network.simulator.store.conversation(AYSE)
    assert [message.direction for message in talk] == ["inbound", "outbound-reply"]


def test_stop_said_twice_is_answered_once(http: httpx.Client, network: Running) -> None:
    write(http, "STOP")
    write(http, "STOP")
    replies = [m for m in network.simulator.store.conversation(AYSE) if m.direction == "outbound-reply"]
    assert len(replies) == 1


def test_start_lets_the_clinic_write_again(http: httpx.Client, twilio: Client, clinic: Clinic) -> None:
    write(http, "STOP")
    write(http, "start")
    assert clinic.calls[1].params["OptOutType"] == "START"
    assert twilio.messages.create(to=AYSE, from_=NUMBER, body="Hello").status == "queued"


def test_yes_from_a_subscriber_is_not_answered_by_twilio(http: httpx.Client, network: Running) -> None:
    write(http, "Yes")
    assert len(network.simulator.store.conversation(AYSE)) == 1


def test_an_opt_out_from_a_number_leaves_a_senders_name_free(http: httpx.Client, twilio: Client) -> None:
    write(http, "STOP")
    assert twilio.messages.create(to=AYSE, from_="KLINIK", body="Merhaba").status == "queued"


@pytest.mark.parametrize("body", ["please stop", "stop.", "dur", "iptal", "İPTAL", "3", "stop it"])
def test_only_twilios_own_words_and_only_alone_are_keywords(body: str) -> None:
    assert keyword_in(body) is None


def test_messages_to_one_phone_can_be_asked_for_even_with_a_bare_plus_sign(
    http: httpx.Client, twilio: Client
) -> None:
    twilio.messages.create(to=AYSE, from_=NUMBER, body="Hello")
    write(http, "3")
    found = http.get(f"/simulator/messages?to={AYSE}").json()["messages"]
    assert [message["body"] for message in found] == ["Hello"]


def test_reset_forgets_conversations_opt_outs_faults_and_the_wire(http: httpx.Client, twilio: Client) -> None:
    write(http, "STOP")
    http.post("/simulator/faults", json={"callbacks": "never"})
    assert http.post("/simulator/reset").status_code == 204
    assert http.get("/simulator/messages").json() == {"messages": []}
    assert http.get("/simulator/requests").json() == {"requests": []}
    assert http.get("/simulator/faults").json()["callbacks"] == "once"
    assert twilio.messages.create(to=AYSE, from_=NUMBER, body="Hello").status == "queued"
