"""Show the moderators' queue: the list, the item that is open, and what is known about it.

Reading changes nothing. A browser without scripts gets whole pages; with them, parts of the page.
What is searched for comes by a POST, because it quotes prompts and belongs in no address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Query, Request, Response

from bot.replies import Reply
from bot.web_app.console.door import ConsoleViewer, Visitor
from bot.web_app.console.frame import Note
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.console.queue_asked import Asked
from bot.web_app.console.queue_view import (
    QUEUE,
    Listed,
    Shown,
    Standing,
    entry_of,
    shown,
    standing_of,
)
from bot.wording import console_queue as words
from core.contracts.ids import ChannelId
from core.contracts.jobs import Picture
from core.contracts.reviews import UNDECIDED, ReviewId, ReviewItem
from moderation.policy import Policy

private = APIRouter()


@dataclass(frozen=True, slots=True)
class Beside:
    """What a whole page says beside its item, for a browser without scripts."""

    fault: Reply | None = None
    """Why the last act did not happen."""
    status: int = 200
    revealed: Sequence[tuple[Picture, str]] = ()
    """Pictures that were revealed, with the addresses that show them."""


@private.get("/queue")
async def queue(
    request: Request, console: TheConsole, visitor: ConsoleViewer, asked: Annotated[Asked, Query()]
) -> Response:
    """Show the queue, with an item open if one is named."""
    return await page(request, console, visitor, asked)


@private.post("/queue")
async def search(
    request: Request, console: TheConsole, visitor: ConsoleViewer, asked: Annotated[Asked, Form()]
) -> Response:
    """List what a form asks for: as a part of the page, or as a page."""
    if "hx-request" not in request.headers:
        return await page(request, console, visitor, asked)
    listed = await to_thread.run_sync(listed_for, console, visitor, asked)
    return console.frame.part(visitor, "queue_list.html", listed=listed, words=words)


@private.get("/queue/items/{item_id}")
async def item(
    request: Request, console: TheConsole, visitor: ConsoleViewer, item_id: ReviewId
) -> Response:
    """Show one item and what is known about it."""
    if "hx-request" not in request.headers:
        return await page(request, console, visitor, Asked(item=item_id))
    opened = await to_thread.run_sync(shown_for, console, visitor, item_id)
    return console.frame.part(
        visitor, "queue_item.html", shown=opened, standing=opened.standing, revealed=[], words=words
    )


@private.get("/queue/items/{item_id}/standing")
async def standing(
    console: TheConsole,
    visitor: ConsoleViewer,
    item_id: ReviewId,
    revision: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Say how an item stands; nothing, where the page knows that already.

    A page knows the item's revision and whether it was claimed: a claim ends without a change.
    """
    stands = await to_thread.run_sync(stands_for, console, visitor, item_id)
    if revision == f"{stands.item.revision}.{int(stands.is_claimed)}":
        return Response(status_code=204)
    return console.frame.part(visitor, "queue_acted.html", standing=stands, words=words)


@private.post("/queue/next")
async def next_item(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    after: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Claim the most urgent item that the visitor may decide, and open it."""
    found = await to_thread.run_sync(_next, console, visitor, after)
    if found is None:
        note = Note.of("queue_paused" if visitor.settings.is_paused else "queue_done")
        if "hx-request" not in request.headers:
            return console.frame.back(request, QUEUE, note)
        response = console.frame.part(visitor, "queue_none.html", note=note)
        response.headers["HX-Reswap"] = "none"
        return response
    if "hx-request" not in request.headers:
        return console.frame.back(request, f"{QUEUE}?item={found.item_id}")
    opened = await to_thread.run_sync(shown_for, console, visitor, found.item_id)
    return console.frame.part(
        visitor, "queue_item.html", shown=opened, standing=opened.standing, revealed=[], words=words
    )


async def page(
    request: Request,
    console: Console,
    visitor: Visitor,
    asked: Asked,
    beside: Beside | None = None,
) -> Response:
    """Make the whole page."""
    beside = beside or Beside()
    work = partial(_page, console, visitor, asked, beside.fault)
    listed, opened, policy = await to_thread.run_sync(work)
    return console.frame.page(
        request,
        visitor,
        "queue.html",
        status=beside.status,
        listed=listed,
        shown=opened,
        standing=opened.standing if opened else None,
        revealed=beside.revealed,
        policy=policy,
        words=words,
    )


def _page(
    console: Console, visitor: Visitor, asked: Asked, fault: Reply | None
) -> tuple[Listed, Shown | None, Policy]:
    listed = listed_for(console, visitor, asked)
    opened = None
    if asked.item:
        opened = shown_for(console, visitor, ReviewId(asked.item), fault=fault)
    return listed, opened, _policy(console)


def _policy(console: Console) -> Policy:
    return console.services.gates.of(console.community_id, ChannelId("")).policy


def listed_for(console: Console, visitor: Visitor, asked: Asked) -> Listed:
    """Read one page of the list; the number of queries does not grow with the queue."""
    services = console.services
    found = services.desk.page(
        visitor.actor,
        asked.for_visitor(visitor),
        asked.sorted_by,
        after=asked.last,
        limit=asked.limit + 1,
    )
    with services.store.reading() as unit:
        counts = unit.reviews.counts(console.community_id)
    now, policy = services.clock(), _policy(console)
    return Listed(
        entries=[entry_of(each, policy, visitor, now) for each in found[: asked.limit]],
        has_more=len(found) > asked.limit,
        waiting=sum(count for (state, _), count in counts.items() if state in UNDECIDED),
        asked=asked,
        is_first=not asked.after,
    )


def shown_for(
    console: Console, visitor: Visitor, item_id: ReviewId, *, fault: Reply | None = None
) -> Shown:
    """Read one item with everything that is known about it.

    Raises:
        AppError: as `ReviewDesk.context`.
    """
    services = console.services
    context = services.desk.context(visitor.actor, item_id)
    alike = services.desk.alike(visitor.actor, item_id)
    stands = standing_of(services, context.item, visitor, fault=fault)
    return shown(services, context, alike, visitor, stands)


def stands_for(
    console: Console, visitor: Visitor, item_id: ReviewId, *, fault: Reply | None = None
) -> Standing:
    """Read how an item stands.

    Raises:
        AppError: as `ReviewDesk.look`.
    """
    item = console.services.desk.look(visitor.actor, item_id)
    return standing_of(console.services, item, visitor, fault=fault)


def _next(console: Console, visitor: Visitor, after: str) -> ReviewItem | None:
    """Find the next one; after the last, begin anew: earlier ones may be free again."""
    desk, actor = console.services.desk, visitor.actor
    found = desk.next_item(actor, after=ReviewId(after)) if after else None
    return found or desk.next_item(actor)
