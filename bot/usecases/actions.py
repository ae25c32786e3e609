"""Do what the buttons under a result say: draw again, tell the recipe, delete, report."""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from bot import permissions, wording
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Action, Form, Reply
from bot.usecases import (
    appeal,
    deleting,
    drafts,
    imagine,
    mydata,
    region,
    remix,
    review,
    rewrite,
    show,
    upscale,
    vary,
    verify,
)
from bot.usecases.cancel import cancel
from bot.usecases.deleting import delete
from bot.usecases.favourites import toggle
from bot.usecases.inputs import POSTED
from bot.usecases.presses import Press
from bot.usecases.rerun import rerun
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.ids import DraftId, JobId
from core.contracts.jobs import Job
from core.contracts.reviews import ReviewId
from core.errors import AppError, UserError
from core.storage import Unit
from core.workflow import Outcome
from moderation.review import opening
from moderation.review.opening import Held, weightiest

log = structlog.get_logger()


def reroll(services: Services, actor: Actor, job_id: JobId, address: ReplyAddress) -> Reply:
    """Ask for the same again with a new seed, through the same gate as any request.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
    """
    permissions.require(actor, Deed.REROLL)
    with services.store.reading() as unit:
        job = permissions.visible_job(unit, actor, job_id)
    # Without a seed in the spec, one is drawn; with it, the same picture would come back.
    spec = job.spec.model_copy(update={"seed": None})
    return imagine.admit(services, actor, spec, address, parent=job_id, action="reroll")


def report(services: Services, actor: Actor, job_id: JobId, reason: str = "") -> Reply:
    """Tell the moderators that a posted picture should be looked at: once a member and job.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: `nothing_to_report`, when no picture stands; `already_reported`.
    """
    permissions.require(actor, Deed.REPORT)
    with services.store.unit() as unit:
        job = permissions.visible_job(unit, actor, job_id)
        if job.state not in POSTED:
            raise UserError("nothing_to_report", value=job_id)
        now = services.clock()
        if not unit.reports.add(job_id, actor.member_id, reason, now=now):
            raise UserError("already_reported", value=job_id)
        _open_review(services, unit, job, reason, now)
    services.courier.nudge(is_review=True)
    log.info("job_reported", job_id=job_id)
    return wording.reported(job)


def _open_review(services: Services, unit: Unit, job: Job, reason: str, now: datetime) -> None:
    """Put a reported job before the moderators, or raise what is there already."""
    policy = services.gates.of(job.actor.community_id, job.address.channel_id).policy
    held = Held(
        outcome=Outcome.DELIVERED,
        verdict=weightiest(unit.verdicts.of_job(job.job_id), policy),
        policy=policy,
        member_note=reason,
        picture_hashes=tuple(each.pdq for each in unit.pictures.of_job(job.job_id) if each.pdq),
    )
    opening.report(unit, job, held, now=now)


def _reroll_or_change(services: Services, actor: Actor, press: Press) -> Reply | Form:
    """Draw again, or, where the member has remix switched on, open the request first."""
    if press.fields is not None:
        return remix.submit(services, actor, press, action="reroll")
    with services.store.reading() as unit:
        job = permissions.visible_job(unit, actor, press.job_id)
        settings = unit.settings.get(actor.community_id, actor.member_id)
    if settings.is_remix:
        return remix.form(press, job.spec.model_copy(update={"seed": None}))
    return reroll(services, actor, press.job_id, press.address)


def _cancel(services: Services, actor: Actor, press: Press) -> Reply:
    """Call a request back, or one that was never begun."""
    if press.draft is not None:
        return drafts.decline(services, actor, press)
    return cancel(services, actor, press.job_id)


_Do = Callable[[Services, Actor, Press], Reply | Form]

_ACTIONS: dict[Action, _Do] = {
    Action.UPSCALE: upscale.upscale,
    Action.VARY: vary.vary,
    Action.VARY_SUBTLE: vary.vary,
    Action.VARY_STRONG: vary.vary,
    Action.VARY_REGION: region.vary_region,
    Action.REMIX: remix.remix,
    Action.REWRITE: rewrite.rewrite,
    Action.REROLL: _reroll_or_change,
    Action.RERUN: lambda services, actor, press: rerun(
        services, actor, press.job_id, press.address, press.picture
    ),
    Action.FAVOURITE: lambda services, actor, press: toggle(
        services, actor, press.job_id, press.picture
    ),
    Action.DETAILS: lambda services, actor, press: show.details(services, actor, press.job_id),
    Action.ABOUT: verify.about,
    Action.DELETE: deleting.pressed,
    Action.DELETE_ONE: lambda services, actor, press: delete(services, actor, press.job_id),
    Action.DELETE_ALL: deleting.delete_all,
    Action.REPORT: lambda services, actor, press: report(services, actor, press.job_id),
    Action.CANCEL: _cancel,
    Action.CONFIRM: drafts.confirm,
    Action.ERASE: mydata.confirmed,
    Action.APPEAL: appeal.appeal,
    **dict.fromkeys(review.ACTIONS, review.press),
}
"""What each button does."""


def press(  # noqa: PLR0913 - the seam of every front-end, in words rather than in one more model.
    services: Services,
    actor: Actor,
    action: Action,
    job_id: JobId,
    address: ReplyAddress,
    *,
    picture: int | None = None,
    fields: Mapping[str, str] | None = None,
    draft: DraftId | None = None,
    item: ReviewId | None = None,
) -> Reply | Form:
    """Do what a button says, and answer for what went wrong as well.

    Args:
        services: What every use case is handed.
        actor: Who pressed.
        action: Which button.
        job_id: The job below which it stands.
        address: Where it stands.
        picture: The picture that it is about, by its place in the job from 0.
        fields: What its form was filled in with; None where no form has been shown yet.
        draft: The request that a yes would start.
        item: The item of the moderators' queue that it is about.

    Returns:
        The answer, or the form that is to be filled in first.
    """
    pressed = Press(action, job_id, address, picture, fields, draft, item)
    try:
        return _ACTIONS[action](services, actor, pressed)
    except AppError as error:
        return wording.error(error)
