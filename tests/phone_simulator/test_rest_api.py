"""The REST side, met by Twilio's official client and, where that is too polite, by plain HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from notifications.phone_simulator.server import Running
from tests.phone_simulator.conftest import ACCOUNT, AYSE, JOHN, MESSAGES, NUMBER, OLD_TOKEN
from tests.phone_simulator.published import DERIVED, PUBLISHED, derive, validate

SERVICE = "MG" + "0" * 32


def send(twilio: Client, to: str = AYSE, body: str = "How strong is your pain now?") -> str:
    return str(twilio.messages.create(to=to, from_=NUMBER, body=body).sid)


def post(http: httpx.Client, **form: str) -> httpx.Response:
    return http.post(f"{MESSAGES}.json", data=form)


def test_a_message_created_can_be_fetched_until_it_is_delivered(network: Running, twilio: Client) -> None:
    created = twilio.messages.create(to=AYSE, from_=NUMBER, body="Ağrınız nasıl?")
    assert (created.status, created.num_segments, created.date_sent) == ("queued", "1", None)
    network.simulator.courier.settle()
    fetched = twilio.messages(created.sid).fetch()
    assert (fetched.status, fetched.body, fetched.to, fetched.from_) == (
        "delivered",
        "Ağrınız nasıl?",
        AYSE,
        NUMBER,
    )
    assert fetched.date_sent is not None


def test_a_message_through_a_service_has_no_sender_until_it_is_queued(http: httpx.Client) -> None:
    created = post(http, To=AYSE, MessagingServiceSid=SERVICE, Body="Hello").json()
    assert (created["status"], created["from"], created["num_segments"]) == ("accepted", None, "0")


@pytest.mark.parametrize("direction", ["outbound", "through a service", "inbound", "undelivered"])
def test_a_message_has_exactly_the_published_shape(
    direction: str, network: Running, http: httpx.Client
) -> None:
    if direction == "inbound":
        network.simulator.receive(AYSE, None, "3")
    else:
        service = {"MessagingServiceSid": SERVICE}
        sender = service if direction == "through a service" else {"From": NUMBER}
        if direction == "undelivered":
            network.simulator.faults.change({"unreachable": [AYSE]})
        validate(post(http, To=AYSE, Body="Hello", **sender).json())
        network.simulator.courier.settle()
    (listed,) = http.get(f"{MESSAGES}.json").json()["messages"]
    validate(listed)


if PUBLISHED.exists():  # it lies beside the repository, not in it

    def test_the_shape_kept_with_the_tests_is_the_published_one() -> None:
        assert derive(json.loads(PUBLISHED.read_text())) == json.loads(DERIVED.read_text())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "+90 123"}, 21211),
        ({"To": "not a number"}, 21211),
        ({"To": "+902121234567"}, 21614),
        ({"To": NUMBER}, 21614),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"From": ""}, 21603),
        ({"From": "+12125550199"}, 21606),
        ({"From": "ClinicNameTooLong"}, 21212),
        ({"From": "12345"}, 21212),
        ({"From": "Clinic", "To": JOHN}, 21612),
        ({"MessagingServiceSid": "MG123"}, 21705),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ValidityPeriod": "soon"}, 21624),
        ({"StatusCallback": "not-a-url"}, 21609),
        ({"MediaUrl": "https://example.org/a.png"}, 20001),
        ({"SendAt": "2026-12-01T10:00:00Z"}, 20001),
    ],
)
def test_a_request_twilio_would_refuse_is_refused_with_its_code(
    change: dict[str, str], code: int, http: httpx.Client
) -> None:
    answer = post(http, **({"To": AYSE, "From": NUMBER, "Body": "Hello"} | change))
    refusal = answer.json()
    assert (answer.status_code, refusal["status"], refusal["code"]) == (400, 400, code)
    assert refusal["more_info"].endswith(str(code))


@pytest.mark.parametrize(
    "form",
    [
        {"From": "KLINIK"},
        {"ValidityPeriod": "36000"},
        {"ValidityPeriod": "1"},
        {"Body": "x" * 1600},
    ],
)
def test_what_lies_just_inside_the_limits_is_accepted(form: dict[str, str], http: httpx.Client) -> None:
    assert post(http, **({"To": AYSE, "From": NUMBER, "Body": "Hello"} | form)).status_code == 201


def test_refusals_reach_the_official_client_as_its_own_exception(twilio: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to="+123", from_=NUMBER, body="Hello")
    assert (refused.value.status, refused.value.code) == (400, 21211)


@pytest.mark.parametrize(
    ("user", "password"), [(ACCOUNT, "wrong"), ("AC" + "9" * 32, "new-token"), (ACCOUNT, ""), ("", "")]
)
def test_wrong_credentials_are_refused_with_20003(user: str, password: str, http: httpx.Client) -> None:
    answer = http.get(f"{MESSAGES}.json", auth=(user, password))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_another_account_than_the_one_signed_in_is_refused(http: httpx.Client) -> None:
    answer = http.get(f"/2010-04-01/Accounts/AC{'9' * 32}/Messages.json")
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_both_tokens_are_good_while_one_is_rotated(http: httpx.Client) -> None:
    assert http.get(f"{MESSAGES}.json", auth=(ACCOUNT, OLD_TOKEN)).status_code == 200


@pytest.mark.parametrize(
    "path", [f"{MESSAGES}/SM{'0' * 32}.json", MESSAGES.replace("Messages", "Calls.json")]
)
def test_what_does_not_exist_is_20404(path: str, http: httpx.Client) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_a_list_can_be_narrowed_by_recipient_sender_and_day(network: Running, twilio: Client) -> None:
    to_ayse, to_john = send(twilio), send(twilio, to=JOHN)
    network.simulator.courier.settle()
    today = datetime.now(UTC)

    def sids(**wanted: object) -> list[str]:
        return [message.sid for message in twilio.messages.list(**wanted)]

    assert sids() == [to_john, to_ayse]
    assert sids(to=AYSE) == [to_ayse]
    assert sids(from_=JOHN) == []
    assert sids(to=JOHN, date_sent_after=today) == [to_john]
    assert sids(date_sent_after=today + timedelta(days=2)) == []
    assert sids(date_sent_before=today - timedelta(days=2)) == []


def test_a_message_still_queued_is_missing_from_a_list_by_date(
    network: Running, twilio: Client, http: httpx.Client
) -> None:
    network.simulator.courier.stop()
    sid = send(twilio)
    assert twilio.messages.list(to=AYSE, date_sent_after=datetime.now(UTC)) == []
    assert [message.sid for message in twilio.messages.list(to=AYSE)] == [sid]


def test_a_list_is_read_to_its_end_page_by_page(twilio: Client) -> None:
    sent = [send(twilio, body=f"Text {n}") for n in range(5)]
    assert [message.sid for message in twilio.messages.list(page_size=2)] == sent[::-1]


@pytest.mark.parametrize("query", ["PageSize=many", "PageToken=PAx", "DateSent=yesterday"])
def test_a_list_asked_for_wrongly_is_refused(query: str, http: httpx.Client) -> None:
    assert http.get(f"{MESSAGES}.json?{query}").json()["code"] == 20422


def test_redacting_empties_the_body_at_twilio_but_not_on_the_phone(network: Running, twilio: Client) -> None:
    sid = send(twilio)
    network.simulator.courier.settle()
    assert twilio.messages(sid).update(body="").body == ""
    assert twilio.messages(sid).fetch().body == ""
    assert [m.body for m in network.simulator.store.conversation(AYSE)] == ["How strong is your pain now?"]


def test_deleting_removes_a_message_at_twilio_but_not_from_the_phone(
    network: Running, twilio: Client
) -> None:
    sid = send(twilio)
    network.simulator.courier.settle()
    twilio.messages(sid).delete()
    assert twilio.messages.list() == []
    assert len(network.simulator.store.conversation(AYSE)) == 1


@pytest.mark.parametrize("verb", ["redact", "delete"])
def test_a_message_under_way_can_neither_be_redacted_nor_deleted(
    verb: str, network: Running, twilio: Client
) -> None:
    network.simulator.courier.stop()
    message = twilio.messages(send(twilio))
    with pytest.raises(TwilioRestException) as refused:
        message.update(body="") if verb == "redact" else message.delete()
    assert refused.value.code == 20009


def test_a_body_can_be_emptied_but_not_rewritten(network: Running, twilio: Client) -> None:
    sid = send(twilio)
    network.simulator.courier.settle()
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages(sid).update(body="Something kinder")
    assert refused.value.code == 20422


def test_what_was_never_scheduled_cannot_be_canceled(twilio: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages(send(twilio)).update(status="canceled")
    assert refused.value.code == 30409


def test_the_wire_shows_a_request_without_its_password(http: httpx.Client) -> None:
    post(http, To=AYSE, From=NUMBER, Body="Hello")
    shown = http.get("/simulator/requests").json()["requests"][-1]
    assert (shown["kind"], shown["method"], shown["status"]) == ("request", "POST", 201)
    assert shown["params"]["Body"] == "Hello"
    assert shown["headers"]["Authorization"] == f"Basic {ACCOUNT}:•••"
    assert "new-token" not in json.dumps(shown)
