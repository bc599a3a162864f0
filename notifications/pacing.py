"""A gateway that sends no faster than it is allowed to. Wrapped around the real one by the worker."""

import asyncio

from notifications.gateway import MessageGateway, OutgoingText, Receipt, TransientSendError


class TurnNotCome(TransientSendError):
    """The wait for the turn was broken off: certainly not sent, not even tried."""


class PacedGateway:
    """A MessageGateway whose sends start at least 1/rate seconds apart, in the order they came."""

    def __init__(self, gateway: MessageGateway, rate: float) -> None:
        """Wrap `gateway`; `rate` is messages per second, above 0."""
        self._gateway = gateway
        self._gap = 1 / rate
        self._next_start = 0.0

    async def send(self, text: OutgoingText) -> Receipt:
        """Wait for this text's turn, then hand it on; errors are the wrapped gateway's.

        Raises TurnNotCome when cancelled while it waits.
        """
        tick = asyncio.get_running_loop().time()
        start = max(tick, self._next_start)
        self._next_start = start + self._gap
        try:
            await asyncio.sleep(start - tick)
        except asyncio.CancelledError:
            raise TurnNotCome("its turn did not come") from None
        return await self._gateway.send(text)

    async def close(self) -> None:
        """Close the wrapped gateway."""
        await self._gateway.close()
