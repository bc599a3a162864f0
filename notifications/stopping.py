"""How an order to stop, given in any thread, reaches sends that are under way on an event loop.

What is begun and what is given back is `dispatch`'s, which uses this.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Stopping:
    """An order to stop, given once and for good; whatever is under way then has `seconds` left.

    It holds no lock, so that a signal handler may give the order at any moment.
    """

    def __init__(self, seconds: float) -> None:
        self.heard = asyncio.Event()
        """Set on the loop that listens, once the order was given."""
        self._seconds = seconds
        self._asked = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: set[asyncio.Timeout] = set()

    @property
    def asked(self) -> bool:
        """Whether the order was given."""
        return self._asked

    def ask(self) -> None:
        """Give the order, from any thread or signal handler; a second one changes nothing."""
        given, self._asked = self._asked, True  # before looking at the loop: who enters later sees it
        loop = self._loop
        if loop is not None and not given:
            with suppress(RuntimeError):  # the loop is closed: nothing is under way
                loop.call_soon_threadsafe(self._hurry)

    def listen(self) -> None:
        """Let the order reach the running loop, also one that was given before."""
        self._loop = asyncio.get_running_loop()
        if self._asked:
            self.heard.set()

    @asynccontextmanager
    async def patience(self) -> AsyncIterator[asyncio.Timeout]:
        """Let the block take as long as it will until the order, and `seconds` after it.

        Raises TimeoutError when they are over; the yielded timeout tells it from one of the block's own.
        """
        self._loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._seconds if self._asked else None) as limit:
            self._under_way.add(limit)
            try:
                yield limit
            finally:
                self._under_way.discard(limit)

    def _hurry(self) -> None:
        self.heard.set()
        until = asyncio.get_running_loop().time() + self._seconds
        for limit in self._under_way:
            if limit.when() is None:
                limit.reschedule(until)
