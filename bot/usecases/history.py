"""List what a person asked for before, newest first, to that person alone."""

import difflib

from bot import permissions, wording
from bot.bootstrap import Services
from bot.replies import Reply
from bot.usecases import favourites
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.jobs import Job, Picture
from core.errors import UserError
from core.storage import Unit
from core.workflow import WAITING, JobState

PAGE = 10
"""Requests on a page: what the media gallery of one Discord message has room for."""

PAGE_MAX = 1000
"""Pages that can be asked for; further back a request is found by its id."""

_S = JobState

FILTERS: dict[str, frozenset[JobState]] = {
    "waiting": WAITING,
    "drawn": frozenset({_S.PUBLISHED, _S.DELIVERED}),
    "failed": frozenset({_S.FAILED, _S.EXPIRED}),
    "refused": frozenset({_S.BLOCKED, _S.WITHHELD}),
    "cancelled": frozenset({_S.CANCELLED}),
}
"""The words that keep a part of the history."""

FAVOURITES = "favourites"
_SPELT_ALIKE = {"favorites": FAVOURITES, "canceled": "cancelled"}
_REPEATED_MAX = 40


def history_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Do what stands after `/history`: a page's number, a word that keeps a part, or both.

    Raises:
        UserError: `history_word_unknown`.
    """
    page, kept = 1, None
    for typed in rest.split():
        word = _SPELT_ALIKE.get(typed.casefold(), typed.casefold())
        if word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= PAGE_MAX:
            page = int(word)
        elif word in FILTERS or word == FAVOURITES:
            kept = word
        else:
            names = [*FILTERS, FAVOURITES]
            near = difflib.get_close_matches(word[:_REPEATED_MAX], names, n=1)
            raise UserError(
                "history_word_unknown",
                value=typed[:_REPEATED_MAX],
                allowed=[*names, f"a page from 1 to {PAGE_MAX}"],
                suggestion=f"/history {near[0]}" if near else None,
            )
    if kept == FAVOURITES:
        return favourites.list_favourites(services, actor, address, page)
    return list_history(services, actor, address, page, kept)


def list_history(
    services: Services, actor: Actor, address: ReplyAddress, page: int = 1, kept: str | None = None
) -> Reply:
    """List a page of a person's own requests, each with its state and its first picture."""
    with services.store.reading() as unit:
        jobs = unit.jobs.recent(
            actor.community_id,
            member_id=actor.member_id,
            states=None if kept is None else sorted(FILTERS[kept]),
            limit=PAGE + 1,  # One more, to know whether there is a next page.
            offset=PAGE * (page - 1),
        )
        rows = [(job, _first_picture(unit, job, address)) for job in jobs[:PAGE]]
        records = unit.registry.named(first.verify_id for _, first in rows if first is not None)
    return wording.history_card(rows, page, kept, has_more=len(jobs) > PAGE, records=records)


def _first_picture(unit: Unit, job: Job, address: ReplyAddress) -> Picture | None:
    """Find the first picture that stands and may be shown in this place."""
    if job.state not in FILTERS["drawn"] or not permissions.fits_place(job, address):
        return None
    pictures = unit.pictures.of_job(job.job_id)
    return next((each for each in pictures if not unit.pictures.is_deleted(each.verify_id)), None)
