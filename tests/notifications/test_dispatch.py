"""Dispatch: what becomes of each claimed row, and of all of them together."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from notifications.decision import Drop, Postpone, Send, decide
from notifications.dispatch import DispatchCounts, Dispatcher
from notifications.flow import Trouble
from notifications.gateway import (
    ErrorClass,
    MemoryGateway,
    OutgoingText,
    PermanentSendError,
    Receipt,
    TransientSendError,
    UnknownOutcome,
)
from notifications.outbox_port import (
    Accepted,
    Claimed,
    Dropped,
    Failed,
    Postponed,
    Result,
    Retry,
    Uncomposable,
    Unknown,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # 11:00 in Istanbul
FACTS = {
    "clinic": "Marmara",
    "given_name": "Deniz",
    "emergency_number": "112",
    "clinic_phone": "+90 212 555 00 11",
}
A_TEXT = Claimed(
    message_id="id-1",
    attempt=1,
    to="+905321234567",
    language="en",
    template="help",
    facts=FACTS,
    body=None,
    due_at=NOW - timedelta(minutes=1),
    expires_at=NOW + timedelta(hours=12),
    zone="Europe/Istanbul",
)


def a_text(**changes: Any) -> Claimed:
    return replace(A_TEXT, **changes)


class MemoryOutbox:
    """An Outbox whose table is a list: claimed once, unless a test says that rows come back."""

    def __init__(self, *rows: Claimed, come_back: bool = False) -> None:
        self.waiting = list(rows)
        self.results: list[Result] = []
        self._come_back = come_back

    def exchange(self, results: Sequence[Result], now: datetime, limit: int) -> Sequence[Claimed]:
        self.results += results
        batch = self.waiting[:limit]
        if not self._come_back:
            self.waiting = self.waiting[limit:]
        return batch


def dispatch(
    outbox: MemoryOutbox, gateway: MemoryGateway | None = None, now: datetime = NOW, **settings: Any
) -> DispatchCounts:
    with Dispatcher(
        outbox,
        gateway or MemoryGateway(),
        status_url=lambda message_id, attempt: (
            f"https://clinic.example/status/{message_id}?attempt={attempt}"
        ),
        clock=lambda: now,
        jitter=lambda: 1.0,
        **settings,
    ) as dispatcher:
        return dispatcher.tick(now)


def outcome(row: Claimed, gateway: MemoryGateway | None = None, now: datetime = NOW) -> Result:
    outbox = MemoryOutbox(row)
    dispatch(outbox, gateway, now)
    (result,) = outbox.results
    return result


# decide


def test_a_due_text_in_the_window_goes_at_once() -> None:
    assert decide(A_TEXT, NOW) == Send(validity_seconds=32_400)  # nine hours until 20:00 in Istanbul


def test_a_text_is_held_no_longer_than_it_is_useful() -> None:
    assert decide(a_text(expires_at=NOW + timedelta(minutes=30)), NOW) == Send(validity_seconds=1_800)


def test_quiet_hours_postpone_a_text_to_the_next_opening() -> None:
    evening = NOW.replace(hour=18)
    assert decide(a_text(expires_at=NOW + timedelta(days=2)), evening) == Postpone(
        datetime(2026, 11, 24, 6, 0, tzinfo=UTC), "moved to 09:00: quiet hours Europe/Istanbul"
    )


def test_a_text_before_the_opening_waits_for_the_same_morning() -> None:
    early = a_text(due_at=NOW.replace(hour=3))
    assert decide(early, NOW.replace(hour=4)) == Postpone(
        NOW.replace(hour=6), "moved to 09:00: quiet hours Europe/Istanbul"
    )


def test_a_text_that_quiet_hours_would_make_useless_is_dropped() -> None:
    evening = NOW.replace(hour=18)
    decision = decide(a_text(expires_at=NOW.replace(hour=23)), evening)
    assert decision == Drop(
        "expired", "quiet hours Europe/Istanbul last until it is too late to be useful: not sent"
    )


def test_safety_and_sign_in_texts_go_at_any_hour() -> None:
    night = NOW.replace(hour=23)
    assert isinstance(decide(a_text(ignores_quiet_hours=True, expires_at=None), night), Send)


def test_a_clinic_sets_its_own_window() -> None:
    assert isinstance(decide(a_text(window_start=time(12)), NOW), Postpone)


def test_a_suppressed_text_is_cancelled_with_the_reason() -> None:
    assert decide(a_text(suppressed="opted out on 3 November"), NOW) == Drop(
        "cancelled", "opted out on 3 November"
    )


def test_a_suppressed_text_is_cancelled_even_if_it_ignores_quiet_hours() -> None:
    assert isinstance(decide(a_text(suppressed="no consent", ignores_quiet_hours=True), NOW), Drop)


def test_an_outdated_text_is_never_sent() -> None:
    assert decide(a_text(expires_at=NOW), NOW) == Drop("expired", "too late to be useful: not sent")


def test_a_text_waits_a_minute_for_another_that_had_just_gone() -> None:
    just_now = NOW - timedelta(seconds=20)
    decision = decide(a_text(last_text_at=just_now), NOW)
    assert decision == Postpone(NOW + timedelta(seconds=40), "a minute later: another text had just gone")


def test_a_text_goes_a_minute_after_another() -> None:
    assert isinstance(decide(a_text(last_text_at=NOW - timedelta(minutes=1)), NOW), Send)


def test_a_text_that_would_be_useless_in_a_minute_waits_for_no_other() -> None:
    last_call = a_text(last_text_at=NOW, expires_at=NOW + timedelta(seconds=50))
    assert isinstance(decide(last_call, NOW), Send)


def test_a_text_waits_as_long_as_the_house_says() -> None:
    later = NOW + timedelta(hours=2)
    decision = decide(a_text(not_before=later, not_before_why="its question comes first"), NOW)
    assert decision == Postpone(later, "its question comes first")


def test_a_text_that_is_not_due_waits() -> None:
    later = NOW + timedelta(minutes=5)
    assert decide(a_text(due_at=later), NOW) == Postpone(later, "not due yet")


# one row


def test_a_sent_text_is_recorded_with_the_words_that_left() -> None:
    result = outcome(A_TEXT)
    assert isinstance(result, Accepted)
    assert result.body.startswith("Marmara: we text you")
    assert result.receipt.status == "queued"
    assert result.validity_seconds == 32_400


def test_the_gateway_gets_our_id_and_attempt_in_the_callback_address() -> None:
    gateway = MemoryGateway()
    outcome(a_text(attempt=3), gateway)
    assert gateway.sent[0].status_url == "https://clinic.example/status/id-1?attempt=3"


def test_words_already_settled_are_sent_as_they_are() -> None:
    gateway = MemoryGateway()
    outcome(a_text(body="A nurse's own words", template="", facts={}), gateway)
    assert gateway.sent[0].body == "A nurse's own words"


@pytest.mark.parametrize(
    "mistake",
    [
        {"template": "no_such"},
        {"language": "xx"},
        {"facts": {}},
        {"to": "12"},
        {"to": ""},
        {"zone": "Mars/Olympus"},
        {"zone": ""},
    ],
)
def test_a_row_that_cannot_be_composed_is_recorded_and_not_sent(mistake: dict[str, Any]) -> None:
    gateway = MemoryGateway()
    result = outcome(a_text(**mistake), gateway)
    assert isinstance(result, Uncomposable)
    assert result.why
    assert gateway.sent == []


def test_a_refused_text_fails_with_its_class() -> None:
    gateway = MemoryGateway()
    gateway.fail_next(PermanentSendError("refused", code=21610))
    result = outcome(A_TEXT, gateway)
    assert isinstance(result, Failed)
    assert (result.error_class, result.code) == (ErrorClass.OPTED_OUT, 21610)


def test_a_transient_fault_is_tried_again_later_with_the_same_words() -> None:
    gateway = MemoryGateway()
    gateway.fail_next(TransientSendError("no connection"))
    result = outcome(A_TEXT, gateway)
    assert isinstance(result, Retry)
    assert (result.until, result.trouble) == (NOW + timedelta(seconds=30), Trouble.FAULT)
    assert result.body.startswith("Marmara: ")


def test_a_transient_fault_that_would_be_tried_too_late_is_dropped() -> None:
    gateway = MemoryGateway()
    gateway.fail_next(TransientSendError("no connection"))
    result = outcome(a_text(expires_at=NOW + timedelta(seconds=20)), gateway)
    assert isinstance(result, Dropped)
    assert result.status == "expired"


def test_a_transient_fault_is_given_up_in_the_end() -> None:
    gateway = MemoryGateway()
    gateway.fail_next(TransientSendError("no connection"))
    assert isinstance(outcome(a_text(attempt=12), gateway), Failed)


def test_what_may_have_been_sent_is_unknown_and_never_retried() -> None:
    gateway = MemoryGateway()
    gateway.fail_next(UnknownOutcome("read timeout"))
    result = outcome(A_TEXT, gateway)
    assert isinstance(result, Unknown)
    assert result.body == gateway.sent[0].body


class BrokenGateway(MemoryGateway):
    async def send(self, text: OutgoingText) -> Receipt:
        raise RuntimeError("a mistake in the gateway")


def test_a_gateway_that_breaks_its_contract_leaves_an_unknown_outcome() -> None:
    result = outcome(A_TEXT, BrokenGateway())
    assert isinstance(result, Unknown)
    assert result.why == "the gateway broke its contract: RuntimeError"


# all of them


def test_everything_due_is_sent_batch_after_batch() -> None:
    outbox = MemoryOutbox(*(a_text(message_id=f"id-{n}") for n in range(250)))
    counts = dispatch(outbox, limit=100)
    assert (counts.claimed, counts.accepted, counts.halted) == (250, 250, None)


def test_one_bad_row_never_stops_the_batch() -> None:
    rows = [a_text(message_id="bad", template="no_such"), a_text(message_id="good")]
    counts = dispatch(MemoryOutbox(*rows))
    assert (counts.uncomposable, counts.accepted) == (1, 1)


def test_a_row_that_comes_back_within_a_tick_is_set_aside_and_not_sent_twice() -> None:
    gateway = MemoryGateway()
    outbox = MemoryOutbox(A_TEXT, come_back=True)
    dispatch(outbox, gateway)
    assert len(gateway.sent) == 1
    assert isinstance(outbox.results[-1], Postponed)
    assert len(outbox.results) == 2


def test_refused_credentials_stop_the_dispatch_and_lose_nothing() -> None:
    gateway = MemoryGateway()
    gateway.fail_next(PermanentSendError("refused", code=20003))
    outbox = MemoryOutbox(*(a_text(message_id=f"id-{n}") for n in range(20)))
    counts = dispatch(outbox, gateway, limit=10, concurrency=1)
    assert counts.halted == "the provider refuses our credentials: refused (code 20003)"
    assert gateway.sent == []
    assert (counts.retried, counts.postponed) == (1, 19)  # one asked, the others came back untried


def test_a_provider_that_never_answers_stops_the_dispatch_after_a_few() -> None:
    gateway = MemoryGateway()
    gateway.fail_next(*(TransientSendError("no connection") for _ in range(20)))
    counts = dispatch(
        MemoryOutbox(*(a_text(message_id=f"id-{n}") for n in range(20))), gateway, concurrency=1
    )
    assert counts.halted == "the provider does not answer"
    assert (counts.retried, counts.postponed) == (10, 10)


def test_one_sender_that_is_refused_keeps_no_other_from_sending() -> None:
    gateway = MemoryGateway()
    gateway.fail_next(PermanentSendError("refused", code=20003))
    rows = [a_text(message_id=f"id-{n}", sender=sender) for n, sender in enumerate(("A", "A", "B", "B"))]
    counts = dispatch(MemoryOutbox(*rows), gateway, concurrency=1)
    assert (counts.retried, counts.postponed, counts.accepted) == (1, 1, 2)


def test_a_clinics_own_sender_goes_along() -> None:
    gateway = MemoryGateway()
    outcome(a_text(sender="+902125550100"), gateway)
    assert gateway.sent[0].sender == "+902125550100"


class FlakyOutbox(MemoryOutbox):
    """Cannot record some rows, ever: `poisoned` ones; or none, the first `down` times."""

    def __init__(self, *rows: Claimed, poisoned: str = "", down: int = 0) -> None:
        super().__init__(*rows)
        self._poisoned = poisoned
        self._down = down

    def exchange(self, results: Sequence[Result], now: datetime, limit: int) -> Sequence[Claimed]:
        if results and self._down:
            self._down -= 1
            raise ConnectionError("the database is away")
        if any(result.message_id == self._poisoned for result in results):
            raise ValueError("cannot be stored")
        return super().exchange(results, now, limit)


def test_a_database_that_is_away_for_a_moment_costs_no_result() -> None:
    outbox = FlakyOutbox(A_TEXT, a_text(message_id="id-2"), down=1)
    assert dispatch(outbox).accepted == 2
    assert len(outbox.results) == 2


def test_a_result_that_cannot_be_recorded_costs_no_other() -> None:
    outbox = FlakyOutbox(A_TEXT, a_text(message_id="id-2"), poisoned="id-1")
    with pytest.raises(ExceptionGroup, match="could not be recorded"):
        dispatch(outbox, record_again_after=())
    assert [result.message_id for result in outbox.results] == ["id-2"]


class CrowdedGateway(MemoryGateway):
    """Counts how many sends are under way at once."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way = self.most = 0

    async def send(self, text: OutgoingText) -> Receipt:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        return await super().send(text)


