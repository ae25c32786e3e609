"""Open the console's door: the sign-in page, one-time links, and the way out."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from bot.web_app.chat import remember as remember_member
from bot.web_app.console.door import ConsoleViewer, recognise, token_of
from bot.web_app.console.faults import SIGN_IN
from bot.web_app.console.frame import HOME, Note, place
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.console.signing import (
    Person,
    forget,
    remember,
    sign_in,
    sign_out,
    user_agent_of,
)
from bot.web_app.console.tries import counted
from bot.web_app.session import COOKIE, ENTRY_MAX_AGE_S, Session
from core.errors import UserError
from core.settings import PLACEHOLDER_SECRET

public = APIRouter()
private = APIRouter()


@public.get("/sign-in")
async def sign_in_page(
    request: Request,
    console: TheConsole,
    next_: Annotated[str, Query(alias="next", max_length=300)] = "",
) -> Response:
    """Show the ways in; who is in already goes on."""
    known = await to_thread.run_sync(recognise, console, token_of(request, console))
    if known is not None:
        return RedirectResponse(place(next_), status_code=303)
    return console.frame.page(
        request,
        None,
        "sign_in.html",
        next=place(next_),
        providers=tuple(console.platforms.values()),
        has_links=console.settings.links,
    )


@public.get("/enter")
async def enter_page(
    request: Request, console: TheConsole, token: Annotated[str, Query(max_length=500)] = ""
) -> Response:
    """Ask who followed a one-time link to come in.

    Nothing is used up yet: chats and mail programs fetch the links that they show.
    """
    _check(console)
    console.members.read_entry(token)
    role = console.members.role_of(token)
    return console.frame.page(request, None, "enter.html", token=token, role=role.value)


@public.post("/enter", dependencies=[Depends(counted)])
async def enter(
    request: Request, console: TheConsole, token: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Let the bearer of a one-time link in, as the member of the chat that their browser is."""
    _check(console)
    member = console.members.read(request.cookies.get(COOKIE)) or console.members.new()
    work = partial(_enter, console, token, member, token_of(request, console), request)
    session_token = await to_thread.run_sync(work)
    response = console.frame.back(request, HOME, Note.of("signed_in"))
    remember(console, response, session_token)
    remember_member(request, response, console.members.write(member))
    return response


@private.post("/sign-out")
async def leave(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    *,
    everywhere: Annotated[bool, Form()] = False,
) -> Response:
    """End this session, or all of the visitor's."""
    await to_thread.run_sync(partial(sign_out, console, visitor, everywhere=everywhere))
    note = Note.of("signed_out_everywhere" if everywhere else "signed_out")
    response = console.frame.back(request, SIGN_IN, note)
    forget(console, response)
    return response


def _check(console: Console) -> None:
    """Refuse links where they are turned off, or where anybody could write one."""
    if not console.settings.links:
        raise UserError("console_links_off")
    if console.services.settings.secret_key.get_secret_value() == PLACEHOLDER_SECRET:
        raise UserError("console_secret_missing")


def _enter(console: Console, token: str, member: Session, old_token: str, request: Request) -> str:
    entry_id = console.members.read_entry(token)
    person = Person(
        member_id=member.member_id,
        display_name=member.name,
        role=console.members.role_of(token),
        provider="link",
        proof_id=entry_id,
    )
    # The chat takes the same links: whichever door it opened first, it opens no other.
    if not console.services.events.claim(f"entry.{entry_id}", ENTRY_MAX_AGE_S):
        raise UserError("entry_link_used")
    return sign_in(console, person, old_token=old_token, browser=user_agent_of(request))
