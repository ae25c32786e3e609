"""Describe what is kept of one member, and what becomes of it when they ask to delete it."""

from pydantic import Field

from core.contracts.base import Contract

GONE = "erased:"
"""How the random name begins that stands for an erased member where a row must stay: it tells
nobody who they were, and still keeps one member's rows apart from another's."""


class Holdings(Contract):
    """What is kept of one member, in numbers."""

    requests: int
    pictures: int = Field(description="Whose bytes are still there.")
    uploads: int
    messages: int = Field(description="Of the local chat, theirs and Easel's answers to them.")
    under_way: int = Field(description="Requests that would be called back.")
    held_requests: int = Field(description="Requests that a legal hold names: they stay.")
    live_sanctions: int = Field(description="Sanctions in force: they stay until they end.")
    open_decisions: int = Field(
        description="Review items that were decided about them, or that they have a part in, and "
        "that have yet to take effect: they stay until then."
    )
    is_on_hold: bool = Field(description="A legal hold names the member: everything stays.")

    @property
    def is_anything(self) -> bool:
        """Tell whether there is anything to hand out or delete."""
        return any((self.requests, self.uploads, self.messages, self.live_sanctions))


class Erased(Contract):
    """What went, in numbers, and what stays."""

    requests: int
    files: int
    rows: int = Field(description="Deleted, or left without the member.")
    stays: Holdings
