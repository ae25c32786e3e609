"""Put the web app together and run it."""

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import anyio
import structlog
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from bot import wording
from bot.bootstrap import Services, build_services
from bot.delivery import deliver_forever
from bot.label_watch import watch_labels_forever
from bot.member_delivery import tell_members_forever
from bot.platform_settings import LabelCheckSettings
from bot.review_cards import keep_cards_forever
from bot.web_app import (
    buttons,
    chat,
    health,
    moderators,
    mydata,
    pictures,
    stream,
    verify_asked,
    verify_page,
)
from bot.web_app.channel import Channel
from bot.web_app.console import faults
from bot.web_app.console.rooms import open_console
from bot.web_app.context import Web
from bot.web_app.hub import Hub
from bot.web_app.item_cards import ChannelCards, ItemCards
from bot.web_app.poster import ChannelPoster, ChannelTeller
from bot.web_app.render import STATIC, Renderer
from bot.web_app.security import (
    HEADERS,
    LOOPBACK_HOSTS,
    KnownHosts,
    SameOriginPosts,
    SecurityHeaders,
)
from bot.web_app.session import Sessions
from bot.web_app.settling import settle_forever
from core.contracts.actors import Platform
from core.contracts.ids import ChannelId, CommunityId
from core.errors import AppError, NotFound, Unavailable, UserError
from core.settings import PLACEHOLDER_SECRET, ConsoleSettings, CoreSettings, WebSettings
from core.telemetry import configure_logging

log = structlog.get_logger()

_PARTS = (
    chat,
    verify_asked,
    buttons,
    stream,
    pictures,
    mydata,
    verify_page,
    health,
    moderators,
)

COMMANDS_AT_ONCE = 2
"""Commands under way at a time. Python runs one thread at a time and SQLite takes one writer, so
more threads only take turns from each other: at 50 requests a second the slowest hundredth took
2.2 s with 40, 0.5 s with 8 and 0.26 s with 2. The others wait in the event loop, which is free."""

SHUTDOWN_S = 3
"""Open streams are ended at once; this bounds what a slow download may take at the end."""


