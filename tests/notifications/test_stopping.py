"""Stopping in the middle: what is begun ends or is owned up to, what is not comes back, nothing is lost."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from notifications.dispatch import Dispatcher
from notifications.gateway import MemoryGateway, MessageGateway, OutgoingText, Receipt
from notifications.outbox_port import Accepted, Postponed, Result, Unknown
from notifications.pacing import Pace
from notifications.stopping import Stopping
from tests.notifications.test_dispatch import NOW, MemoryOutbox, a_text

AT_ONCE = 0.01
"""Patience, in seconds, for what would never end."""


class TellingGateway(MemoryGateway):
    """Tells when a text is handed over, before it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.handed_over: Callable[[], object] = lambda: None

    async def send(self, text: OutgoingText) -> Receipt:
        self.handed_over()
        return await super().send(text)


class HeldGateway(MemoryGateway):
    """A provider that takes its time: forever, unless it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way = threading.Event()
        self._released = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, text: OutgoingText) -> Receipt:
        self._loop = asyncio.get_running_loop()
        self.under_way.set()
        await self._released.wait()
        return await super().send(text)

    def release(self) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._released.set)


class TimedOutGateway(MemoryGateway):
    async def send(self, text: OutgoingText) -> Receipt:
        raise TimeoutError


def dispatcher(
    outbox: MemoryOutbox,
    gateway: MessageGateway,
    *,
    limit: int = 100,
    concurrency: int = 32,
    rate: float | None = None,
    patience: float = 10.0,
) -> Dispatcher:
    return Dispatcher(
        outbox,
        gateway,
        status_url=lambda *_: "",
        clock=lambda: NOW,
        jitter=lambda: 0.0,
        limit=limit,
        concurrency=concurrency,
        rate=rate,
        patience=patience,
    )


def texts(count: int) -> MemoryOutbox:
    return MemoryOutbox(*(a_text(message_id=f"id-{number}") for number in range(count)))


def kinds(results: list[Result]) -> list[type[Result]]:
    return [type(result) for result in results]


def stop_while_under_way(sending: Dispatcher, gateway: HeldGateway, then: Callable[[], object]) -> None:
    """Tick in a thread, as a worker does, and stop from this one once a text is with the provider."""
    with ThreadPoolExecutor(1) as worker:
        ticking = worker.submit(sending.tick, NOW)
        assert gateway.under_way.wait(timeout=10)
        sending.stop()
        then()
        ticking.result(timeout=10)


# what was not begun


def test_what_was_not_begun_comes_back_as_it_was() -> None:
    outbox, gateway = texts(3), TellingGateway()
    with dispatcher(outbox, gateway, concurrency=1) as sending:
        gateway.handed_over = sending.stop
        sending.tick(NOW)
    assert kinds(outbox.results) == [Accepted, Postponed, Postponed]
    assert outbox.results[1] == Postponed(
        "id-1", attempt=1, until=a_text().due_at, why="the worker stopped before its turn"
    )
    assert len(gateway.sent) == 1


def test_nothing_more_is_claimed() -> None:
    outbox, gateway = texts(5), TellingGateway()
    with dispatcher(outbox, gateway, limit=2) as sending:
        gateway.handed_over = sending.stop
        sending.tick(NOW)
    assert len(outbox.waiting) == 3


def test_a_later_tick_does_nothing() -> None:
    outbox, gateway = texts(1), MemoryGateway()
    with dispatcher(outbox, gateway) as sending:
        sending.stop()
        assert sending.tick(NOW).claimed == 0
    assert len(outbox.waiting) == 1


def test_a_text_that_waits_for_its_pace_comes_back_as_it_was() -> None:
    outbox, gateway = texts(2), TellingGateway()
    with dispatcher(outbox, gateway, rate=0.001, patience=AT_ONCE) as sending:
        gateway.handed_over = sending.stop
        sending.tick(NOW)
    assert kinds(outbox.results) == [Accepted, Postponed]
    assert len(gateway.sent) == 1


# what is under way


def test_a_send_under_way_is_awaited() -> None:
    outbox, gateway = texts(1), HeldGateway()
    with dispatcher(outbox, gateway) as sending:
        stop_while_under_way(sending, gateway, then=gateway.release)
    assert kinds(outbox.results) == [Accepted]


def test_what_is_open_when_patience_is_over_is_unknown() -> None:
    outbox, gateway = texts(1), HeldGateway()
    with dispatcher(outbox, gateway, patience=AT_ONCE) as sending:
        stop_while_under_way(sending, gateway, then=lambda: None)
    (result,) = outbox.results
    assert isinstance(result, Unknown)
    assert result.why == "the worker stopped before the provider answered: whether it went is not known yet"
    assert result.body.startswith("Marmara: ")


def test_a_provider_that_hangs_keeps_no_other_text_from_coming_back() -> None:
    outbox, gateway = texts(3), HeldGateway()
    with dispatcher(outbox, gateway, concurrency=1, patience=AT_ONCE) as sending:
        stop_while_under_way(sending, gateway, then=lambda: None)
    assert kinds(outbox.results) == [Unknown, Postponed, Postponed]


def test_a_gateway_that_gives_up_by_itself_is_not_taken_for_a_stop() -> None:
    outbox = texts(1)
    with dispatcher(outbox, TimedOutGateway()) as sending:
        sending.tick(NOW)
    (result,) = outbox.results
    assert isinstance(result, Unknown)
    assert result.why == "the gateway broke its contract: TimeoutError"


# the order itself


def test_a_second_order_gives_no_more_time() -> None:
    async def order_twice() -> tuple[float | None, float | None]:
        stopping = Stopping(60)
        async with stopping.patience() as limit:
            stopping.ask()
            await asyncio.sleep(0)
            first = limit.when()
            stopping.ask()
            await asyncio.sleep(0)
            return first, limit.when()

    first, second = asyncio.run(order_twice())
    assert first is not None
    assert second == first


def test_what_begins_after_the_order_is_bounded_too() -> None:
    async def begin_late() -> float | None:
        stopping = Stopping(60)
        stopping.ask()
        async with stopping.patience() as limit:
            return limit.when()

    assert asyncio.run(begin_late()) is not None


def test_an_order_after_the_end_is_nothing() -> None:
    sending = dispatcher(texts(1), MemoryGateway())
    sending.tick(NOW)
    sending.close()
    sending.stop()


def test_a_turn_that_is_cut_short_does_not_come() -> None:
    async def cut_the_second_short() -> tuple[bool, bool]:
        pace, order = Pace(0.001), asyncio.Event()
        first = await pace.turn(order)
        second = asyncio.create_task(pace.turn(order))
        await asyncio.sleep(0)
        order.set()
        return first, await second

    assert asyncio.run(cut_the_second_short()) == (True, False)


def test_turns_are_a_rate_apart() -> None:
    async def take_three() -> float:
        pace, order = Pace(100.0), asyncio.Event()
        start = asyncio.get_running_loop().time()
        for _ in range(3):
            assert await pace.turn(order)
        return asyncio.get_running_loop().time() - start

    assert asyncio.run(take_three()) >= 0.02
