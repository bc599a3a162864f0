"""The rim to Twilio: what goes over the wire, and what each kind of trouble is called."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from notifications.gateway import (
    DeliveryReport,
    InboundText,
    Listing,
    OutgoingText,
    PermanentSendError,
    Receipt,
    TransientSendError,
    UnknownOutcome,
)
from notifications.phone import PhoneNumber
from notifications.twilio_gateway import (
    TwilioGateway,
    form,
    parse_delivery_report,
    parse_inbound,
    valid_signature,
)
from tests.contracts.loopback_twilio import ACCOUNT, CREATED_AT, TOKEN, LoopbackTwilio, refusal

TO = PhoneNumber.parse("+905321234567")
TEXT = OutgoingText("id-1", 2, TO, "Klinik: kaç?", "https://clinic.example/status/id-1?attempt=2", 900)


@pytest.fixture
def twilio() -> Iterator[LoopbackTwilio]:
    with LoopbackTwilio() as server:
        yield server


def send(
    url: str,
    text: OutgoingText = TEXT,
    *,
    sender: str = "+15005550006",
    token: str = TOKEN,
    timeout: float = 2.0,
) -> Receipt:
    async def send_and_close() -> Receipt:
        gateway = TwilioGateway(ACCOUNT, token, sender, url, timeout)
        try:
            return await gateway.send(text)
        finally:
            await gateway.close()

    return asyncio.run(send_and_close())


def find(url: str, *, timeout: float = 2.0) -> Listing:
    async def find_and_close() -> Listing:
        gateway = TwilioGateway(ACCOUNT, TOKEN, "+15005550006", url, timeout)
        try:
            return await gateway.find(to=TO, since=CREATED_AT, until=CREATED_AT + timedelta(minutes=1))
        finally:
            await gateway.close()

    return asyncio.run(find_and_close())


def test_the_request_carries_what_twilio_needs_and_our_callback_address(twilio: LoopbackTwilio) -> None:
    send(twilio.url)
    assert twilio.requests == [
        {
            "To": "+905321234567",
            "From": "+15005550006",
            "Body": "Klinik: kaç?",
            "StatusCallback": "https://clinic.example/status/id-1?attempt=2",
            "ValidityPeriod": "900",
        }
    ]


def test_a_messaging_service_goes_as_a_service_and_not_as_a_sender(twilio: LoopbackTwilio) -> None:
    receipt = send(twilio.url, sender="MG" + "1" * 32)
    assert twilio.requests[0]["MessagingServiceSid"] == "MG" + "1" * 32
    assert "From" not in twilio.requests[0]
    assert receipt.status == "accepted"
    assert receipt.segments is None


def test_wrong_credentials_are_code_20003(twilio: LoopbackTwilio) -> None:
    with pytest.raises(PermanentSendError) as caught:
        send(twilio.url, token="wrong")
    assert caught.value.code == 20003


def test_a_closed_port_is_transient(twilio: LoopbackTwilio) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(TransientSendError):
            send(address)


def test_a_name_that_does_not_resolve_is_transient() -> None:
    with pytest.raises(TransientSendError):
        send("http://no-such-host.invalid", timeout=5.0)


def test_a_peer_that_never_finishes_connecting_is_transient() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # fill the backlog: the next connect waits for ever
            filler.setblocking(False)
            filler.connect_ex(address)
        try:
            with pytest.raises(TransientSendError):
                send(f"http://127.0.0.1:{address[1]}", timeout=0.4)
        finally:
            for filler in fillers:
                filler.close()


def test_silence_after_the_request_is_an_unknown_outcome(twilio: LoopbackTwilio) -> None:
    twilio.silent = True
    with pytest.raises(UnknownOutcome):
        send(twilio.url, timeout=0.2)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_an_unknown_outcome(twilio: LoopbackTwilio, status: int) -> None:
    twilio.fault = lambda _: refusal(status, 20500, "oops")
    with pytest.raises(UnknownOutcome):
        send(twilio.url)


def test_an_error_page_that_is_no_json_is_still_sorted_by_its_status(twilio: LoopbackTwilio) -> None:
    twilio.fault = lambda _: web.Response(status=502, text="<html>Bad Gateway</html>")
    with pytest.raises(UnknownOutcome):
        send(twilio.url)


def test_a_rate_limit_without_json_is_transient(twilio: LoopbackTwilio) -> None:
    twilio.fault = lambda _: web.Response(status=429, text="slow down")
    with pytest.raises(TransientSendError) as caught:
        send(twilio.url)
    assert caught.value.retry_after is None


def test_a_temporary_code_is_transient(twilio: LoopbackTwilio) -> None:
    twilio.fault = lambda _: refusal(400, 14107, "rate exceeded")
    with pytest.raises(TransientSendError):
        send(twilio.url)


def test_the_newer_problem_json_is_understood(twilio: LoopbackTwilio) -> None:
    problem = {"type": "about:blank", "title": "Invalid 'To'", "status": 400, "code": 21211}
    twilio.fault = lambda _: web.json_response(problem, status=400)
    with pytest.raises(PermanentSendError) as caught:
        send(twilio.url)
    assert caught.value.code == 21211


def test_an_answer_about_another_number_is_an_unknown_outcome(twilio: LoopbackTwilio) -> None:
    twilio.distort = lambda message: {**message, "to": "+905329999999"}
    with pytest.raises(UnknownOutcome):
        send(twilio.url)


def test_an_answer_about_other_words_is_an_unknown_outcome(twilio: LoopbackTwilio) -> None:
    twilio.distort = lambda message: {**message, "body": "Klinik: başka bir metin"}
    with pytest.raises(UnknownOutcome):
        send(twilio.url)


def test_a_trial_accounts_prefix_is_no_other_text(twilio: LoopbackTwilio) -> None:
    twilio.distort = lambda m: {**m, "body": f"Sent from your Twilio trial account - {m['body']}"}
    assert send(twilio.url).status == "queued"


def test_a_redacted_body_is_no_other_text(twilio: LoopbackTwilio) -> None:
    twilio.distort = lambda message: {**message, "body": ""}
    assert send(twilio.url).status == "queued"


@pytest.mark.parametrize("answer", ["", "{}", "[]", "not json"])
def test_an_unreadable_acceptance_is_an_unknown_outcome(twilio: LoopbackTwilio, answer: str) -> None:
    twilio.fault = lambda _: web.Response(status=201, text=answer, content_type="application/json")
    with pytest.raises(UnknownOutcome):
        send(twilio.url)


def test_twilios_edge_and_region_in_the_environment_do_not_move_the_host(
    twilio: LoopbackTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    assert send(twilio.url).status == "queued"


def test_nothing_is_logged_about_the_text(twilio: LoopbackTwilio, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    send(twilio.url)
    assert TO.e164 not in caplog.text
    assert TEXT.body not in caplog.text


def test_asking_for_a_phones_texts_logs_no_number(
    twilio: LoopbackTwilio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(twilio.url)
    assert len(find(twilio.url).messages) == 1
    assert TO.e164.removeprefix("+") not in caplog.text
    assert TEXT.body not in caplog.text


def test_a_trial_accounts_prefix_in_the_list_is_not_the_texts_own(twilio: LoopbackTwilio) -> None:
    twilio.distort = lambda m: {**m, "body": f"Sent from your Twilio trial account - {TEXT.body}"}
    send(twilio.url)
    assert find(twilio.url).messages[0].body == TEXT.body


@pytest.mark.parametrize("answer", ["", "{}", "[]", "not json", '{"messages": [{}]}'])
def test_a_list_that_cannot_be_read_is_transient(twilio: LoopbackTwilio, answer: str) -> None:
    twilio.fault = lambda _: web.Response(text=answer, content_type="application/json")
    with pytest.raises(TransientSendError):
        find(twilio.url)


def test_a_rate_limit_on_the_list_is_transient(twilio: LoopbackTwilio) -> None:
    twilio.fault = lambda _: refusal(429, 20429, "Too many", {"Retry-After": "3"})
    with pytest.raises(TransientSendError):
        find(twilio.url)


def test_a_list_that_does_not_come_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(TransientSendError):
        find(f"http://127.0.0.1:{mute.getsockname()[1]}", timeout=0.2)


def test_an_address_that_is_no_address_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="api_url"):
        TwilioGateway(ACCOUNT, TOKEN, "+15005550006", "api.twilio.com")


URL = "https://clinic.example/webhooks/twilio/inbound"
FORM = {"MessageSid": "SM1", "From": "+905321234567", "To": "+15005550006", "Body": "7", "OptOutType": ""}


def test_a_signature_by_either_of_two_tokens_is_valid() -> None:
    signature = RequestValidator("old").compute_signature(URL, FORM)
    assert valid_signature(URL, FORM, signature, ["new", "old"])


def test_flasks_own_form_is_accepted_and_blank_fields_count() -> None:
    signature = RequestValidator("t").compute_signature(URL, FORM)
    assert valid_signature(URL, MultiDict(FORM), signature, ["t"])
    without_blank = {name: value for name, value in FORM.items() if value}
    assert not valid_signature(URL, MultiDict({**without_blank, "Body": ""}), signature, ["t"])


@pytest.mark.parametrize("tokens", [["other"], []])
def test_a_signature_by_another_token_is_not_valid(tokens: list[str]) -> None:
    signature = RequestValidator("t").compute_signature(URL, FORM)
    assert not valid_signature(URL, FORM, signature, tokens)


def test_a_changed_field_is_not_valid() -> None:
    signature = RequestValidator("t").compute_signature(URL, FORM)
    assert not valid_signature(URL, {**FORM, "Body": "8"}, signature, ["t"])


def test_an_inbound_text_is_read_from_the_form() -> None:
    assert parse_inbound({**FORM, "NumMedia": "2"}) == InboundText(
        "SM1", "+905321234567", "+15005550006", "7", None, 2
    )


def test_an_inbound_text_without_words_is_an_empty_one() -> None:
    form = {"MessageSid": "SM1", "From": "a", "To": "b", "OptOutType": "STOP", "NumMedia": "x"}
    assert parse_inbound(form) == InboundText("SM1", "a", "b", "", "STOP", 0)


@pytest.mark.parametrize(("code", "expected"), [("30003", 30003), ("", None), ("none", None)])
def test_a_delivery_report_is_read_from_the_form(code: str, expected: int | None) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code}
    assert parse_delivery_report(form) == DeliveryReport("SM1", "undelivered", expected)


def test_a_form_that_is_not_twilios_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        parse_delivery_report({"MessageSid": "SM1"})


def test_an_answer_about_another_message_is_not_taken_for_this_ones(twilio: LoopbackTwilio) -> None:
    sid = send(twilio.url).provider_sid
    twilio.distort = lambda message: {**message, "sid": "SM" + "e" * 32}

    async def fetch_and_close() -> None:
        gateway = TwilioGateway(ACCOUNT, TOKEN, "+15005550006", twilio.url, 2.0)
        try:
            await gateway.fetch(sid)
        finally:
            await gateway.close()

    with pytest.raises(TransientSendError):
        asyncio.run(fetch_and_close())


# the form


@given(
    st.dictionaries(
        st.sampled_from(["To", "Body", "StatusCallback", "ValidityPeriod"]),
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers(0, 36_000),
    )
)
def test_whatever_is_said_arrives_as_it_was_said(data: dict[str, str | int]) -> None:
    read = dict(parse_qsl(form(data).decode("ascii"), keep_blank_values=True))
    assert read == {name: str(value) for name, value in data.items()}
