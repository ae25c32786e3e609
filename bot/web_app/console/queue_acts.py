"""Take what a moderator does to an item: each act is a form, and the desk decides by itself.

What cannot be done, because somebody was faster or it takes another role, is said beside the item
with how it stands now; the act changed nothing then.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field

from bot import wording
from bot.usecases import labels
from bot.web_app.console import queue_pictures
from bot.web_app.console.door import ConsoleViewer, Visitor
from bot.web_app.console.faults import status_of
from bot.web_app.console.frame import Note
from bot.web_app.console.parts import Console, TheConsole
from bot.web_app.console.queue import Beside, page, shown_for, stands_for
from bot.web_app.console.queue_asked import Asked
from bot.web_app.console.queue_view import QUEUE
from bot.wording import console_queue as words
from bot.wording.takedowns import ALL
from core.contracts.actors import Actor
from core.contracts.reviews import ReviewId, ReviewItem, Ruling
from core.errors import AppError, NotFound, UserError
from moderation.review.acts import Said
from moderation.review.desk import ReviewDesk

private = APIRouter()

Act = Literal["claim", "release", "undo", "apply_now"]

ACTS: Mapping[str, Callable[[ReviewDesk, Actor, ReviewId], ReviewItem]] = {
    "claim": ReviewDesk.claim,
    "release": ReviewDesk.release,
    "undo": ReviewDesk.undo,
    "apply_now": ReviewDesk.apply_now,
}
"""Acts that need nothing but the item."""

Text = Annotated[str, Form(max_length=4000)]
Code = Annotated[str, Form(max_length=80)]


class Decided(BaseModel):
    """A decision, as a form has it."""

    ruling: str = Field(default="", max_length=20)
    reason: str = Field(default="", max_length=80)
    note: str = Field(default="", max_length=4000)
    reach: str = Field(default="", max_length=20, description="`all`: what came from it, too.")

    def said(self) -> Said:
        """Read it.

        Raises:
            UserError: `request_invalid`: there is no such ruling.
        """
        if self.ruling not in {each.value for each in Ruling}:
            raise UserError("request_invalid", value=self.ruling)
        is_cascading = self.reach == ALL
        return Said(Ruling(self.ruling), self.reason, self.note, is_cascading=is_cascading)


class DecidedTogether(BaseModel):
    """A decision on several that are alike."""

    chosen: list[Annotated[str, Field(max_length=40)]] = Field(default=[], max_length=1000)
    decision: str = Field(default="", max_length=120, description="`ruling:reason`.")
    note: str = Field(default="", max_length=4000)

    def said(self) -> Said:
        """Read the decision; raises as `Decided.said`."""
        ruling, _, reason = self.decision.partition(":")
        return Decided(ruling=ruling[:20], reason=reason[:80], note=self.note).said()


@private.post("/queue/items/{item_id}/acts/{act}")
async def act(
    request: Request, console: TheConsole, visitor: ConsoleViewer, item_id: ReviewId, act: Act
) -> Response:
    """Claim, release, undo, or let it take effect now."""
    work = partial(ACTS[act], console.services.desk, visitor.actor, item_id)
    return await _done(request, console, visitor, item_id, work)


@private.post("/queue/items/{item_id}/decide")
async def decide(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    item_id: ReviewId,
    form: Annotated[Decided, Form()],
) -> Response:
    """Approve or reject."""

    def work() -> object:
        return console.services.desk.decide(visitor.actor, item_id, form.said())

    return await _done(request, console, visitor, item_id, work)


@private.post("/queue/items/{item_id}/escalate")
async def escalate(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    item_id: ReviewId,
    note: Text = "",
) -> Response:
    """Leave it to the admins."""
    work = partial(console.services.desk.escalate, visitor.actor, item_id, note)
    return await _done(request, console, visitor, item_id, work)


@private.post("/queue/items/{item_id}/label")
async def label(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    item_id: ReviewId,
    category: Code = "",
) -> Response:
    """Add the decision to the labelled set."""
    work = partial(
        labels.labels_from_item, console.services, visitor.actor, item_id, category or None
    )
    return await _done(request, console, visitor, item_id, work, Note.of("label_added"))


@private.post("/queue/items/{item_id}/reveal")
async def reveal(
    request: Request, console: TheConsole, visitor: ConsoleViewer, item_id: ReviewId
) -> Response:
    """Show an item's pictures plainly, which is written down."""
    work = partial(queue_pictures.reveal, console, visitor, item_id)
    try:
        revealed = await to_thread.run_sync(work)
    except UserError as error:
        return await _refused(request, console, visitor, item_id, error)
    if "hx-request" not in request.headers:
        beside = Beside(revealed=revealed)
        return await page(request, console, visitor, Asked(item=item_id), beside)
    return console.frame.part(visitor, "queue_revealed.html", revealed=revealed)


