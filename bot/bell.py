"""Wake a loop that also looks by itself: one ring for however much there is to look at."""

from contextlib import aclosing

import anyio

from core.events import Events


class Bell:
    """Remember that somebody rang, also while nobody was waiting."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        """Wake who waits, or who waits next."""
        self._event.set()

    def clear(self) -> None:
        """Forget earlier rings: whoever clears it before looking misses none."""
        if self._event.is_set():
            self._event = anyio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Wait for a ring, but no longer than that."""
        with anyio.move_on_after(timeout_s):
            await self._event.wait()


async def ring_on(events: Events, topic: str, bell: Bell) -> None:
    """Ring for everything that is published on a topic, until cancelled."""
    async with aclosing(events.listen([topic])) as published:
        async for _ in published:
            bell.ring()
