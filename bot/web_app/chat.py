"""Answer a browser: the channel's page, what is typed and pressed there, a moderator's way in.

Every POST does its work and then answers with the messages it changed, for htmx to merge into the
page; a browser without scripts is sent back to the page instead.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.usecases import commands, review, suggest
from bot.web_app.context import TheWeb, Viewer, Web
from bot.web_app.session import COOKIE, COOKIE_MAX_AGE_S, ENTRY_MAX_AGE_S
from core.contracts.actors import Actor
from core.contracts.chat import ChatMessage
from core.contracts.reviews import ReviewFilter
from core.errors import UserError

router = APIRouter()


@router.get("/")
async def page(request: Request, web: TheWeb) -> Response:
    """Show the channel; a browser that was never here becomes a member."""
    session = web.sessions.read(request.cookies.get(COOKIE)) or web.sessions.new()
    response = HTMLResponse(await to_thread.run_sync(page_of, web, web.sessions.actor(session)))
    remember(request, response, web.sessions.write(session))
    return response


@router.post("/say")
async def say(
    request: Request, web: TheWeb, viewer: Viewer, text: Annotated[str, Form()] = ""
) -> Response:
    """Run what a member typed."""
    if not text.strip():
        return Response(status_code=204)
    return await answer(request, web, partial(say_there, web, viewer, text.strip()))


@router.post("/suggest")
async def suggestions(
    web: TheWeb,
    viewer: Viewer,
    text: Annotated[str, Form()] = "",
    cursor: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Offer what may come next. A POST, because what is typed belongs in no address or log."""
    found = await to_thread.run_sync(suggest.suggest, web.services, viewer, text, cursor)
    return HTMLResponse(web.renderer.suggestions(found))


@router.post("/messages/{key}/dismiss")
async def dismiss(request: Request, web: TheWeb, viewer: Viewer, key: str) -> Response:
    """Take a private answer off the viewer's page for good."""
    return await answer(request, web, partial(dismiss_there, web, viewer, key))


@router.get("/enter")
async def enter(
    request: Request, web: TheWeb, token: Annotated[str, Query(max_length=500)] = ""
) -> Response:
    """Let the bearer of a one-time link in as a moderator."""
    entry_id = web.sessions.read_entry(token)
    is_first = await to_thread.run_sync(
        web.services.events.claim, f"entry.{entry_id}", ENTRY_MAX_AGE_S
    )
    if not is_first:
        raise UserError("entry_link_used")
    session = web.sessions.read(request.cookies.get(COOKIE)) or web.sessions.new()
    promoted = web.sessions.promote(session, web.sessions.role_of(token))
    response = RedirectResponse("/", status_code=303)
    remember(request, response, web.sessions.write(promoted))
    return response


async def answer(
    request: Request, web: Web, work: Callable[[], tuple[Actor, list[ChatMessage]]]
) -> Response:
    """Do the work in a thread, tell every page, and answer with what changed."""
    html = await to_thread.run_sync(_work_and_render, web, work, limiter=request.app.state.commands)
    web.hub.announce()
    if "hx-request" not in request.headers:
        return RedirectResponse(web.base or "/", status_code=303)
    return HTMLResponse(html)


def _work_and_render(web: Web, work: Callable[[], tuple[Actor, list[ChatMessage]]]) -> str:
    viewer, messages = work()
    return web.html_of(messages, viewer)


def page_of(web: Web, viewer: Actor) -> str:
    """Render a channel's whole page."""
    revision, messages = web.channel.recent(viewer)
    return web.renderer.page(
        viewer, revision, web.views(messages, viewer), waiting=_waiting(web, viewer)
    )


def _waiting(web: Web, viewer: Actor) -> int | None:
    """Count what waits for moderators, for one of them."""
    if not review.may_review(web.services, viewer):
        return None
    with web.services.store.reading() as unit:
        return unit.reviews.count(viewer.community_id, ReviewFilter(), now=web.services.clock())


def say_there(web: Web, viewer: Actor, text: str) -> tuple[Actor, list[ChatMessage]]:
    """Run what was typed in a channel."""
    said_id = web.channel.say(viewer, text)
    reply = commands.run(web.services, viewer, text, web.channel.address(said_id))
    if reply.item is not None:
        return viewer, web.cards.show(viewer, said_id, reply)
    return viewer, web.channel.answer(viewer, said_id, reply)


def dismiss_there(web: Web, viewer: Actor, key: str) -> tuple[Actor, list[ChatMessage]]:
    """Take a private answer off a channel."""
    return viewer, web.channel.dismiss(viewer, key)


def remember(request: Request, response: Response, cookie: str) -> None:
    """Give the browser who it is; it is kept for half a year from now."""
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=COOKIE_MAX_AGE_S,
        httponly=True,
        samesite="lax",  # Strict would make a stranger of whoever follows a link to the chat.
        secure=request.url.scheme == "https",
    )