def test_no_more_texts_are_under_way_than_allowed() -> None:
    gateway = CrowdedGateway()
    dispatch(MemoryOutbox(*(a_text(message_id=f"id-{n}") for n in range(50))), gateway, concurrency=8)
    assert gateway.most == 8


def test_nothing_due_is_no_work() -> None:
    assert dispatch(MemoryOutbox()) == DispatchCounts()


def test_a_dispatcher_ticks_again_and_again() -> None:
    outbox, gateway = MemoryOutbox(A_TEXT), MemoryGateway()
    with Dispatcher(
        outbox, gateway, status_url=lambda *_: "", clock=lambda: NOW, jitter=lambda: 0.0
    ) as dispatcher:
        assert dispatcher.tick(NOW).accepted == 1
        outbox.waiting.append(a_text(message_id="id-2"))
        assert dispatcher.tick(NOW).accepted == 1


def test_a_dispatcher_starts_again_after_a_halt() -> None:
    outbox, gateway = MemoryOutbox(A_TEXT), MemoryGateway()
    gateway.fail_next(PermanentSendError("refused", code=20003))
    with Dispatcher(
        outbox, gateway, status_url=lambda *_: "", clock=lambda: NOW, jitter=lambda: 0.0
    ) as dispatcher:
        assert dispatcher.tick(NOW).halted
        outbox.waiting.append(a_text(message_id="id-2"))
        assert dispatcher.tick(NOW).accepted == 1
