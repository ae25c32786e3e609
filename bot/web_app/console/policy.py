"""Show the community's policy and edit its part: nothing that is written here is in force by that.

The editor's forms answer with the page and the text as it was typed, so that nobody loses a draft
to a fault in it.
"""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Query, Request, Response

from bot.usecases import policy_drafts
from bot.web_app.console import policy_view
from bot.web_app.console.door import ConsoleViewer, Visitor
from bot.web_app.console.faults import status_of
from bot.web_app.console.frame import Note
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.console.policy_view import POLICY, Overview, Tried
from bot.wording.console_policy import DEEDS
from core.contracts.policies import PolicyVersion
from core.errors import UserError

private = APIRouter()

NOTE_MOST = 200

Source = Annotated[str, Form()]


@private.get("/policy")
async def policy(request: Request, console: TheConsole, visitor: ConsoleViewer) -> Response:
    """Show what is in force, what was proposed and done, and the editor."""
    seen = await to_thread.run_sync(policy_view.overview, console, visitor)
    return _page(request, console, visitor, seen)


@private.get("/policy/values")
async def values(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    path: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """List the effective policy's values, with the level that set each."""
    work = partial(policy_view.values, console, visitor, path.strip())
    rows, fault, status = [], None, 200
    try:
        rows = list(await to_thread.run_sync(work))
    except UserError as error:
        fault, status = policy_view.wrong(error), status_of(error)
    return console.frame.page(
        request, visitor, "policy_values.html", status=status, path=path, rows=rows, fault=fault
    )


@private.post("/policy/validate")
async def validate(
    request: Request, console: TheConsole, visitor: ConsoleViewer, source: Source = ""
) -> Response:
    """Say what is wrong with a text, or what it would change; nothing is kept."""
    tried = await to_thread.run_sync(partial(policy_view.checked, console, visitor, source))
    seen = await to_thread.run_sync(policy_view.overview, console, visitor)
    return _page(request, console, visitor, seen, source=source, tried=tried)


@private.post("/policy/propose")
async def propose(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    source: Source = "",
    note: Annotated[str, Form(max_length=NOTE_MOST)] = "",
) -> Response:
    """Keep a text as the next version, and lead to it."""
    try:
        version = await to_thread.run_sync(partial(_propose, console, visitor, source, note))
    except UserError as error:
        if error.code == "policy_not_permitted":
            raise
        seen = await to_thread.run_sync(policy_view.overview, console, visitor)
        wrong, status = policy_view.wrong(error), status_of(error)
        return _page(
            request, console, visitor, seen, source=source, note=note, tried=wrong, status=status
        )
    to = f"{POLICY}/versions/{version.number}"
    return console.frame.back(request, to, Note.of("policy_proposed", number=version.number))


def _page(  # noqa: PLR0913 - what the editor holds comes with the page.
    request: Request,
    console: Console,
    visitor: Visitor,
    seen: Overview,
    *,
    source: str | None = None,
    note: str = "",
    tried: Tried | None = None,
    status: int = 200,
) -> Response:
    return console.frame.page(
        request,
        visitor,
        "policy.html",
        status=status,
        seen=seen,
        source=seen.source if source is None else source,
        note=note,
        tried=tried,
        deeds=DEEDS,
    )


def _propose(console: Console, visitor: Visitor, source: str, note: str) -> PolicyVersion:
    desk = policy_view.desk_of(console, visitor, "propose")
    return policy_drafts.propose(desk, source, note=note).version
