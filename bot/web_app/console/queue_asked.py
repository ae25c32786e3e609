"""Read which items of the queue a page asks for."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from bot.web_app.console.door import Visitor
from core.contracts.reviews import (
    UNDECIDED,
    ReviewFilter,
    ReviewId,
    ReviewKind,
    ReviewOrder,
    ReviewState,
)

PAGE: Final = 50
"""Items of one page; more come with “More”."""

SHOWN_MOST: Final = 500
"""What a page that looks again asks for at most: who has gone that far begins anew."""

WORDS_MOST: Final = 200

_STATES = {
    "second": frozenset({ReviewState.SECOND}),
    "decided": frozenset({ReviewState.DECIDED}),
}


class Asked(BaseModel):
    """The queue's filters, as a form has them: nothing chosen is the empty word.

    What no filter knows, from an old or invented address, counts as nothing chosen. `words` come
    by a form alone: what was typed there belongs in no address.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = Field(default="", max_length=40)
    category: str = Field(default="", max_length=80)
    severity: str = Field(default="", max_length=40)
    whose: str = Field(default="all", max_length=20)
    order: str = Field(default="urgent", max_length=20)
    words: str = ""
    after: str = Field(default="", max_length=40)
    shown: int = Field(default=0, ge=0)
    item: str = Field(default="", max_length=40)

    @property
    def limit(self) -> int:
        """Say how many are listed: as many as the page shows already, where it looks again."""
        return min(max(self.shown, PAGE), SHOWN_MOST)

    @property
    def last(self) -> ReviewId | None:
        """Name the item after which the list goes on."""
        return ReviewId(self.after) if self.after else None

    @property
    def sorted_by(self) -> ReviewOrder:
        """Pick the order."""
        known = {each.value: each for each in ReviewOrder}
        return known.get(self.order, ReviewOrder.URGENT)

    @property
    def address(self) -> dict[str, str]:
        """List what of it may stand in an address, and is not as it is anyway."""
        asked = {
            "kind": self.kind,
            "category": self.category,
            "severity": self.severity,
            "whose": "" if self.whose == "all" else self.whose,
            "order": "" if self.order == "urgent" else self.order,
        }
        return {name: value for name, value in asked.items() if value}

    def for_visitor(self, visitor: Visitor) -> ReviewFilter:
        """Make the filter; whoever takes a pause sees what is theirs alone."""
        whose = "mine" if visitor.settings.is_paused else self.whose
        known = {each.value: each for each in ReviewKind}
        return ReviewFilter(
            states=_STATES.get(whose, UNDECIDED),
            kinds=frozenset({known[self.kind]}) if self.kind in known else frozenset(),
            categories=frozenset({self.category}) if self.category else frozenset(),
            severities=frozenset({self.severity}) if self.severity else frozenset(),
            claimed_by=visitor.actor.member_id if whose == "mine" else None,
            is_free=whose == "free",
            is_escalated=True if whose == "escalated" else None,
            words=self.words.strip()[:WORDS_MOST],
        )