def create_app(
    services: Services, settings: WebSettings, console: ConsoleSettings | None = None
) -> FastAPI:
    """Build the app over what it works with; nothing is contacted before it is started."""
    web = _parts(services, settings)
    # No generated pages: they would load scripts from elsewhere, and there is no API to describe.
    app = FastAPI(
        title="Easel", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.web = web
    app.state.moderators = _moderators_parts(web, settings)
    app.state.label_checks = LabelCheckSettings.model_construct()
    for part in _PARTS:
        app.include_router(part.router)
    for base in ("", moderators.BASE):
        app.include_router(moderators.items, prefix=base)
    # Without settings of its own, the console is as its defaults say: no platform is set up.
    open_console(
        app, services, settings, console or ConsoleSettings.model_construct(), web.sessions
    )
    app.mount("/static", _Static(directory=STATIC), name="static")
    app.add_exception_handler(AppError, _on_error)
    app.add_exception_handler(HTTPException, _on_error)
    app.add_exception_handler(RequestValidationError, _on_error)
    app.add_exception_handler(Exception, _on_bug)
    # The last one added is the outermost.
    app.add_middleware(SameOriginPosts)
    app.add_middleware(KnownHosts, hosts=_hosts(settings))
    app.add_middleware(SecurityHeaders)
    return app


def serve(core: CoreSettings, settings: WebSettings) -> None:
    """Run the web app in this process until it is told to end (`easel web`)."""
    configure_logging(core, "web")
    services = build_services(core)
    services.store.migrate()
    app = create_app(services, settings, ConsoleSettings())
    app.state.label_checks = LabelCheckSettings()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        # The app logs by itself; uvicorn's access log would write down one-time links.
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    if core.secret_key.get_secret_value() == PLACEHOLDER_SECRET:
        log.warning("sessions_can_be_forged", setting="EASEL_SECRET_KEY")
    log.info("web_starting", host=settings.host, port=settings.port)
    ChatServer(config, app.state.web.hub, app.state.moderators.hub).run()


class ChatServer(uvicorn.Server):
    """End the open streams first: uvicorn would wait for them until its time is over."""

    def __init__(self, config: uvicorn.Config, *hubs: Hub) -> None:
        super().__init__(config)
        self._hubs = hubs

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then do as uvicorn does."""
        for hub in self._hubs:
            hub.close()
        await super().shutdown(sockets)


class _Static(StaticFiles):
    """Let browsers keep the page's own files but ask whether they are still the same."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:  # Passed on as they come.
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _parts(services: Services, settings: WebSettings) -> Web:
    community_id = CommunityId(settings.community)
    channel = Channel(services.store, services.clock, community_id, ChannelId(settings.channel))
    has_previews = services.gate.policy.previews == "requester"
    return Web(
        services=services,
        channel=channel,
        hub=Hub(channel, services.events, has_previews=has_previews),
        renderer=Renderer(settings.community, settings.channel, settings.moderators_channel),
        sessions=Sessions(services.settings.secret_key.get_secret_value(), community_id),
        cards=ItemCards(services.store, services.clock, channel.channel_id),
    )


def _moderators_parts(web: Web, settings: WebSettings) -> Web:
    """Make the moderators' channel: another channel and hub over the same record."""
    services, channel_id = web.services, ChannelId(settings.moderators_channel)
    channel = Channel(services.store, services.clock, web.channel.community_id, channel_id)
    names = (settings.community, settings.channel, settings.moderators_channel)
    return replace(
        web,
        channel=channel,
        hub=Hub(channel, services.events, has_previews=False),
        renderer=Renderer(*names, base=moderators.BASE),
        cards=ItemCards(services.store, services.clock, channel_id),
        base=moderators.BASE,
    )


def _hosts(settings: WebSettings) -> frozenset[str]:
    """Name the hosts to answer to: on loopback only loopback's own names and the public one."""
    public = urlsplit(settings.public_url).hostname
    if settings.host in LOOPBACK_HOSTS:
        return LOOPBACK_HOSTS | ({public} if public else set())
    return frozenset({public}) if public else frozenset()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Follow the channel and deliver its notices for as long as the app runs."""
    web: Web = app.state.web
    queue: Web = app.state.moderators
    app.state.commands = anyio.CapacityLimiter(COMMANDS_AT_ONCE)
    owner = f"web:{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    poster = ChannelPoster(web.channel, web.hub)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(web.hub.run)
        tasks.start_soon(queue.hub.run)
        tasks.start_soon(deliver_forever, web.services, Platform.WEB, poster, owner)
        tasks.start_soon(settle_forever, web.services)
        tasks.start_soon(watch_labels_forever, web.services, app.state.label_checks)
        teller = ChannelTeller(web.channel, web.hub)
        tasks.start_soon(tell_members_forever, web.services, Platform.WEB, teller, owner)
        cards, community_id = ChannelCards(queue.cards, queue.hub), web.channel.community_id
        tasks.start_soon(keep_cards_forever, web.services, Platform.WEB, community_id, cards)
        yield
        web.hub.close()
        queue.hub.close()
        tasks.cancel_scope.cancel()


async def _on_error(request: Request, error: Exception) -> Response:
    """Answer an expected error with its sentence."""
    known = _as_app_error(error)
    if faults.is_console(request):
        return faults.answer(request, request.app.state.console.frame, known)
    return _error_response(request, known, _status_of(known))


async def _on_bug(request: Request, error: Exception) -> Response:
    """Answer a bug with a plain sentence; what happened is in the log, not on the page."""
    log.error("request_failed", path=request.url.path, exc_info=error)
    known = AppError("internal_error")
    if faults.is_console(request):
        response = faults.answer(request, request.app.state.console.frame, known)
    else:
        response = _error_response(request, known, 500)
    response.headers.update(HEADERS)  # This handler lies outside of the app's own layers.
    return response


def _as_app_error(error: Exception) -> AppError:
    if isinstance(error, AppError):
        return error
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.NOT_FOUND:
        return NotFound("page_not_found")
    return UserError("request_invalid")


def _status_of(error: AppError) -> int:
    if isinstance(error, NotFound):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, Unavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    is_stranger = error.code == "session_missing"
    return HTTPStatus.UNAUTHORIZED if is_stranger else HTTPStatus.BAD_REQUEST


def _error_response(request: Request, error: AppError, status: int) -> Response:
    """Say it as a passing note to htmx, as a page to a browser that came here."""
    renderer: Renderer = request.app.state.web.renderer
    reply = wording.error(error)
    is_part = "hx-request" in request.headers
    html = renderer.passing(reply) if is_part else renderer.fault(reply)
    return HTMLResponse(html, status_code=status)
