"""Answer the moderators' channel: its page, stream and posts, and the buttons of an item's card.

Whoever may not review, whatever the reason, learns only that there is no such page. The role is
asked for at each request, and by an open stream before each thing that it sends.
"""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Annotated, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Header, Query, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.replies import Action, Reply, ReplyKind
from bot.replies import Form as ReplyForm
from bot.usecases import review
from bot.usecases.actions import press
from bot.web_app import chat, stream, verify_asked
from bot.web_app.context import TheWeb, Web
from bot.web_app.revealing import Tickets, plainly, squares, standing_picture
from bot.web_app.session import COOKIE
from core.contracts.actors import Actor
from core.contracts.chat import ChatMessage
from core.contracts.ids import JobId, VerifyId, new_id
from core.contracts.jobs import Picture
from core.contracts.reviews import ReviewId
from core.errors import NotFound, UserError

BASE: Final = "/moderators"

SAID_HERE: Final = (
    "review",
    "verify",
    "policy",
    "standing",
    "sanction",
    "pardon",
    "transparency",
    "help",
)
"""What moderators type in their channel; what draws or shows pictures belongs to the chat."""

FIELDS_MOST: Final = 4
_SALT: Final = "easel.moderators.picture"

router = APIRouter(prefix=BASE)
items = APIRouter()
"""The cards' buttons and pictures: at `/items` for the chat's page, and below BASE for this one's.
Both do the same; they differ in whose page the answer is for."""


async def _reviewer(request: Request, web: TheWeb) -> Actor:
    session = web.sessions.read(request.cookies.get(COOKIE))
    actor = None if session is None else web.sessions.actor(session)
    if actor is None or not await to_thread.run_sync(review.may_review, web.services, actor):
        raise NotFound("page_not_found")
    return actor


async def _moderators(request: Request) -> Web:
    web = request.app.state.moderators
    if not isinstance(web, Web):
        raise TypeError("create_app sets the state")
    return web


async def _here(request: Request, web: TheWeb) -> Web:
    """Tell which page a card stands on."""
    return await _moderators(request) if request.url.path.startswith(f"{BASE}/") else web


Reviewer = Annotated[Actor, Depends(_reviewer)]
TheModerators = Annotated[Web, Depends(_moderators)]
Here = Annotated[Web, Depends(_here)]


@router.get("")
async def page(web: TheModerators, viewer: Reviewer) -> Response:
    """Show the channel."""
    return HTMLResponse(await to_thread.run_sync(chat.page_of, web, viewer))


