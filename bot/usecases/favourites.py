"""Mark pictures as favourites, and list them to who marked them alone."""

from bot import permissions, wording
from bot.bootstrap import Services
from bot.replies import Reply
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import JobId
from core.errors import UserError
from core.workflow import JobState

PAGE = 10
"""Favourites on a page, as in the history."""

PAGE_MAX = 1000

_SHOWN = frozenset({JobState.PUBLISHED, JobState.DELIVERED})
"""States in which a job's pictures stand."""


def favourites_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Do what stands after `/favourites`: a page's number, or nothing.

    Raises:
        UserError: `page_invalid`.
    """
    word = rest.strip() or "1"
    if not (word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= PAGE_MAX):
        raise UserError("page_invalid", value=word[:40], allowed=str(PAGE_MAX))
    return list_favourites(services, actor, address, int(word))


def list_favourites(
    services: Services, actor: Actor, address: ReplyAddress, page: int = 1
) -> Reply:
    """List a page of a person's favourites that still stand, last marked first.

    A picture of an age-restricted place is named elsewhere, but not shown there.
    """
    with services.store.reading() as unit:
        marked = unit.favourites.of_member(
            actor.community_id,
            actor.member_id,
            states=_SHOWN,
            limit=PAGE + 1,  # One more, to know whether there is a next page.
            offset=PAGE * (page - 1),
        )
        rows = []
        for each in marked[:PAGE]:
            job, picture = unit.jobs.get(each.job_id), unit.pictures.get(each.verify_id)
            rows.append((job, picture, permissions.fits_place(job, address)))
        records = unit.registry.named(picture.verify_id for _, picture, _ in rows)
    return wording.favourites_card(rows, page, has_more=len(marked) > PAGE, records=records)


def toggle(services: Services, actor: Actor, job_id: JobId, picture: int | None = None) -> Reply:
    """Mark a picture, or take the mark away; without a place, all pictures of the job at once.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: `nothing_to_mark`: there is no such picture, or it stands no longer.
    """
    with services.store.unit() as unit:
        job = permissions.visible_job(unit, actor, job_id)
        standing = [
            each.verify_id
            for each in (unit.pictures.of_job(job_id) if job.state in _SHOWN else [])
            if picture in {None, each.index} and not unit.pictures.is_deleted(each.verify_id)
        ]
        if not standing:
            raise UserError("nothing_to_mark", value=job_id)
        marked = unit.favourites.marked(actor.community_id, actor.member_id, standing)
        is_marked = len(marked) < len(standing)
        for verify_id in standing:
            if is_marked:
                unit.favourites.add(
                    actor.community_id, actor.member_id, verify_id, now=services.clock()
                )
            else:
                unit.favourites.remove(actor.community_id, actor.member_id, verify_id)
    return wording.favourite_marked(job, len(standing), is_marked=is_marked)
