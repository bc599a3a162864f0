"""What every MessageGateway promises, in memory and over HTTP."""

import asyncio
from collections.abc import Iterator
from typing import Protocol

import pytest

from notifications.gateway import (
    MemoryGateway,
    MessageGateway,
    OutgoingText,
    PermanentSendError,
    SendError,
    TransientSendError,
    UnknownOutcome,
)
from notifications.phone import PhoneNumber
from notifications.twilio_gateway import TwilioGateway
from tests.contracts.loopback_twilio import ACCOUNT, TOKEN, LoopbackTwilio, refusal

PHONE = PhoneNumber.parse("+905321234567")


def a_text(number: int = 1, body: str = "Klinik: ağrınız kaç?") -> OutgoingText:
    return OutgoingText(
        f"id-{number}", 1, PHONE, body, f"https://clinic.example/status/id-{number}?attempt=1", 600
    )


class Provider(Protocol):
    """One gateway and the strings behind it that a test may pull."""

    gateway: MessageGateway

    def taken(self) -> list[str]: ...
    def refuse(self, status: int, code: int) -> None: ...
    def slow_down(self, seconds: int) -> None: ...
    def break_after_accept(self) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.gateway: MessageGateway = MemoryGateway()

    @property
    def _memory(self) -> MemoryGateway:
        assert isinstance(self.gateway, MemoryGateway)
        return self.gateway

    def taken(self) -> list[str]:
        return [text.body for text in self._memory.sent]

    def refuse(self, status: int, code: int) -> None:
        self._memory.fail_next(PermanentSendError(f"refused: HTTP {status}", code=code))

    def slow_down(self, seconds: int) -> None:
        self._memory.fail_next(TransientSendError("slow down", code=20429, retry_after=seconds))

    def break_after_accept(self) -> None:
        self._memory.fail_next(UnknownOutcome("broken"))


class OverHttp:
    def __init__(self, twilio: LoopbackTwilio) -> None:
        self._twilio = twilio
        self.gateway: MessageGateway = TwilioGateway(ACCOUNT, TOKEN, "+15005550006", twilio.url, 2.0)

    def taken(self) -> list[str]:
        return [form["Body"] for form in self._twilio.accepted]

    def refuse(self, status: int, code: int) -> None:
        self._twilio.fault = lambda _: refusal(status, code, f"The number {PHONE.e164} is refused")

    def slow_down(self, seconds: int) -> None:
        self._twilio.fault = lambda _: refusal(429, 20429, "Too many", {"Retry-After": str(seconds)})

    def break_after_accept(self) -> None:
        self._twilio.break_after_accept = True


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
