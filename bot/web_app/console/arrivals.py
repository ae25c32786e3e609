"""Send people to a platform to sign in, and take them in when it leads them back."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from bot.web_app.console.begun import begin
from bot.web_app.console.door import token_of
from bot.web_app.console.faults import answer
from bot.web_app.console.frame import Note, place
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.console.platforms import SignInPlatform
from bot.web_app.console.signing import remember, sign_in, user_agent_of
from bot.web_app.console.tries import counted
from core.errors import AppError, NotFound, UserError

public = APIRouter()


@public.get("/sign-in/{name}")
async def begin_sign_in(
    console: TheConsole,
    name: str,
    next_: Annotated[str, Query(alias="next", max_length=300)] = "",
) -> Response:
    """Lead to the platform. A GET: the page's policy lets no form lead to another site."""
    platform = _platform(console, name)
    begun = begin(platform.name, place(next_))
    address = await to_thread.run_sync(platform.address, begun)
    response = RedirectResponse(address, status_code=303)
    console.begun.write(response, begun)
    return response


@public.get("/sign-in/{name}/back")
async def finish_sign_in(
    request: Request,
    console: TheConsole,
    name: str,
    code: Annotated[str, Query(max_length=2000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Take in whom the platform vouches for; whatever comes of it, this answer is used up."""
    platform = _platform(console, name)
    try:
        await counted(request, console)
        response = await _taken_in(request, console, platform, (code, state, error))
    except AppError as fault:
        response = answer(request, console.frame, fault)
    console.begun.forget(response)
    return response


async def _taken_in(
    request: Request, console: Console, platform: SignInPlatform, said: tuple[str, str, str]
) -> Response:
    code, state, error = said
    begun = console.begun.read(request, platform.name, state)
    if begun is None:
        raise UserError("console_sign_in_stale")
    if error or not code:
        raise UserError("console_sign_in_refused", value=platform.label)
    person = await to_thread.run_sync(platform.person, code, begun)
    token = await to_thread.run_sync(
        partial(
            sign_in,
            console,
            person,
            old_token=token_of(request, console),
            browser=user_agent_of(request),
        )
    )
    response = console.frame.back(request, begun.next, Note.of("signed_in"))
    remember(console, response, token)
    return response


def _platform(console: Console, name: str) -> SignInPlatform:
    platform = console.platforms.get(name)
    if platform is None:
        raise NotFound("console_platform_unknown")
    return platform
