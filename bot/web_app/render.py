"""Turn messages and replies into HTML, for one viewer at a time.

Templates escape everything; what is decided here is what a viewer gets to see of a message: the
buttons that are theirs to press, whether it can be dismissed, where a running job stands.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError

from bot import wording
from bot.replies import Action, Button, Form, Reply, ReplyKind, ReplyPicture, TreeNode
from bot.web_app.live import Live
from bot.web_app.trees import standing
from core.contracts.actors import Actor
from core.contracts.chat import ChatMessage
from core.contracts.ids import DraftId, JobId, VerifyId
from core.contracts.personal import Upload
from core.contracts.reviews import ReviewId
from core.errors import AppError

log = structlog.get_logger()

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"

TINTS = 8
"""Avatar colours in chat.css."""

EXAMPLES = (
    "a red apple on a blue background",
    "a rocket and a cat in space",
    "a panda on the grass",
)
"""What an empty channel offers to try: all three are within the shipped model's words."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message as one viewer sees it."""

    message: ChatMessage
    viewer: Actor
    reply: Reply | None
    buttons: tuple[Button, ...]
    live: Live | None
    gone: frozenset[VerifyId]
    is_own: bool

    @property
    def dom_id(self) -> str:
        """The element's id: a message's key with the colons that CSS would trip over replaced."""
        return "m-" + self.message.key.replace(":", "-")

    @property
    def is_private(self) -> bool:
        """Tell whether nobody but the viewer sees it."""
        return self.message.audience is not None

    @property
    def pictures(self) -> tuple[ReplyPicture, ...]:
        """The pictures that still stand."""
        pictures = self.reply.pictures if self.reply else ()
        return tuple(each for each in pictures if each.verify_id not in self.gone)

    @property
    def lines(self) -> tuple[str, ...]:
        """The reply's paragraphs, without what is shown elsewhere in the message."""
        lines = self.reply.lines if self.reply else ()
        if self.reply is not None and self.reply.tree is not None:
            return lines[:1]  # The others tell what is drawn.
        if self.live:
            return lines[:-1]  # The place as it was then; the live display has it as it is now.
        return lines[1:] if self.pictures and not self.item_id else lines

    @property
    def tree(self) -> TreeNode | None:
        """The reply's family tree, with the pictures that still stand."""
        return None if self.reply is None else standing(self.reply.tree, self.gone)

    @property
    def origin(self) -> str:
        """What the first line of a result says beside the label's own words: model, verify ids."""
        if self.reply is None or not self.pictures or self.item_id:
            return ""
        return self.reply.lines[0].partition(" · ")[2]

    @property
    def rows(self) -> tuple[tuple[Button, ...], ...]:
        """The buttons that stand under the whole answer, row by row."""
        # One picture has the message to itself, so its own buttons stand with the others.
        is_apart = len(self.pictures) > 1
        below = [each for each in self.buttons if each.picture is None or not is_apart]
        rows = sorted({each.row for each in below})
        return tuple(tuple(each for each in below if each.row == row) for row in rows)

    def buttons_of(self, picture: ReplyPicture) -> tuple[Button, ...]:
        """The buttons that stand under one of several pictures."""
        if self.reply is None or len(self.pictures) == 1:
            return ()
        place = self.reply.pictures.index(picture)
        return tuple(each for each in self.buttons if each.picture == place)

    def address_of(self, button: Button) -> str:
        """Where a button posts to: the whole of its state, so that it outlives every restart."""
        job_id = self.reply.job_id if self.reply else None
        if button.item is not None:
            return address_of_item(button.action, button.item)
        return address_of(button.action, job_id, button.picture, button.draft)

    @property
    def item_id(self) -> ReviewId | None:
        """The moderators' item that it shows: its pictures stay covered."""
        return self.reply.item if self.reply else None

    @property
    def is_emptied(self) -> bool:
        """Tell whether the message had pictures, and all of them were taken down."""
        if self.item_id is not None:
            return False
        return bool(self.reply and self.reply.pictures) and not self.pictures

    @property
    def preview_url(self) -> str | None:
        """The newest preview of a running job, if it is the viewer's to see."""
        return self.live.preview_url(self.viewer) if self.live else None

    @property
    def initials(self) -> str:
        """The author's first letters, for the avatar."""
        return initials_of(self.message.author)

    @property
    def tint(self) -> int:
        """The avatar's colour: the same for the same member everywhere."""
        return tint_of(self.message.author_id or "")


