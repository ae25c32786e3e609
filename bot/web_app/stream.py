"""Stream the channel to an open page: changed messages with their revision, and live progress.

Each message event carries its revision as the event's id. A browser that lost the connection
sends it back as Last-Event-ID and misses nothing; progress has no id, since only its latest state
counts and a new stream begins with that.
"""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.web_app.channel import CHANGES_MOST
from bot.web_app.context import TheWeb, Viewer, Web
from bot.web_app.live import Live
from core.contracts.actors import Actor

RETRY_MS = 1000
"""How long a browser waits before it connects again; its own default is about 3 s."""

router = APIRouter()


@router.get("/events", response_class=EventSourceResponse)
async def events(
    web: TheWeb,
    viewer: Viewer,
    after: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """Follow the channel from a revision on."""
    yield ServerSentEvent(comment="hello", retry=RETRY_MS)
    revision = revision_of(after, last_event_id)
    async for event in follow(web, viewer, revision):
        yield event


def revision_of(after: int, last_event_id: str) -> int:
    """Tell from where on a page follows.

    A browser that reconnects repeats the address of its first connection: the header is newer.
    """
    return max(after, int(last_event_id) if last_event_id.isdecimal() else 0)


async def follow(
    web: Web,
    viewer: Actor,
    revision: int,
    may_go_on: Callable[[], bool] | None = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream a channel; where somebody may lose the right to it, `may_go_on` asks each time."""
    with web.hub.subscribe() as page:
        while True:
            is_changed, live = await page.news()
            if page.is_closed:
                return
            if may_go_on is not None and not await to_thread.run_sync(may_go_on):
                return
            if is_changed:
                changes = await to_thread.run_sync(_changes, web, viewer, revision)
                if changes is None:
                    yield ServerSentEvent(event="reset", data="")
                    return
                for event in changes:
                    yield event
                    revision = int(event.id or revision)
            for each in live:
                yield _progress(each, viewer)


def _changes(web: Web, viewer: Actor, revision: int) -> list[ServerSentEvent] | None:
    """Read and render what changed for a viewer, one event a message.

    None means that the page should load anew: it was away for long, or it knows a revision that
    this record never had.
    """
    newest, messages = web.channel.changes_after(revision, viewer)
    if newest < revision or len(messages) >= CHANGES_MOST:
        return None
    return [
        ServerSentEvent(
            event="message", raw_data=web.html_of([message], viewer), id=str(message.revision)
        )
        for message in messages
    ]


def _progress(live: Live, viewer: Actor) -> ServerSentEvent:
    return ServerSentEvent(
        event="progress",
        data={
            "job": live.job.job_id,
            "line": live.line,
            "done": live.done,
            "total": live.total,
            "preview": live.preview_url(viewer),
        },
    )
