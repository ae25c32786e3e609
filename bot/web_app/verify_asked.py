"""Look at what a member asks about in the chat: a file beside `/verify`, or a message's pictures.

The answer is for the member alone. A file is only looked at: it is no upload, and it is not kept.
"""

from collections.abc import Callable
from functools import partial

from anyio import to_thread
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
from core.contracts.ids import new_id
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
    reply = await _asked(partial(verify.of_file, web.services, viewer, data, name))
    return await answer(request, web, partial(_write, web, viewer, reply, typed="/verify"))


@router.post("/messages/{key}/verify")
async def verify_message(request: Request, web: TheWeb, viewer: Viewer, key: str) -> Response:
    """Look at the pictures of a message, as its menu offers."""
    reply = await _asked(partial(_of_message, web, viewer, key))
    return await answer(request, web, partial(_write, web, viewer, reply))


async def _asked(look: Callable[[], Reply]) -> Reply:
    """Look in a thread that is not one of the commands': those must not wait for seconds."""
    try:
        return await to_thread.run_sync(look)
    except AppError as error:
        return wording.error(error)


def _write(
    web: Web, viewer: Actor, reply: Reply, typed: str = ""
) -> tuple[Actor, list[ChatMessage]]:
    said_id = web.channel.say(viewer, typed) if typed else new_id()
    return viewer, web.channel.answer(viewer, said_id, reply)


def _of_message(web: Web, viewer: Actor, key: str) -> Reply:
    """Look at the pictures of a message that the viewer sees, without those that are gone.

    Raises:
        NotFound: `message_not_found`, also when it is somebody else's; and as `of_pictures`.
    """
    message = web.channel.visible(viewer, key)
    reply = None if message is None else reply_of(message)
    if reply is None or reply.item is not None:  # Covered pictures are for the moderators' eyes.
        raise NotFound("message_not_found")
    shown = [picture.verify_id for picture in reply.pictures]
    gone = web.channel.gone_among(shown)
    return verify.of_pictures(web.services, viewer, [each for each in shown if each not in gone])
