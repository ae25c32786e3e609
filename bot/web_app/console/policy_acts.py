"""Try one version of the policy, and put it in force or in shadow where the policy lets one."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response

from bot import wording
from bot.replies import Reply
from bot.usecases import policy_changes, policy_drafts
from bot.usecases.policy import days_of
from bot.web_app.console import policy_view
from bot.web_app.console.door import ConsoleViewer, Visitor
from bot.web_app.console.faults import status_of
from bot.web_app.console.frame import Note
from bot.web_app.console.notes import said
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.console.policy_view import POLICY, Tried
from bot.wording import console_policy as words
from core.errors import UserError

private = APIRouter()

DAYS = policy_drafts.REPLAY_DAYS


@private.get("/policy/versions/{number}")
async def version(
    request: Request, console: TheConsole, visitor: ConsoleViewer, number: str
) -> Response:
    """Show a version, what it would change, and what can be done with it."""
    return await _page(request, console, visitor, number)


@private.post("/policy/versions/{number}/test")
async def test(
    request: Request, console: TheConsole, visitor: ConsoleViewer, number: str
) -> Response:
    """Hold the version to its rules' examples."""
    return await _tried(request, console, visitor, number, policy_view.tested)


@private.post("/policy/versions/{number}/replay")
async def replay(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    number: str,
    days: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Decide again under the version what was asked lately."""

    def work(console: Console, visitor: Visitor, number: str) -> Tried:
        return policy_view.replayed(console, visitor, number, days_of(days.strip()))

    return await _tried(request, console, visitor, number, work, days=days)


@private.post("/policy/versions/{number}/shadow")
async def shadow(
    request: Request, console: TheConsole, visitor: ConsoleViewer, number: str
) -> Response:
    """Let the version be asked beside the one in force."""
    return await _done(request, console, visitor, number, _shadow)


@private.post("/policy/shadow/off")
async def shadow_off(request: Request, console: TheConsole, visitor: ConsoleViewer) -> Response:
    """Let none be asked beside it."""
    await to_thread.run_sync(_shadow_off, console, visitor)
    return console.frame.back(request, POLICY, Note.of("policy_unshadowed"))


@private.post("/policy/versions/{number}/activate")
async def activate(
    request: Request, console: TheConsole, visitor: ConsoleViewer, number: str
) -> Response:
    """Put the version in force."""
    return await _done(request, console, visitor, number, _activate)


@private.post("/policy/rollback")
async def roll_back(request: Request, console: TheConsole, visitor: ConsoleViewer) -> Response:
    """Put in force again what was before."""
    reply = await to_thread.run_sync(_roll_back, console, visitor)
    return console.frame.back(request, POLICY, said(reply))


async def _tried(
    request: Request,
    console: Console,
    visitor: Visitor,
    number: str,
    work: Callable[[Console, Visitor, str], Tried],
    *,
    days: str = "",
) -> Response:
    """Show the version's page with what came of a try, or with what was wrong about it."""
    try:
        tried, status = await to_thread.run_sync(work, console, visitor, number), 200
    except UserError as error:
        if error.code == "policy_not_permitted":
            raise
        tried, status = policy_view.wrong(error), status_of(error)
    return await _page(request, console, visitor, number, tried=tried, days=days, status=status)


async def _done(
    request: Request,
    console: Console,
    visitor: Visitor,
    number: str,
    work: Callable[[Console, Visitor, str], Reply],
) -> Response:
    """Lead back to the policy, or show the version's page with why it was not done."""
    try:
        reply = await to_thread.run_sync(work, console, visitor, number)
    except UserError as error:
        if error.code == "policy_not_permitted":
            raise
        tried, status = policy_view.wrong(error), status_of(error)
        return await _page(request, console, visitor, number, tried=tried, status=status)
    return console.frame.back(request, POLICY, said(reply))


async def _page(  # noqa: PLR0913 - what was tried comes with the page.
    request: Request,
    console: Console,
    visitor: Visitor,
    number: str,
    *,
    tried: Tried | None = None,
    days: str = "",
    status: int = 200,
) -> Response:
    work = partial(policy_view.one_version, console, visitor, number, tried)
    seen = await to_thread.run_sync(work)
    return console.frame.page(
        request,
        visitor,
        "policy_version.html",
        status=status,
        seen=seen,
        days=days or DAYS,
        words=words,
    )


def _shadow(console: Console, visitor: Visitor, number: str) -> Reply:
    desk = policy_view.desk_of(console, visitor, "propose")
    version = desk.version(number)
    policy_drafts.put_in_shadow(desk, version)
    return wording.policy_shadowed(version, 0, (), is_new=True)


def _shadow_off(console: Console, visitor: Visitor) -> None:
    policy_drafts.put_in_shadow(policy_view.desk_of(console, visitor, "propose"), None)


def _activate(console: Console, visitor: Visitor, number: str) -> Reply:
    desk = policy_view.desk_of(console, visitor, "activate")
    version = desk.version(number)
    loosens = policy_changes.activate(desk, version)
    return wording.policy_activated(version, loosens, back=False)


def _roll_back(console: Console, visitor: Visitor) -> Reply:
    desk = policy_view.desk_of(console, visitor, "activate")
    return wording.policy_activated(policy_changes.roll_back(desk), (), back=True)
