"""Draw a picture again as it was, to see whether it comes out the same.

The new job asks for what the record of the first one says, seed and all, and passes the gate like
any other. The worker then holds the new pictures against the first ones, value by value.
"""

import re

from bot import permissions
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Reply
from bot.usecases import imagine, inputs, show
from core.catalog import ModelProfile
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import JobId
from core.contracts.jobs import Job, Picture
from core.errors import UserError
from core.prompts import escape
from core.storage import Unit
from core.workflow import JobState

ACTION = "rerun"

_DRAWN = frozenset({JobState.PUBLISHED, JobState.DELIVERED})
_STEPS_MAX = 150
_GUIDANCE_MAX = 30


def rerun_command(services: Services, actor: Actor, rest: str, address: ReplyAddress) -> Reply:
    """Do what stands after `/rerun`: a request's id, with a picture's number, or a verify id.

    Raises:
        UserError: `rerun_id_missing`, `rerun_number_invalid`, and whatever `rerun` raises.
    """
    word, number = (*rest.lower().split(maxsplit=1), "", "")[:2]
    if not word:
        raise UserError("rerun_id_missing")
    with services.store.reading() as unit:
        picture = show.named_picture(unit, actor, word)
    if picture is not None:
        return rerun(services, actor, picture.job_id, address, picture.index)
    if number and not re.fullmatch(r"[0-9]{1,2}", number):
        raise UserError("rerun_number_invalid", value=number[:40])
    return rerun(services, actor, JobId(word), address, int(number) - 1 if number else None)


def rerun(
    services: Services,
    actor: Actor,
    job_id: JobId,
    address: ReplyAddress,
    picture: int | None = None,
) -> Reply:
    """Ask for a job's pictures again, or for one of them, by what was recorded of them.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: `nothing_to_rerun`: no picture of it was ever shown, or none in this place of
            the job; `age_restricted`; `model_unknown`, when its model is no longer on offer;
            `prompt_forgotten`.
    """
    permissions.require(actor, Deed.REROLL)
    with services.store.reading() as unit:
        job = permissions.visible_job(unit, actor, job_id)
        permissions.require_place(job, address)
        drawn = _drawn(unit, job)
    if picture is not None:
        drawn = [each for each in drawn if each.index == picture]
    if not drawn:
        raise UserError("nothing_to_rerun", value=job_id)
    inputs.require_words(job.spec)
    profile = services.catalog.get(job.model)
    spec = _as_drawn(job, drawn[0], profile)
    if picture is not None:
        alone = {"prompt": escape(drawn[0].prompt), "count": 1, "seed": drawn[0].seed}
        spec = spec.model_copy(update=alone)
    return imagine.admit(services, actor, spec, address, parent=job_id, action=ACTION)


def _drawn(unit: Unit, job: Job) -> list[Picture]:
    """List the pictures that were shown once, also those that their author took down since."""
    pictures = unit.pictures.of_job(job.job_id)
    if job.state in _DRAWN:
        return pictures
    taken_down = [each for each in pictures if unit.pictures.is_deleted(each.verify_id)]
    return [each for each in taken_down if each.was_shown]


def _as_drawn(job: Job, first: Picture, profile: ModelProfile) -> GenerationSpec:
    """Ask for what was in force then, where the model's own defaults are others by now."""
    spec = job.spec.model_copy(update={"seed": job.seed, "model": job.spec.model or job.model})
    if spec.image is not None:  # Of a picture gone on from, only a part of the steps is drawn.
        return spec
    changes: dict[str, object] = {}
    steps = spec.steps or profile.steps.get(spec.quality.value)
    if steps != first.steps and 1 <= first.steps <= _STEPS_MAX:
        changes["steps"] = first.steps
    guidance = profile.guidance_for(spec.guidance_scale, spec.stylize)
    if guidance != first.guidance_scale and 0 < first.guidance_scale <= _GUIDANCE_MAX:
        changes |= {"guidance_scale": first.guidance_scale, "stylize": None}
    return spec.model_copy(update=changes)
