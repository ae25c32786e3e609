"""Describe what moderators see of their own work: counts with nothing left out, and days."""

from datetime import date

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import MemberId
from core.contracts.transparency import Transparency


class Day(Contract):
    """What one day in UTC brought, and how much of it was answered."""

    day: date
    refused: int = 0
    """Requests that the policy refused."""
    held: int = Field(default=0, description="Items that were opened, reports and appeals too.")
    decided: int = 0
    """Items that a person decided, whenever they were opened."""


class Decider(Contract):
    """How much one person decided."""

    member_id: MemberId
    name: str = Field(description="As they were called at one of those decisions.")
    approved: int = 0
    rejected: int = 0

    @property
    def decided(self) -> int:
        """Both together."""
        return self.approved + self.rejected


class Waiting(Contract):
    """How old what nobody has decided is at one moment."""

    by_age: tuple[int, ...] = Field(description="As many as `AGES_H` has limits, and the older.")
    overdue: int = Field(default=0, description="Past the policy's time to look.")
    oldest: Moment | None = None

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self.by_age)


AGES_H = (1, 4, 24, 72)
"""Under how many hours each age of the queue ends, the youngest first."""


class Statistics(Contract):
    """One community's moderation over a time, for those who do it."""

    counts: Transparency
    wait_s: float | None = Field(description="The median until a person decided; None: none did.")
    days: tuple[Day, ...] = Field(description="Every day of the time, the oldest first.")
    deciders: tuple[Decider, ...] = Field(description="Who decided the most comes first.")
    waiting: Waiting

    @property
    def reversal_rate(self) -> float | None:
        """The part of the answered appeals that were overturned; None: none was answered."""
        answered = sum(each.answered.count for each in self.counts.categories)
        overturned = sum(each.overturned.count for each in self.counts.categories)
        return overturned / answered if answered else None
