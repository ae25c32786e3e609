"""Show an item's pictures: covered at first, and plainly to one moderator who asked for it.

The covered ones are a few grey squares, made here: the picture itself leaves the server only after
a reveal, which the desk writes down, under an address that opens for one session and one minute.
By then an open page has covered it again, where its moderator wants pictures always blurred.
"""

from anyio import to_thread
from fastapi import APIRouter, Response

from bot.web_app.console.door import ConsoleViewer, Visitor
from bot.web_app.console.frame import HOME
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.revealing import Tickets, plainly, squares, standing_picture
from core.contracts.ids import VerifyId
from core.contracts.jobs import Picture
from core.contracts.reviews import ReviewId
from core.errors import NotFound

private = APIRouter()

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
    return plainly(*await to_thread.run_sync(_plain, console, visitor, ticket))


def reveal(console: Console, visitor: Visitor, item_id: ReviewId) -> list[tuple[Picture, str]]:
    """Reveal an item's pictures, which is written down; return them with their addresses.

    Raises:
        AppError: as `ReviewDesk.reveal`.
    """
    pictures = console.services.desk.reveal(visitor.actor, item_id)
    ids = [each.verify_id for each in pictures]
    tickets = Tickets(console.services, _SALT).give(visitor.session.session_id, item_id, ids)
    return [
        (each, f"{HOME}/queue/pictures/{ticket}")
        for each, ticket in zip(pictures, tickets, strict=True)
    ]


def _covered(console: Console, visitor: Visitor, item_id: ReviewId, verify_id: VerifyId) -> bytes:
    console.services.desk.look(visitor.actor, item_id)
    picture = _standing(console, visitor, item_id, verify_id)
    return squares(console.services.held.read(picture))


def _plain(console: Console, visitor: Visitor, ticket: str) -> tuple[Picture, bytes]:
    tickets = Tickets(console.services, _SALT)
    item_id, verify_id = tickets.read(ticket, visitor.session.session_id)
    picture = _standing(console, visitor, item_id, verify_id)
    return picture, console.services.held.read(picture)


def _standing(
    console: Console, visitor: Visitor, item_id: ReviewId, verify_id: VerifyId
) -> Picture:
    """Find a picture of an item of the visitor's community that nobody deleted.

    Raises:
        NotFound: `picture_not_found`, whatever the reason.
    """
    with console.services.store.reading() as unit:
        item = unit.reviews.get(item_id)
    if item.community_id != visitor.actor.community_id:
        raise NotFound("picture_not_found", verify_id=verify_id)
    return standing_picture(console.services, item, verify_id)
