"""Tell open pages of the queue that something changed there, so that they look again.

What comes over Redis only makes it quick. A page is also told every `LOOK_S` seconds whatever was
heard: a lost word, or a claim whose time is over, costs a page those seconds and nothing else.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.web_app.console.door import ConsoleViewer, is_still_in
from bot.web_app.console.parts import TheConsole
from bot.web_app.hub import Hub
from core.events import REVIEWS_TOPIC, Events

private = APIRouter()

LOOK_S = 10.0
"""What a change that nobody heard of costs an open page at most."""

BEAT_S = 1.0
"""How soon a stream notices that the process ends."""

TELL_S = 0.25
"""The shortest time between two words to a page: what a bulk decision changes is told together."""

RETRY_MS = 2000
"""How long a browser waits before it connects again."""


class QueueNews:
    """Fan out what is heard of the queue to this process's open pages, by one listener.

    It listens for as long as a page is open. Lives in the event loop alone.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._pages: set[asyncio.Event] = set()
        self._listener: asyncio.Task[None] | None = None

    @contextmanager
    def follow(self) -> Iterator[asyncio.Event]:
        """Open a page's stream; the event is set when there is something new."""
        page = asyncio.Event()
        self._pages.add(page)
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        try:
            yield page
        finally:
            self._pages.discard(page)
            if not self._pages:
                self._listener.cancel()
                self._listener = None

    async def _listen(self) -> None:
        async with aclosing(self._events.listen([REVIEWS_TOPIC])) as heard:
            async for _ in heard:
                for page in self._pages:
                    page.set()


@private.get("/queue/events", response_class=EventSourceResponse)
async def events(
    request: Request, console: TheConsole, visitor: ConsoleViewer
) -> AsyncIterator[ServerSentEvent]:
    """Say `queue` when the queue changed, and `out` when the visitor is signed in no more."""
    hub: Hub = request.app.state.web.hub
    yield ServerSentEvent(comment="hello", retry=RETRY_MS)
    with console.news.follow() as page:
        told_at = time.monotonic()
        while not hub.is_closed:
            with anyio.move_on_after(BEAT_S):
                await page.wait()
            if not page.is_set() and time.monotonic() - told_at < LOOK_S:
                continue
            page.clear()
            if not await to_thread.run_sync(is_still_in, console, visitor):
                yield ServerSentEvent(event="out", data="")
                return
            yield ServerSentEvent(event="queue", data="")
            told_at = time.monotonic()
            await anyio.sleep(TELL_S)