class Renderer:
    """Own the templates; make whole pages and single messages of them."""

    def __init__(
        self, community_id: str, channel: str, moderators_channel: str = "", *, base: str = ""
    ) -> None:
        self._jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.globals.update(
            community=community_id,
            channel=channel,
            moderators_channel=moderators_channel,
            base=base,
            examples=EXAMPLES,
            Kind=ReplyKind,
        )
        self._jinja.filters.update(
            tint=tint_of, initials=initials_of, clock=_clock, command_parts=_command_parts
        )

    def page(
        self, actor: Actor, revision: int, views: Iterable[MessageView], waiting: int | None = None
    ) -> str:
        """Make the whole channel page; `waiting` counts the items, for those who may decide."""
        template = self._jinja.get_template("page.html")
        return template.render(actor=actor, revision=revision, views=views, waiting=waiting)

    def messages(self, views: Iterable[MessageView]) -> str:
        """Make the elements of some messages, for a stream or the answer to a post."""
        macro = self._jinja.get_template("message.html").module
        return "\n".join(str(macro.message(view)) for view in views)  # type: ignore[attr-defined]  # A template's module has its macros as attributes.

    def passing(self, reply: Reply) -> str:
        """Make an answer that is not written down: it is gone with the next page load."""
        return self._jinja.get_template("passing.html").render(reply=reply)

    def sheet(self, form: Form) -> str:
        """Make a form that a button opened, for the page to show in its dialog."""
        macro = self._jinja.get_template("sheet.html").module
        address = address_of(form.action, form.job_id, form.picture, None)
        if form.item is not None:
            address = address_of_item(form.action, form.item)
        return str(macro.sheet(form, address))  # type: ignore[attr-defined]  # A template's module has its macros as attributes.

    def revealed(self, reply: Reply, addresses: Sequence[str]) -> str:
        """Make the pictures of an item, for the page to show in its dialog, once."""
        shown = tuple(zip(reply.pictures, addresses, strict=True))
        return self._jinja.get_template("revealed.html").render(reply=reply, shown=shown)

    def upload(self, upload: Upload) -> str:
        """Make the note of a picture that was brought along."""
        return self._jinja.get_template("upload.html").render(upload=upload)

    def whole(self, name: str, **facts: object) -> str:
        """Make a page or a part of one that has a template of its own."""
        return self._jinja.get_template(name).render(**facts)

    def fault(self, reply: Reply) -> str:
        """Make a whole page of an error, for a browser that navigated there."""
        return self._jinja.get_template("fault.html").render(reply=reply)

    def suggestions(self, suggestions: object) -> str:
        """Make the options of the command box."""
        return self._jinja.get_template("suggestions.html").render(suggestions=suggestions)


def view_of(
    message: ChatMessage,
    viewer: Actor,
    live: Mapping[JobId, Live],
    gone: frozenset[VerifyId] = frozenset(),
) -> MessageView:
    """Decide what one viewer gets to see of a message."""
    reply = reply_of(message)
    is_own = message.author_id == viewer.member_id
    is_running = reply is not None and reply.kind is ReplyKind.PROGRESS
    return MessageView(
        message=message,
        viewer=viewer,
        reply=reply,
        buttons=tuple(
            button
            for button in (reply.buttons if reply else ())
            if _is_offered(button.action, viewer, is_own=is_own)
        ),
        live=live.get(message.job_id) if is_running and message.job_id else None,
        gone=gone,
        is_own=is_own,
    )


def reply_of(message: ChatMessage) -> Reply | None:
    """Read the reply that a message of Easel holds; None for what a member typed."""
    if message.kind == "member" or message.is_deleted:
        return None
    try:
        return Reply.model_validate_json(message.body)
    except ValidationError:  # Written by another version of Easel.
        log.warning("chat_message_unreadable", key=message.key)
        return wording.error(AppError("message_unreadable"))


def address_of(
    action: Action, job_id: JobId | None, picture: int | None, draft: DraftId | None
) -> str:
    """Write the address of a button or form."""
    if draft is not None:
        return f"/drafts/{draft}/{action.value}"
    part = "" if picture is None else f"/{picture}"
    return f"/jobs/{job_id}{part}/{action.value}"


def address_of_item(action: Action, item_id: ReviewId) -> str:
    """Write the address of a button or form of a moderators' card."""
    return f"/items/{item_id}/{action.value}"


def initials_of(name: str) -> str:
    """Take the first letters of a name's first two words."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def tint_of(member_id: str) -> int:
    """Pick one of the avatar colours by a member's id."""
    return hashlib.blake2b(member_id.encode(), digest_size=1).digest()[0] % TINTS


_OWN = frozenset({Action.CANCEL, Action.CONFIRM, Action.REWRITE, Action.APPEAL, Action.ERASE})
"""What nobody does in another's stead."""


_REVIEWS = frozenset(each for each in Action if each.value.startswith("review_"))
"""What moderators do with an item; its author never."""


def _is_offered(action: Action, viewer: Actor, *, is_own: bool) -> bool:
    """Offer only what would not be refused; the use case decides again when it is pressed."""
    if action is Action.DELETE:
        return is_own or viewer.is_moderator
    if action in _REVIEWS:
        return viewer.is_moderator and not is_own
    if action is Action.REPORT:
        return not is_own
    return is_own or action not in _OWN


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M")


def _command_parts(text: str) -> tuple[str, str]:
    """Part what a member typed into its command word, which is shown apart, and the rest."""
    found = re.match(r"(/[a-zA-Z]+)?(.*)", text, re.DOTALL)
    return (found.group(1) or "", found.group(2)) if found else ("", text)
