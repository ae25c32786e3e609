"""Describe an answer before any platform renders it.

Use cases and delivery make a `Reply`; each front-end's `render` turns it into its own widgets.
A reply holds finished sentences (from `bot/wording.py`) and never markup; user text in it is
plain text, and renderers escape it and parse no mentions from it.
"""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import Field

from core.contracts.base import Contract
from core.contracts.examination import Box
from core.contracts.ids import DraftId, JobId, VerifyId
from core.contracts.reviews import ReviewId


class Visibility(StrEnum):
    """Who may see a reply."""

    PUBLIC = "public"
    PRIVATE = "private"


class ReplyKind(StrEnum):
    """What a reply is, for renderers that dress kinds differently."""

    PROGRESS = "progress"
    RESULT = "result"
    REFUSAL = "refusal"
    HELD = "held"
    ERROR = "error"
    CARD = "card"


class Action(StrEnum):
    """What a button does; with a job id, and a picture's place in it, it is all of its state."""

    UPSCALE = "upscale"
    VARY = "vary"
    """Below one of several pictures: gently, as subtle does."""
    VARY_SUBTLE = "vary_subtle"
    VARY_STRONG = "vary_strong"
    VARY_REGION = "vary_region"
    REMIX = "remix"
    REWRITE = "rewrite"
    REROLL = "reroll"
    RERUN = "rerun"
    FAVOURITE = "favourite"
    DETAILS = "details"
    ABOUT = "about"
    """What the label of a picture says, in words."""
    DELETE = "delete"
    DELETE_ONE = "delete_one"
    """Below the question what else goes: only the pictures that were asked for."""
    DELETE_ALL = "delete_all"
    """Those with all that came from them."""
    REPORT = "report"
    CANCEL = "cancel"
    CONFIRM = "confirm"
    ERASE = "erase"
    """Below the question what goes: deletes all that is kept of who pressed."""
    APPEAL = "appeal"
    REVIEW_CLAIM = "review_claim"
    """From here on about an item of the moderators' queue, and for them alone."""
    REVIEW_RELEASE = "review_release"
    REVIEW_APPROVE = "review_approve"
    REVIEW_REJECT = "review_reject"
    REVIEW_ESCALATE = "review_escalate"
    REVIEW_UNDO = "review_undo"
    REVIEW_APPLY = "review_apply"
    REVIEW_REVEAL = "review_reveal"
    REVIEW_LABEL = "review_label"


class Button(Contract):
    """One button: an action on a job, or on one picture of it."""

    action: Action
    label: str
    is_danger: bool = False
    needs_confirmation: str | None = Field(default=None, description="The question to ask first.")
    picture: int | None = Field(
        default=None, ge=0, description="The picture's place in its job, from 0; None: the whole."
    )
    draft: DraftId | None = Field(default=None, description="The request that a yes would start.")
    item: ReviewId | None = Field(default=None, description="The moderators' item it is about.")
    form: bool = Field(default=False, description="It opens a form: pressing it gives a `Form`.")
    row: int = Field(
        default=0, ge=0, le=4, description="At most five stand in a row, and five rows in a reply."
    )


class ReplyField(Contract):
    """One named fact of a card."""

    name: str
    value: str


class ReplyPicture(Contract):
    """One picture of a result, by its registry id; renderers fetch bytes by `blob`."""

    verify_id: VerifyId
    blob: str
    file_name: str
    media_type: str
    width: int
    height: int
    alt_text: str
    label: str = Field(description="The visible words, for example `AI-generated`.")
    caption: str = Field(default="", description="Which of several it is, in words.")


class ReplyLink(Contract):
    """One thing to fetch, by its path below Easel's own address."""

    path: str
    label: str
    is_page: bool = Field(default=False, description="It is opened, not downloaded.")


class PictureRegion(Contract):
    """A part of a picture, for renderers that can draw it; the words tell it as well."""

    box: Box
    width: int = Field(ge=1, description="Of the whole picture, in pixels: for its shape alone.")
    height: int = Field(ge=1)
    label: str


class TreeNode(Contract):
    """One request of a family tree, with what went on from it."""

    title: str = Field(description="What it is to the one above, in words.")
    text: str = Field(default="", description="Whose and when; empty: not the viewer's to know.")
    job_id: JobId | None = Field(default=None, description="None: it is elsewhere.")
    pictures: tuple[ReplyPicture, ...] = Field(
        default=(), description="To tell it by; small, and fetched only when looked at."
    )
    is_here: bool = Field(default=False, description="The one that was asked about.")
    children: tuple["TreeNode", ...] = ()
    more: str = Field(default="", description="How many more went on from it, in words.")


class MarkedText(Contract):
    """A quoted text with a marked range, as a refusal shows it."""

    before: str
    marked: str
    after: str


class Reply(Contract):
    """One answer, whole."""

    kind: ReplyKind
    visibility: Visibility = Visibility.PUBLIC
    title: str
    lines: tuple[str, ...] = Field(default=(), description="Paragraphs of plain text.")
    quote: MarkedText | None = None
    fields: tuple[ReplyField, ...] = ()
    region: PictureRegion | None = None
    tree: TreeNode | None = Field(
        default=None, description="A family; who can draw it leaves out all lines but the first."
    )
    pictures: tuple[ReplyPicture, ...] = ()
    buttons: tuple[Button, ...] = ()
    links: tuple[ReplyLink, ...] = ()
    job_id: JobId | None = None
    item: ReviewId | None = Field(default=None, description="The moderators' item it shows.")
    author: str = Field(default="", description="Whose request it answers, as a display name.")

    @property
    def all_pictures(self) -> tuple[ReplyPicture, ...]:
        """Every picture in it, those of its tree too."""
        return self.pictures + (() if self.tree is None else tuple(_pictures_in(self.tree)))


def _pictures_in(node: TreeNode) -> Iterator[ReplyPicture]:
    yield from node.pictures
    for child in node.children:
        yield from _pictures_in(child)


class FieldKind(StrEnum):
    """How a form's field is filled in."""

    TEXT = "text"
    MASK = "mask"
    """By painting over the form's picture; its value is the id of the uploaded mask."""
    CHOICE = "choice"
    """By taking one of its choices."""


class Choice(Contract):
    """One of the values that a field may have."""

    value: str
    label: str


class FormField(Contract):
    """One field of a form."""

    name: str
    label: str
    value: str = Field(default="", description="What stands there when the form opens.")
    kind: FieldKind = FieldKind.TEXT
    is_long: bool = False
    is_required: bool = True
    max_length: int = Field(default=6000, ge=1)
    choices: tuple[Choice, ...] = ()


class Form(Contract):
    """A few fields to fill in before a button does its work.

    Pressing the same button again, with the fields by name, is what submits it.
    """

    title: str
    fields: tuple[FormField, ...] = Field(min_length=1)
    action: Action
    job_id: JobId
    picture: int | None = None
    item: ReviewId | None = None
    submit_label: str
    shown: ReplyPicture | None = Field(
        default=None, description="The picture that it is about, and that a mask is painted over."
    )
