"""Turns that come no faster than a rate allows. Used by `dispatch` for the worker's own rate."""

import asyncio


class Pace:
    """Turns at least 1/rate seconds apart, in the order they were asked for; no rate, no waiting."""

    def __init__(self, rate: float | None) -> None:
        """`rate` is turns per second, above 0."""
        self._gap = 1 / rate if rate else 0.0
        self._next_turn = 0.0

    async def turn(self, cut_short: asyncio.Event) -> bool:
        """Wait for the next turn; False, at once, when `cut_short` is set before it comes."""
        if not self._gap:
            return not cut_short.is_set()
        tick = asyncio.get_running_loop().time()
        start = max(tick, self._next_turn)
        self._next_turn = start + self._gap
        if start > tick:
            try:
                await asyncio.wait_for(cut_short.wait(), start - tick)
            except TimeoutError:
                return True
        return not cut_short.is_set()
