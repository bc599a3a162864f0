"""Speaking to the provider round after round: a loop and connections that are kept, and an orderly stop.

What is asked, and what an answer means, is `reconciling`'s, `polling`'s and `redacting`'s.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar

from notifications.gateway import PermanentSendError, SendError, TransientSendError

_AT_ONCE: Final = 8  # calls under way together: a worker that stops waits for these and begins no other

Answer = TypeVar("Answer")


class Closing(Protocol):
    """What holds connections."""

    async def close(self) -> None:
        """Let go of them."""
        ...


class Rounds:
    """One event loop and its connections, kept from round to round; used from one thread at a time."""

    def __init__(self, provider: Closing) -> None:
        self._provider = provider
        self._runner = asyncio.Runner()
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether no more is to be asked."""
        return self._stopped

    def stop(self) -> None:
        """Ask no more, for good; from any thread. What was asked already is still written down."""
        self._stopped = True

    def close(self) -> None:
        """Let go of the connections and the loop."""
        self._runner.run(self._provider.close())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, calls: Sequence[Callable[[], Awaitable[Answer]]]) -> list[Answer | SendError]:
        """Make the calls, a few at once, and return their answers in order.

        A call that failed yields its error; so does one that was not begun because of `stop`.
        """
        return self._runner.run(self._ask(calls))

    async def _ask(self, calls: Sequence[Callable[[], Awaitable[Answer]]]) -> list[Answer | SendError]:
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(call: Callable[[], Awaitable[Answer]]) -> Answer | SendError:
            async with places:
                if self._stopped:
                    return TransientSendError("not asked: the worker stops")
                try:
                    return await call()
                except SendError as error:
                    return error

        return list(await asyncio.gather(*map(one, calls)))


def is_silent(answer: object) -> bool:
    """Tell a provider that is down from one that refuses this one question."""
    return isinstance(answer, SendError) and not isinstance(answer, PermanentSendError)
