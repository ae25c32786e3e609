"""List the console's pages and open the console on the web app."""

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import RedirectResponse

from bot.bootstrap import Services
from bot.floods import Flood
from bot.web_app.console import (
    account,
    arrivals,
    audit,
    entry,
    policy,
    policy_acts,
    queue,
    queue_acts,
    queue_live,
    queue_pictures,
    sanctions,
    statistics,
)
from bot.web_app.console.begun import BegunCookies
from bot.web_app.console.door import guards
from bot.web_app.console.frame import HOME, Frame
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.console.platforms import platforms_of
from bot.web_app.console.queue_live import QueueNews
from bot.web_app.session import Sessions
from core.contracts.ids import CommunityId
from core.settings import ConsoleSettings, WebSettings

PUBLIC: tuple[APIRouter, ...] = (entry.public, arrivals.public)
"""The few routes that nobody need be signed in for."""

PRIVATE: tuple[APIRouter, ...] = (
    entry.private,
    account.private,
    queue.private,
    queue_acts.private,
    queue_live.private,
    queue_pictures.private,
    policy.private,
    policy_acts.private,
    sanctions.private,
    audit.private,
    statistics.private,
)
"""Every other page: all stand behind `door.guards`."""

start = APIRouter()


@start.get(HOME)
async def first_page(console: TheConsole) -> Response:
    """Lead to the first page of the navigation; a note on the way stays for it."""
    return RedirectResponse(console.frame.tabs[0].path, status_code=303)


def open_console(
    app: FastAPI,
    services: Services,
    web: WebSettings,
    settings: ConsoleSettings,
    members: Sessions,
) -> None:
    """Add the console's routes and parts to the app."""
    app.include_router(start, dependencies=list(guards))
    for router in PUBLIC:
        app.include_router(router, prefix=HOME)
    for router in PRIVATE:
        app.include_router(router, prefix=HOME, dependencies=list(guards))
    app.state.console = _parts(services, web, settings, members)


def _parts(
    services: Services, web: WebSettings, settings: ConsoleSettings, members: Sessions
) -> Console:
    paths = {f"{HOME}{route.path}" for router in PRIVATE for route in router.routes}  # type: ignore[attr-defined]
    secret_key = services.settings.secret_key.get_secret_value()
    is_secure = web.url.startswith("https://")
    return Console(
        services=services,
        settings=settings,
        community_id=CommunityId(web.community),
        public_url=web.url,
        frame=Frame(secret_key, web.community, frozenset(paths), is_secure=is_secure),
        members=members,
        tries=Flood("console", services.events, secret_key.encode(), services.clock),
        begun=BegunCookies(secret_key, is_secure=is_secure),
        platforms=platforms_of(settings, web.url),
        news=QueueNews(services.events),
    )
