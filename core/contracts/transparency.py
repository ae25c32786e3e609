"""Describe what a community may know of its moderation: counts, and nobody behind them."""

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.sanctions import SanctionKind

FEWEST = 3
"""Members behind a number that is shown: fewer could be told who they are."""


class Tally(Contract):
    """How often something happened, and to how many members."""

    count: int = 0
    members: int = 0

    @property
    def shown(self) -> int | None:
        """The count, unless it stands for so few members that they could be known by it."""
        return self.count if self.members >= FEWEST or self.count == 0 else None


class CategoryTally(Contract):
    """What became of requests that one category was about."""

    category: str | None = Field(description="None: a check failed, and no category decided.")
    requests: Tally = Tally()
    refused: Tally = Tally()
    held: Tally = Tally()
    appealed: Tally = Tally()
    answered: Tally = Field(default=Tally(), description="Appeals that a person decided.")
    overturned: Tally = Tally()
    lapsed: Tally = Field(default=Tally(), description="Nobody decided in time.")
    waits: Tally = Field(default=Tally(), description="Items that a person decided.")
    wait_s: float | None = Field(default=None, description="The median until they did.")

    @property
    def reversal_rate(self) -> float | None:
        """The part of the answered appeals that were overturned; None: that would tell of whom."""
        answered, overturned = self.answered.shown, self.overturned.shown
        if not answered or overturned is None:
            return None
        return overturned / answered

    @property
    def shown_wait_s(self) -> float | None:
        """The median wait, unless it is that of so few that they could be known by it."""
        return self.wait_s if self.waits.shown else None


class Transparency(Contract):
    """One community's moderation over a time."""

    since: Moment
    until: Moment
    requests: Tally = Field(description="All of them, whatever the policy said.")
    categories: tuple[CategoryTally, ...]
    sanctions: dict[SanctionKind, Tally]
