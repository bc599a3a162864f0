"""What every MessageGateway and MessageLookup promises, in memory and over HTTP."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Protocol

import pytest

from notifications.gateway import (
    Listing,
    MemoryGateway,
    MessageGateway,
    MessageLookup,
    MessageRedactor,
    OutgoingText,
    PermanentSendError,
    ProviderMessage,
    Receipt,
    SendError,
    TransientSendError,
    UnknownOutcome,
)
from notifications.phone import PhoneNumber
from notifications.twilio_gateway import TwilioGateway
from tests.contracts.loopback_twilio import ACCOUNT, CREATED_AT, TOKEN, LoopbackTwilio, refusal

PHONE = PhoneNumber.parse("+905321234567")
OTHER_PHONE = PhoneNumber.parse("+905339876543")
LONGEST_LIST = 5


def a_text(number: int = 1, body: str = "Klinik: ağrınız kaç?", *, to: PhoneNumber = PHONE) -> OutgoingText:
    return OutgoingText(
        f"id-{number}", 1, to, body, f"https://clinic.example/status/id-{number}?attempt=1", 600
    )


class Provider(Protocol):
    """One gateway and the strings behind it that a test may pull."""

    @property
    def gateway(self) -> MessageGateway: ...
    @property
    def lookup(self) -> MessageLookup: ...
    @property
    def redactor(self) -> MessageRedactor: ...

    def taken(self) -> list[str]: ...
    def refuse(self, status: int, code: int) -> None: ...
    def slow_down(self, seconds: int) -> None: ...
    def break_after_accept(self) -> None: ...
    def refuse_questions(self, status: int, code: int) -> None: ...
    def finish(self, *sids: str) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.gateway = self.lookup = self.redactor = MemoryGateway(lambda: CREATED_AT, LONGEST_LIST)

    def taken(self) -> list[str]:
        return [text.body for text in self.gateway.sent]

    def refuse(self, status: int, code: int) -> None:
        self.gateway.fail_next(PermanentSendError(f"refused: HTTP {status}", code=code))

    def slow_down(self, seconds: int) -> None:
        self.gateway.fail_next(TransientSendError("slow down", code=20429, retry_after=seconds))

    def break_after_accept(self) -> None:
        self.gateway.fail_next(UnknownOutcome("broken"))

    def finish(self, *sids: str) -> None:
        for sid in sids:
            self.gateway.settle(sid, "delivered")

    def refuse_questions(self, status: int, code: int) -> None:
        kind = PermanentSendError if status < 500 else TransientSendError
        self.gateway.fail_next_question(kind(f"refused: HTTP {status}"))


class OverHttp:
    def __init__(self, twilio: LoopbackTwilio) -> None:
        self._twilio = twilio
        self._twilio.finished = False
        self.gateway = self.lookup = self.redactor = TwilioGateway(
            ACCOUNT, TOKEN, "+15005550006", twilio.url, 2.0, longest_list=LONGEST_LIST
        )

    def taken(self) -> list[str]:
        return [form["Body"] for form in self._twilio.accepted]

    def refuse(self, status: int, code: int) -> None:
        self._twilio.fault = lambda _: refusal(status, code, f"The number {PHONE.e164} is refused")

    def slow_down(self, seconds: int) -> None:
        self._twilio.fault = lambda _: refusal(429, 20429, "Too many", {"Retry-After": str(seconds)})

    def break_after_accept(self) -> None:
        self._twilio.break_after_accept = True

    def finish(self, *sids: str) -> None:
        del sids  # all of them
        self._twilio.finished = True

    def refuse_questions(self, status: int, code: int) -> None:
        self.refuse(status, code)


@pytest.fixture(params=["memory", "twilio"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    if request.param == "memory":
        yield InMemory()
        return
    with LoopbackTwilio() as twilio:
        yield OverHttp(twilio)


def send(provider: Provider, *texts: OutgoingText) -> list[object]:
    async def send_all() -> list[object]:
        try:
            return await asyncio.gather(*map(provider.gateway.send, texts), return_exceptions=True)
        finally:
            await provider.gateway.close()

    return asyncio.run(send_all())


def find(provider: Provider, to: PhoneNumber = PHONE, *, hours_later: int = 0) -> Listing:
    since = CREATED_AT + timedelta(hours=hours_later)

    async def ask() -> Listing:
        try:
            return await provider.lookup.find(to=to, since=since, until=since + timedelta(minutes=1))
        finally:
            await provider.lookup.close()

    return asyncio.run(ask())


def failure(provider: Provider, text: OutgoingText) -> SendError:
    (result,) = send(provider, text)
    assert isinstance(result, SendError), result
    return result


def test_an_accepted_text_yields_the_providers_id_and_first_status(provider: Provider) -> None:
    (receipt,) = send(provider, a_text())
    assert receipt.provider_sid.startswith("SM")  # type: ignore[attr-defined]  # a Receipt, or the test fails
    assert receipt.status == "queued"  # type: ignore[attr-defined]
    assert receipt.segments == 1  # type: ignore[attr-defined]


def test_the_words_arrive_letter_by_letter(provider: Provider) -> None:
    body = "Klinik: ağrınız şu an kaç? İdrar, güçsüzlük: €5 {x} ~ ✓"
    send(provider, a_text(body=body))
    assert provider.taken() == [body]


def test_two_hundred_texts_at_once_get_two_hundred_receipts_of_their_own(provider: Provider) -> None:
    receipts = send(provider, *(a_text(n, f"text {n}") for n in range(200)))
    sids = {receipt.provider_sid for receipt in receipts}  # type: ignore[attr-defined]
    assert len(sids) == 200
    assert sorted(provider.taken()) == sorted(f"text {n}" for n in range(200))


def test_a_refused_text_is_a_permanent_error_with_the_providers_code(provider: Provider) -> None:
    provider.refuse(400, 21211)
    error = failure(provider, a_text())
    assert isinstance(error, PermanentSendError)
    assert error.code == 21211
    assert provider.taken() == []


def test_an_opted_out_phone_is_a_permanent_error(provider: Provider) -> None:
    provider.refuse(400, 21610)
    assert isinstance(failure(provider, a_text()), PermanentSendError)


def test_refused_credentials_are_a_permanent_error_with_code_20003(provider: Provider) -> None:
    provider.refuse(401, 20003)
    error = failure(provider, a_text())
    assert isinstance(error, PermanentSendError)
    assert error.code == 20003


def test_a_rate_limit_is_transient_and_says_for_how_long(provider: Provider) -> None:
    provider.slow_down(7)
    error = failure(provider, a_text())
    assert isinstance(error, TransientSendError)
    assert error.retry_after == 7
    assert provider.taken() == []


def test_a_connection_that_breaks_after_the_text_was_taken_is_an_unknown_outcome(provider: Provider) -> None:
    provider.break_after_accept()
    assert isinstance(failure(provider, a_text()), UnknownOutcome)
    assert len(provider.taken()) == 1


def test_no_error_repeats_the_number_or_the_words(provider: Provider) -> None:
    provider.refuse(400, 21211)
    error = failure(provider, a_text())
    told = f"{error!r} {error} {error.detail} {error.__cause__} {a_text().to}"
    assert PHONE.e164 not in told
    assert "ağrınız" not in told


def test_a_closed_gateway_opens_anew_in_another_loop(provider: Provider) -> None:
    send(provider, a_text(1, "first"))
    send(provider, a_text(2, "second"))
    assert provider.taken() == ["first", "second"]


def test_what_was_sent_is_found_by_its_phone(provider: Provider) -> None:
    (receipt,) = send(provider, a_text(1, "to this phone"))
    send(provider, a_text(2, "to another", to=OTHER_PHONE))
    (message,) = find(provider).messages
    assert message.provider_sid == receipt.provider_sid  # type: ignore[attr-defined]
    assert (message.to, message.body, message.status) == (PHONE, "to this phone", "queued")
    assert (message.error_code, message.created_at) == (None, CREATED_AT)


def test_a_text_whose_receipt_was_lost_is_found(provider: Provider) -> None:
    provider.break_after_accept()
    failure(provider, a_text())
    assert [message.body for message in find(provider).messages] == [a_text().body]


def test_a_text_created_at_another_time_is_not_found(provider: Provider) -> None:
    send(provider, a_text())
    assert find(provider, hours_later=1) == Listing((), complete=True)


def test_a_list_of_several_pages_is_read_to_its_end(provider: Provider) -> None:
    send(provider, *(a_text(n, f"text {n}") for n in range(LONGEST_LIST)))
    listing = find(provider)
    assert {message.body for message in listing.messages} == {f"text {n}" for n in range(LONGEST_LIST)}
    assert listing.complete


def test_a_list_longer_than_is_read_says_that_it_is_not_complete(provider: Provider) -> None:
    send(provider, *(a_text(n, f"text {n}") for n in range(LONGEST_LIST + 1)))
    listing = find(provider)
    assert len(listing.messages) == LONGEST_LIST
    assert not listing.complete


def test_a_list_that_fails_at_the_provider_is_transient(provider: Provider) -> None:
    provider.refuse_questions(500, 20500)
    with pytest.raises(TransientSendError):
        find(provider)


def test_a_list_that_is_refused_is_permanent(provider: Provider) -> None:
    provider.refuse_questions(401, 20003)
    with pytest.raises(PermanentSendError) as refused:
        find(provider)
    assert PHONE.e164 not in f"{refused.value!r} {refused.value.__cause__}"


def fetch(provider: Provider, sid: str) -> ProviderMessage | None:
    async def ask() -> ProviderMessage | None:
        try:
            return await provider.lookup.fetch(sid)
        finally:
            await provider.lookup.close()

    return asyncio.run(ask())


def redact(provider: Provider, sid: str) -> bool:
    async def empty() -> bool:
        try:
            return await provider.redactor.redact(sid)
        finally:
            await provider.redactor.close()

    return asyncio.run(empty())


def a_taken_text(provider: Provider) -> str:
    (receipt,) = send(provider, a_text())
    assert isinstance(receipt, Receipt), receipt
    return receipt.provider_sid


def test_a_text_is_fetched_by_the_providers_id(provider: Provider) -> None:
    sid = a_taken_text(provider)
    assert fetch(provider, sid) == ProviderMessage(sid, PHONE, a_text().body, "queued", None, CREATED_AT)


@pytest.mark.parametrize("ask", [fetch, redact])
def test_a_text_the_provider_does_not_have_is_no_error(
    provider: Provider, ask: Callable[[Provider, str], object]
) -> None:
    a_taken_text(provider)
    assert not ask(provider, "SM" + "e" * 32)


@pytest.mark.parametrize("ask", [fetch, redact])
@pytest.mark.parametrize(
    ("status", "code", "error"), [(500, 20500, TransientSendError), (401, 20003, PermanentSendError)]
)
def test_a_question_that_fails_says_whether_to_ask_again(
    provider: Provider, ask: Callable[[Provider, str], object], status: int, code: int, error: type[SendError]
) -> None:
    sid = a_taken_text(provider)
    provider.finish(sid)
    provider.refuse_questions(status, code)
    with pytest.raises(error) as refused:
        ask(provider, sid)
    assert PHONE.e164 not in f"{refused.value!r} {refused.value.__cause__}"


def test_a_redacted_text_is_there_without_its_words(provider: Provider) -> None:
    sid = a_taken_text(provider)
    provider.finish(sid)
    assert redact(provider, sid)
    assert [message.body for message in find(provider).messages] == [""]


def test_a_text_is_redacted_twice_as_once(provider: Provider) -> None:
    sid = a_taken_text(provider)
    provider.finish(sid)
    assert (redact(provider, sid), redact(provider, sid)) == (True, True)


def test_a_text_still_under_way_cannot_be_redacted(provider: Provider) -> None:
    sid = a_taken_text(provider)
    with pytest.raises(PermanentSendError):
        redact(provider, sid)
    assert [message.body for message in find(provider).messages] == [a_text().body]