@router.get("/events", response_class=EventSourceResponse)
async def events(
    request: Request,
    web: TheModerators,
    viewer: Reviewer,
    after: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """Follow the channel for as long as the viewer may."""
    session = web.sessions.read(request.cookies.get(COOKIE))

    def may_go_on() -> bool:
        return session is not None and review.may_review(web.services, web.sessions.actor(session))

    yield ServerSentEvent(comment="hello", retry=stream.RETRY_MS)
    revision = stream.revision_of(after, last_event_id)
    async for event in stream.follow(web, viewer, revision, may_go_on):
        yield event


@router.post("/say")
async def say(
    request: Request, web: TheModerators, viewer: Reviewer, text: Annotated[str, Form()] = ""
) -> Response:
    """Run what a moderator typed, if it is theirs."""
    word = text.split(maxsplit=1)[0].lower() if text.strip() else ""
    if not word:
        return Response(status_code=204)
    if word.startswith("/") and word[1:] not in SAID_HERE:
        allowed = [f"/{each}" for each in SAID_HERE]
        raise UserError("command_elsewhere", value=word[:40], allowed=allowed)
    return await chat.answer(request, web, partial(chat.say_there, web, viewer, text.strip()))


@router.post("/say/verify")
async def verify_file(request: Request, web: TheModerators, viewer: Reviewer) -> Response:
    """Look at a file that a moderator brought along with `/verify`."""
    return await verify_asked.answer_file(request, web, viewer)


@router.post("/messages/{key}/dismiss")
async def dismiss(request: Request, web: TheModerators, viewer: Reviewer, key: str) -> Response:
    """Take a private answer off the viewer's page for good."""
    return await chat.answer(request, web, partial(chat.dismiss_there, web, viewer, key))


@items.post("/items/{item_id}/{action}")
async def act(
    request: Request, here: Here, viewer: Reviewer, item_id: ReviewId, action: Action
) -> Response:
    """Do what a card's button says, or open its form."""
    if action not in review.ACTIONS:
        raise NotFound("page_not_found")
    async with request.form(max_files=0, max_fields=FIELDS_MOST) as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    outcome = await to_thread.run_sync(
        partial(_press, here, viewer, item_id, action, fields or None),
        limiter=request.app.state.commands,
    )
    if isinstance(outcome, ReplyForm):
        return HTMLResponse(here.renderer.sheet(outcome))
    if outcome.kind is ReplyKind.ERROR:  # Told to who pressed, and to nobody else.
        # A form stays open and says so.
        return HTMLResponse(here.renderer.passing(outcome), status_code=422 if fields else 200)
    if action is Action.REVIEW_REVEAL:
        return HTMLResponse(here.renderer.revealed(outcome, _tickets(here, viewer, outcome)))
    if outcome.item is None:
        return HTMLResponse(here.renderer.passing(outcome))
    moderators = await _moderators(request)
    answer = await chat.answer(
        request, here, partial(_write, here, moderators, viewer, item_id, outcome)
    )
    moderators.hub.announce()
    return answer


@items.get("/items/{item_id}/pictures/{verify_id}")
async def covered(here: Here, viewer: Reviewer, item_id: ReviewId, verify_id: VerifyId) -> Response:
    """Serve what is left of a picture without its detail and colour."""
    small = await to_thread.run_sync(_covered, here, viewer, item_id, verify_id)
    return Response(small, media_type="image/png")


@items.get("/items/revealed/{ticket}")
async def revealed(here: Here, viewer: Reviewer, ticket: str) -> Response:
    """Serve a revealed picture to whom it was revealed, for a minute."""
    return plainly(*await to_thread.run_sync(_revealed, here, viewer, ticket))


def _press(
    web: Web, viewer: Actor, item_id: ReviewId, action: Action, fields: Mapping[str, str] | None
) -> Reply | ReplyForm:
    address = web.channel.address(new_id())
    return press(web.services, viewer, action, JobId(""), address, fields=fields, item=item_id)


def _write(
    here: Web, moderators: Web, viewer: Actor, item_id: ReviewId, reply: Reply
) -> tuple[Actor, list[ChatMessage]]:
    """Edit the item's cards at once; the loop would do it a moment later."""
    with here.services.store.reading() as unit:
        item = unit.reviews.get(item_id)
    public = moderators.cards.post(item, review.card(here.services, item))
    own = here.cards.edit(viewer, item, reply)
    if public is not None and here.base == moderators.base:
        own.append(public)
    return viewer, own


def _tickets(web: Web, viewer: Actor, reply: Reply) -> list[str]:
    if reply.item is None:
        return []
    ids = [each.verify_id for each in reply.pictures]
    given = Tickets(web.services, _SALT).give(viewer.member_id, reply.item, ids)
    return [f"{web.base}/items/revealed/{ticket}" for ticket in given]


def _covered(web: Web, viewer: Actor, item_id: ReviewId, verify_id: VerifyId) -> bytes:
    return squares(web.services.held.read(_standing(web, viewer, item_id, verify_id)))


def _revealed(web: Web, viewer: Actor, ticket: str) -> tuple[Picture, bytes]:
    item_id, verify_id = Tickets(web.services, _SALT).read(ticket, viewer.member_id)
    picture = _standing(web, viewer, item_id, verify_id)
    return picture, web.services.held.read(picture)


def _standing(web: Web, viewer: Actor, item_id: ReviewId, verify_id: VerifyId) -> Picture:
    """Find a picture of an item of the viewer's community that nobody deleted.

    Raises:
        NotFound: `picture_not_found`, `review_not_found`.
    """
    item = web.services.desk.look(viewer, item_id)
    return standing_picture(web.services, item, verify_id)
