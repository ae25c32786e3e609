"""Hand every route what it works with, and say who is looking."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from bot.bootstrap import Services
from bot.replies import ReplyKind
from bot.web_app.channel import Channel
from bot.web_app.hub import Hub
from bot.web_app.item_cards import ItemCards
from bot.web_app.live import Live
from bot.web_app.render import MessageView, Renderer, reply_of, view_of
from bot.web_app.session import COOKIE, Session, Sessions
from core.contracts.actors import Actor
from core.contracts.chat import ChatMessage
from core.contracts.ids import JobId
from core.errors import UserError


@dataclass(frozen=True, slots=True)
class Web:
    """The web app's parts, made once by `create_app`."""

    services: Services
    channel: Channel
    hub: Hub
    renderer: Renderer
    sessions: Sessions
    cards: ItemCards
    base: str = ""
    """What the addresses of its page and posts begin with."""

    def html_of(self, messages: Iterable[ChatMessage], viewer: Actor) -> str:
        """Render messages for a viewer; reads the record, so call it in a thread."""
        return self.renderer.messages(self.views(messages, viewer))

    def views(self, messages: Iterable[ChatMessage], viewer: Actor) -> list[MessageView]:
        """Decide what a viewer gets to see of some messages; reads the record too."""
        messages = list(messages)
        replies = [reply for reply in map(reply_of, messages) if reply]
        shown = {picture.verify_id for reply in replies for picture in reply.all_pictures}
        gone = self.channel.gone_among(shown) if shown else frozenset()
        live = self._live(reply.job_id for reply in replies if reply.kind is ReplyKind.PROGRESS)
        return [view_of(message, viewer, live, gone) for message in messages]

    def _live(self, job_ids: Iterable[JobId | None]) -> Mapping[JobId, Live]:
        """Say where jobs stand, also those of the last moment, which the hub has yet to see."""
        known = self.hub.live
        new = {job_id for job_id in job_ids if job_id and job_id not in known}
        return {**known, **{live.job.job_id: live for live in self.channel.waiting_among(new)}}


# Coroutines, although they wait for nothing: FastAPI would send plain functions through the
# thread pool, three hops a request.
async def _web(request: Request) -> Web:
    web = request.app.state.web
    if not isinstance(web, Web):
        raise TypeError("create_app sets the state")
    return web


async def _session(request: Request, web: Annotated[Web, Depends(_web)]) -> Session:
    session = web.sessions.read(request.cookies.get(COOKIE))
    if session is None:
        raise UserError("session_missing")
    return session


async def _viewer(
    session: Annotated[Session, Depends(_session)], web: Annotated[Web, Depends(_web)]
) -> Actor:
    return web.sessions.actor(session)


TheWeb = Annotated[Web, Depends(_web)]
"""A route's access to the app's parts."""

Viewer = Annotated[Actor, Depends(_viewer)]
"""Who is looking; a browser without a session is sent to the page, which gives it one."""
