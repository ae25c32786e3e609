"""Show a moderator their own account: what they want to see and hear, and where they are in."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response

from bot.web_app.console.door import ConsoleViewer, Visitor, idle_of
from bot.web_app.console.frame import HOME, Note
from bot.web_app.console.parts import Console, TheConsole
from core.contracts.console import ConsoleSession
from core.contracts.reviews import ModeratorSettings
from core.errors import NotFound

private = APIRouter()

ACCOUNT = f"{HOME}/account"


@private.get("/account")
async def account(request: Request, console: TheConsole, visitor: ConsoleViewer) -> Response:
    """Show settings and sessions."""
    sessions = await to_thread.run_sync(_sessions, console, visitor)
    return console.frame.page(
        request,
        visitor,
        "account.html",
        sessions=sessions,
        settings=visitor.settings,
        session_h=console.settings.session_h,
        idle_min=console.settings.idle_min,
    )


@private.post("/account/settings")
async def save_settings(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    *,
    always_blur: Annotated[bool, Form()] = False,
    sound: Annotated[bool, Form()] = False,
    is_paused: Annotated[bool, Form()] = False,
) -> Response:
    """Take what the visitor wants: a box that is not ticked is not sent."""
    settings = ModeratorSettings(always_blur=always_blur, sound=sound, is_paused=is_paused)
    await to_thread.run_sync(_save, console, visitor, settings)
    return console.frame.back(request, ACCOUNT, Note.of("settings_saved"))


@private.post("/account/sessions/{session_id}/end")
async def end_session(
    request: Request, console: TheConsole, visitor: ConsoleViewer, session_id: str
) -> Response:
    """End one of the visitor's other sessions."""
    await to_thread.run_sync(partial(_end, console, visitor, session_id))
    return console.frame.back(request, ACCOUNT, Note.of("session_ended"))


def _sessions(console: Console, visitor: Visitor) -> list[ConsoleSession]:
    session = visitor.session
    with console.services.store.reading() as unit:
        return unit.console_sessions.of_member(
            session.community_id,
            session.member_id,
            idle=idle_of(console),
            now=console.services.clock(),
        )


def _save(console: Console, visitor: Visitor, settings: ModeratorSettings) -> None:
    session = visitor.session
    with console.services.store.unit() as unit:
        unit.moderators.set_settings(session.community_id, session.member_id, settings)


def _end(console: Console, visitor: Visitor, session_id: str) -> None:
    session = visitor.session
    with console.services.store.unit() as unit:
        is_ended = unit.console_sessions.end(
            session.community_id, session.member_id, session_id, now=console.services.clock()
        )
    if not is_ended:
        raise NotFound("console_session_not_found")
