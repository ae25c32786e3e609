"""Do what the buttons under a message say, and what the forms that they open bring back.

A button's address is the whole of its state: action, job and picture, or a draft. A form posts to
the address of the button that opened it, with its fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile

from bot.replies import Action, Form, Reply, ReplyKind, Visibility
from bot.usecases import uploads
from bot.usecases.actions import press
from bot.web_app.chat import answer
from bot.web_app.context import TheWeb, Viewer, Web
from core.contracts.actors import Actor
from core.contracts.chat import ChatMessage
from core.contracts.ids import DraftId, JobId, UploadId, new_id
from core.contracts.personal import UploadKind
from core.errors import UserError

router = APIRouter()

_ENDING = frozenset({Action.DELETE, Action.DELETE_ONE, Action.CANCEL})
"""Buttons after which the message below which they stand says something else."""

FIELDS_MOST = 16
"""Fields of one form; ours have three at most."""


@dataclass(frozen=True, slots=True)
class _Pressed:
    """What was pressed."""

    action: Action
    job_id: JobId
    picture: int | None = None
    draft: DraftId | None = None


@router.post("/jobs/{job_id}/{action}")
async def act(
    request: Request, web: TheWeb, viewer: Viewer, job_id: JobId, action: Action
) -> Response:
    """Do what a button says about a job."""
    return await _act(request, web, viewer, _Pressed(action, job_id))


@router.post("/jobs/{job_id}/{picture}/{action}")
async def act_on_picture(
    request: Request, web: TheWeb, viewer: Viewer, job_id: JobId, picture: int, action: Action
) -> Response:
    """Do what a button says about one picture of a job."""
    return await _act(request, web, viewer, _Pressed(action, job_id, picture))


@router.post("/drafts/{draft}/{action}")
async def act_on_draft(
    request: Request, web: TheWeb, viewer: Viewer, draft: DraftId, action: Action
) -> Response:
    """Do what a button says about a request that waits for a yes."""
    return await _act(request, web, viewer, _Pressed(action, JobId(""), draft=draft))


@router.post("/uploads")
async def bring(request: Request, web: TheWeb, viewer: Viewer) -> Response:
    """Take a picture that a member brings along."""
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise UserError("request_invalid")
        data, name = await file.read(), file.filename or ""
    store = partial(uploads.store, web.services, viewer, data, file_name=name)
    return HTMLResponse(web.renderer.upload(await to_thread.run_sync(store)))


@router.get("/uploads/{upload_id}")
async def brought(web: TheWeb, viewer: Viewer, upload_id: UploadId) -> Response:
    """Show a member what they brought, and nobody else."""
    found = await to_thread.run_sync(uploads.own, web.services, viewer, upload_id)
    blob = await to_thread.run_sync(web.services.blobs.get, found.blob)
    return Response(blob, media_type=found.media_type)


async def _act(request: Request, web: Web, viewer: Actor, pressed: _Pressed) -> Response:
    fields = await _fields(request, web, viewer)
    said_id = new_id()  # Nothing was typed, but a job that begins here is recognised by it.
    outcome = await to_thread.run_sync(
        partial(_press, web, viewer, pressed, said_id, fields),
        limiter=request.app.state.commands,
    )
    if isinstance(outcome, Form):
        return HTMLResponse(web.renderer.sheet(outcome))
    if pressed.action is Action.ERASE and outcome.kind is not ReplyKind.ERROR:
        # Written down, it would be the first thing that is kept of them again.
        web.hub.announce()
        return HTMLResponse(web.renderer.passing(outcome))
    if fields and outcome.kind is ReplyKind.ERROR:  # The form stays open and says so.
        return HTMLResponse(web.renderer.passing(outcome), status_code=422)
    return await answer(request, web, partial(_write, web, viewer, pressed, said_id, outcome))


async def _fields(request: Request, web: Web, viewer: Actor) -> dict[str, str]:
    """Read a form's fields; a painted mask is stored first, and its id stands for it."""
    fields: dict[str, str] = {}
    async with request.form(max_files=1, max_fields=FIELDS_MOST) as form:
        for name, value in form.items():
            fields[name] = value if isinstance(value, str) else await _mask(web, viewer, value)
    return fields


async def _mask(web: Web, viewer: Actor, file: UploadFile) -> str:
    data, kind = await file.read(), UploadKind.MASK
    store = partial(uploads.store, web.services, viewer, data, file_name="", kind=kind)
    return (await to_thread.run_sync(store)).upload_id


def _press(
    web: Web, viewer: Actor, pressed: _Pressed, said_id: str, fields: Mapping[str, str]
) -> Reply | Form:
    return press(
        web.services,
        viewer,
        pressed.action,
        pressed.job_id,
        web.channel.address(said_id),
        picture=pressed.picture,
        fields=fields or None,
        draft=pressed.draft,
    )


def _write(
    web: Web, viewer: Actor, pressed: _Pressed, said_id: str, reply: Reply
) -> tuple[Actor, list[ChatMessage]]:
    if pressed.draft is not None and pressed.action is not Action.ERASE:
        return viewer, web.channel.settle(viewer, pressed.draft, said_id, reply)
    is_done = reply.visibility is Visibility.PUBLIC
    is_asked = pressed.action is Action.APPEAL and reply.kind is ReplyKind.HELD
    if (pressed.action in _ENDING and is_done) or is_asked:
        return viewer, web.channel.edit(pressed.job_id, reply)
    return viewer, web.channel.answer(viewer, said_id, reply)
