"""Show moderators what they do: counts by category and person, waits, the queue's age, 30 days.

Charts are SVG from the server, because the page takes neither a script nor a style of its own;
each has a table that says the same to who does not see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from bot.usecases import statistics as use_case
from bot.usecases.sanctions import policy_of
from bot.web_app.console.charts import Columns, columns_of, part_of
from bot.web_app.console.door import ConsoleViewer, Visitor
from bot.web_app.console.parts import Console, TheConsole
from bot.wording.transparency import category_title, wait_in_words
from core.contracts.statistics import Statistics
from core.contracts.transparency import CategoryTally

private = APIRouter()

AGES = ("under 1 h", "1 to 4 h", "4 to 24 h", "1 to 3 days", "3 days and more")
"""What each age of the queue is called, as `AGES_H` parts them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything on the page."""

    found: Statistics
    categories: Sequence[tuple[str, CategoryTally]]
    """With their titles, the ones with the most requests first."""
    busiest: int
    """Requests of the category that has the most: what the bars are measured by."""
    ages: Sequence[tuple[str, int]]
    days: Columns


@private.get("/statistics")
async def statistics(request: Request, console: TheConsole, visitor: ConsoleViewer) -> Response:
    """Show the last 30 days."""
    shown = await to_thread.run_sync(_shown, console, visitor)
    return console.frame.page(
        request, visitor, "statistics.html", shown=shown, wait=wait_in_words, part=part_of
    )


def _shown(console: Console, visitor: Visitor) -> Shown:
    found = use_case.work_done(console.services, visitor.actor)
    policy = policy_of(console.services, visitor.actor)
    named = [(category_title(each.category, policy), each) for each in found.counts.categories]
    return Shown(
        found=found,
        categories=sorted(named, key=lambda each: (-_size(each[1]), each[0])),
        busiest=max((_size(each) for _, each in named), default=0),
        ages=list(zip(AGES, found.waiting.by_age, strict=True)),
        days=columns_of(
            [day.day for day in found.days],
            {
                "refused": [day.refused for day in found.days],
                "held": [day.held for day in found.days],
                "decided": [day.decided for day in found.days],
            },
        ),
    )


def _size(tally: CategoryTally) -> int:
    return max(tally.requests.count, tally.held.count, tally.appealed.count)
