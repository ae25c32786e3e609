"""Look at what a member asks about in the chat: a file beside `/verify`, or a message's pictures.

The answer is for the member alone. A file is only looked at: it is no upload, and it is not kept.
"""

from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from bot import wording
from bot.replies import Reply
from bot.usecases import verify
from bot.usecases.uploads import clean_name
from bot.web_app.chat import answer
from bot.web_app.context import TheWeb, Viewer, Web
from bot.web_app.render import reply_of
from core.contracts.actors import Actor
from core.contracts.chat import ChatMessage
from core.contracts.ids import VerifyId, new_id
from core.errors import AppError, NotFound, UserError

router = APIRouter()


@router.post("/say/verify")
async def verify_file(request: Request, web: TheWeb, viewer: Viewer) -> Response:
    """Look at a file that was brought along with `/verify`."""
    return await answer_file(request, web, viewer)


async def answer_file(request: Request, web: Web, viewer: Actor) -> Response:
    """Look at a posted file and answer in the channel that it was posted in.

    Raises:
        UserError: `verify_what`: there is none.
    """
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise UserError("verify_what")
        data, name = await file.read(), clean_name(file.filename or "")
    return await answer(request, web, partial(_of_file, web, viewer, data, name))


@router.post("/messages/{key}/verify")
async def verify_message(request: Request, web: TheWeb, viewer: Viewer, key: str) -> Response:
    """Look at the pictures of a message, as its menu offers."""
    return await answer(request, web, partial(_of_message, web, viewer, key))


def _of_file(web: Web, viewer: Actor, data: bytes, name: str) -> tuple[Actor, list[ChatMessage]]:
    said_id = web.channel.say(viewer, "/verify")
    try:
        reply = verify.of_file(web.services, viewer, data, name)
    except AppError as error:
        reply = wording.error(error)
    return viewer, web.channel.answer(viewer, said_id, reply)


def _of_message(web: Web, viewer: Actor, key: str) -> tuple[Actor, list[ChatMessage]]:
    try:
        reply = verify.of_pictures(web.services, viewer, _pictures_of(web, viewer, key))
    except AppError as error:
        reply = wording.error(error)
    return viewer, web.channel.answer(viewer, new_id(), reply)


def _pictures_of(web: Web, viewer: Actor, key: str) -> list[VerifyId]:
    """Name the pictures of a message that the viewer sees, without those that are gone.

    Raises:
        NotFound: `message_not_found`, also when it is somebody else's.
    """
    message = web.channel.visible(viewer, key)
    reply: Reply | None = None if message is None else reply_of(message)
    if reply is None or reply.item is not None:  # Covered pictures are for the moderators' eyes.
        raise NotFound("message_not_found")
    shown = [picture.verify_id for picture in reply.pictures]
    gone = web.channel.gone_among(shown)
    return [each for each in shown if each not in gone]
