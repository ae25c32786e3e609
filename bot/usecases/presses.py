"""Describe one press of a button, as every use case behind one is handed it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.replies import Action
from core.contracts.actors import ReplyAddress
from core.contracts.ids import DraftId, JobId
from core.contracts.reviews import ReviewId


@dataclass(frozen=True, slots=True)
class Press:
    """Which button, where, and what was filled in."""

    action: Action
    job_id: JobId
    address: ReplyAddress
    """Where the button is, which is where what follows from it goes."""
    picture: int | None = None
    """The picture's place in its job, from 0."""
    fields: Mapping[str, str] | None = None
    """What the button's form was filled in with; None: the form is still to be opened."""
    draft: DraftId | None = None
    item: ReviewId | None = None
    """The item of the moderators' queue."""
