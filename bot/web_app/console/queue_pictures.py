"""Show an item's pictures: covered at first, and plainly to one moderator who asked for it.

The covered ones are a few grey squares, made here: the picture itself leaves the server only after
a reveal, which the desk writes down, under an address that opens for one session and one minute.
"""

import io
from typing import Final

from anyio import to_thread
from fastapi import APIRouter, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from bot.web_app.console.door import ConsoleViewer, Visitor
from bot.web_app.console.frame import HOME
from bot.web_app.console.parts import Console, TheConsole
from core.contracts.ids import VerifyId
from core.contracts.jobs import Picture
from core.contracts.reviews import ReviewId
from core.errors import NotFound

private = APIRouter()

OPEN_S: Final = 60
"""How long the address of a revealed picture opens; an open page covers it again as well, where
its moderator wants pictures always blurred."""

_SQUARES: Final = 12
"""What is left of a covered picture, a side: light and dark, and nothing that could be known."""

_SALT = "easel.console.picture"


@private.get("/queue/items/{item_id}/pictures/{verify_id}/covered")
async def covered(
    console: TheConsole, visitor: ConsoleViewer, item_id: ReviewId, verify_id: VerifyId
) -> Response:
    """Serve what is left of a picture without its detail and colour."""
    small = await to_thread.run_sync(_covered, console, visitor, item_id, verify_id)
    return Response(small, media_type="image/png")


@private.get("/queue/pictures/{ticket}")
async def plain(console: TheConsole, visitor: ConsoleViewer, ticket: str) -> Response:
    """Serve a revealed picture to whom it was revealed."""
    media_type, data = await to_thread.run_sync(_plain, console, visitor, ticket)
    headers = {"Content-Disposition": "inline"}
    return Response(data, media_type=media_type, headers=headers)


def reveal(console: Console, visitor: Visitor, item_id: ReviewId) -> list[tuple[Picture, str]]:
    """Reveal an item's pictures, which is written down; return them with their addresses.

    Raises:
        AppError: as `ReviewDesk.reveal`.
    """
    pictures = console.services.desk.reveal(visitor.actor, item_id)
    signer, session_id = _signer(console), visitor.session.session_id
    tickets = [str(signer.dumps([session_id, item_id, each.verify_id])) for each in pictures]
    return [
        (each, f"{HOME}/queue/pictures/{ticket}")
        for each, ticket in zip(pictures, tickets, strict=True)
    ]


def _signer(console: Console) -> URLSafeTimedSerializer:
    secret = console.services.settings.secret_key.get_secret_value()
    return URLSafeTimedSerializer(secret, salt=_SALT)


def _covered(console: Console, visitor: Visitor, item_id: ReviewId, verify_id: VerifyId) -> bytes:
    console.services.desk.look(visitor.actor, item_id)
    picture = _standing(console, visitor, item_id, verify_id)
    return squares(console.services.held.read(picture))


def _plain(console: Console, visitor: Visitor, ticket: str) -> tuple[str, bytes]:
    try:
        session_id, item_id, verify_id = _signer(console).loads(ticket, max_age=OPEN_S)
    except BadData as error:
        raise NotFound("picture_not_found") from error
    if session_id != visitor.session.session_id:
        raise NotFound("picture_not_found", verify_id=verify_id)
    picture = _standing(console, visitor, item_id, verify_id)
    return picture.media_type, console.services.held.read(picture)


def _standing(
    console: Console, visitor: Visitor, item_id: ReviewId, verify_id: VerifyId
) -> Picture:
    """Find a picture of an item of the visitor's community that nobody deleted.

    Raises:
        NotFound: `picture_not_found`, whatever the reason.
    """
    with console.services.store.reading() as unit:
        item = unit.reviews.get(item_id)
        of_job = {each.verify_id: each for each in unit.pictures.of_job(item.job_id)}
        is_gone = verify_id not in of_job or unit.pictures.is_deleted(verify_id)
    if is_gone or item.community_id != visitor.actor.community_id:
        raise NotFound("picture_not_found", verify_id=verify_id)
    return of_job[verify_id]


def squares(data: bytes) -> bytes:
    """Make a few grey squares of a picture."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("L").resize((_SQUARES, _SQUARES), Image.Resampling.BOX)
    out = io.BytesIO()
    small.save(out, "PNG")
    return out.getvalue()