@private.post("/queue/items/{item_id}/alike")
async def decide_alike(
    request: Request,
    console: TheConsole,
    visitor: ConsoleViewer,
    item_id: ReviewId,
    form: Annotated[DecidedTogether, Form()],
) -> Response:
    """Decide the ticked ones of those that are like it; what could not be is told beside each."""
    work = partial(_decide_alike, console, visitor, item_id, form)
    try:
        told = await to_thread.run_sync(work)
    except UserError as error:
        return await _refused(request, console, visitor, item_id, error)
    decided = sum(not each for each in told.values())
    done = Note.of("alike_decided", count=decided, value=len(told))
    if "hx-request" not in request.headers:
        return console.frame.back(request, f"{QUEUE}?item={item_id}", done)
    opened = await to_thread.run_sync(shown_for, console, visitor, item_id)
    return console.frame.part(
        visitor,
        "queue_alike.html",
        note=done,
        shown=opened,
        standing=opened.standing,
        told={each: sentence for each, sentence in told.items() if sentence},
        words=words,
    )


def _decide_alike(
    console: Console, visitor: Visitor, item_id: ReviewId, form: DecidedTogether
) -> dict[str, str]:
    """Decide some; return a sentence for each that could not be, an empty one for the others."""
    ids = [ReviewId(each) for each in form.chosen]
    done = console.services.desk.decide_alike(visitor.actor, item_id, ids, form.said())
    return {each.item_id: _sentence(each.error) if each.error else "" for each in done}


def _sentence(error: AppError) -> str:
    return wording.error(error).title


async def _done(
    request: Request,
    console: Console,
    visitor: Visitor,
    item_id: ReviewId,
    work: Callable[[], object],
    note: Note | None = None,
) -> Response:
    """Do something, and show how the item stands now."""
    try:
        await to_thread.run_sync(work)
    except UserError as error:
        return await _refused(request, console, visitor, item_id, error)
    if "hx-request" not in request.headers:
        return console.frame.back(request, f"{QUEUE}?item={item_id}", note)
    stands = await to_thread.run_sync(stands_for, console, visitor, item_id)
    return console.frame.part(visitor, "queue_acted.html", note=note, standing=stands, words=words)


async def _refused(
    request: Request, console: Console, visitor: Visitor, item_id: ReviewId, error: UserError
) -> Response:
    """Say beside the item why nothing happened, and how it stands.

    Raises:
        UserError: the error itself, where the visitor may not even look.
        NotFound: there is no such item.
    """
    fault, status = wording.error(error), status_of(error)
    if "hx-request" not in request.headers:
        beside = Beside(fault=fault, status=status)
        return await page(request, console, visitor, Asked(item=item_id), beside)
    look = partial(stands_for, console, visitor, item_id, fault=fault)
    try:
        stands = await to_thread.run_sync(look)
    except NotFound:
        raise error from None
    response = console.frame.part(
        visitor, "queue_acted.html", standing=stands, words=words, status=status
    )
    response.headers["HX-Retarget"] = "#standing"
    response.headers["HX-Reswap"] = "innerHTML"
    return response
