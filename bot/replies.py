"""Describe an answer before any platform renders it.

Use cases and delivery make a `Reply`; each front-end's `render` turns it into its own widgets.
A reply holds finished sentences (from `bot/wording.py`) and never markup; user text in it is
plain text, and renderers escape it and parse no mentions from it.
"""

from enum import StrEnum

from pydantic import Field

from core.contracts.base import Contract
from core.contracts.ids import JobId, VerifyId


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
    """What a button does; with a job id it is the whole of a button's state."""

    REROLL = "reroll"
    DETAILS = "details"
    DELETE = "delete"
    REPORT = "report"


class Button(Contract):
    """One button: an action on a job."""

    action: Action
    label: str
    is_danger: bool = False
    needs_confirmation: str | None = Field(default=None, description="The question to ask first.")


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
    pictures: tuple[ReplyPicture, ...] = ()
    buttons: tuple[Button, ...] = ()
    job_id: JobId | None = None
    author: str = Field(default="", description="Whose request it answers, as a display name.")
