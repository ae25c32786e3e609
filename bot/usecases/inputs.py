"""Find the pictures that a request goes on from, for those who may see them."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot import permissions
from bot.usecases.presses import Press
from bot.usecases.uploads import require_own
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import UploadId, VerifyId
from core.contracts.jobs import Job, Picture
from core.contracts.personal import Upload, UploadKind
from core.errors import NotFound, UserError
from core.prompts import escape
from core.storage import Unit
from core.workflow import JobState

POSTED = frozenset({JobState.PUBLISHED, JobState.DELIVERED})
"""States in which a job's pictures may have been seen: only then can one go on from them."""

UPSCALED_MAX = 2048
"""Pixels of the longer side that an enlarged picture may have: four times what is usually posted.
As a PNG that is some 8 MB, under the 10 MB that Discord takes."""

_UPLOAD = "up-"


@dataclass(frozen=True, slots=True)
class Origin:
    """The picture that a button is about, and how it came to be drawn."""

    job: Job
    picture: Picture
    spec: GenerationSpec
    """What it was drawn by: its own words and seed, of the request behind any enlarging."""


def require(unit: Unit, actor: Actor, address: ReplyAddress, spec: GenerationSpec) -> list[str]:
    """Let a request pass whose pictures are there and may be used by who asks, here.

    Returns:
        What the files that were uploaded are called, for the gate.

    Raises:
        NotFound: `image_not_found`, the same whether there is none or it is not theirs to see.
        UserError: `picture_deleted`, `upload_gone`, `upload_kind_wrong`, `age_restricted` or
            `upscale_too_large`.
    """
    uploads = []
    if spec.image is not None and not spec.image.startswith(_UPLOAD):
        picture = _visible_picture(unit, actor, address, VerifyId(spec.image))
        _require_room_to_grow(spec, picture.width, picture.height)
    elif spec.image is not None:
        upload = _own_upload(unit, actor, spec.image, "--image", UploadKind.PICTURE)
        _require_room_to_grow(spec, upload.width, upload.height)
        uploads.append(upload)
    if spec.mask is not None:
        uploads.append(_own_upload(unit, actor, spec.mask, "--mask", UploadKind.MASK))
    return [upload.file_name for upload in uploads if upload.file_name]


def require_words(spec: GenerationSpec) -> None:
    """Let a request be asked for again whose words are still known.

    Raises:
        UserError: `prompt_forgotten`.
    """
    if spec.is_forgotten:
        raise UserError("prompt_forgotten")


def origin_of(unit: Unit, actor: Actor, press: Press) -> Origin:
    """Find the picture that a pressed button is about.

    Raises:
        NotFound: `job_not_found`, or `picture_not_found` where the job has no such picture to see.
        UserError: `picture_deleted`, `age_restricted` or `prompt_forgotten`.
    """
    job = permissions.visible_job(unit, actor, press.job_id)
    picture = _nth(unit.pictures.of_job(job.job_id), press.picture or 0)
    _require_standing(unit, actor, job, picture)
    permissions.require_place(job, press.address)
    drawn_by = _drawn_by(unit, actor, job).spec
    require_words(job.spec)
    require_words(drawn_by)
    alone = {"prompt": escape(picture.prompt), "seed": picture.seed}
    return Origin(job, picture, drawn_by.model_copy(update=alone))


def _nth(pictures: Iterable[Picture], index: int) -> Picture:
    for picture in pictures:
        if picture.index == index:
            return picture
    raise NotFound("picture_not_found")


def _drawn_by(unit: Unit, actor: Actor, job: Job) -> Job:
    """Go back over jobs that only enlarged, to the one that drew, as far as one may see."""
    while job.spec.upscale is not None and job.parent_id is not None:
        before = unit.jobs.get(job.parent_id)
        if not permissions.may_see(actor, before):
            break
        job = before
    return job


def _visible_picture(
    unit: Unit, actor: Actor, address: ReplyAddress, verify_id: VerifyId
) -> Picture:
    try:
        picture = unit.pictures.get(verify_id)
        job = unit.jobs.get(picture.job_id)
        _require_standing(unit, actor, job, picture)
    except NotFound as error:
        raise NotFound("image_not_found", value=verify_id) from error
    permissions.require_place(job, address)
    return picture


def _require_standing(unit: Unit, actor: Actor, job: Job, picture: Picture) -> None:
    """Refuse a picture that was never shown here, and say so of one that was and is no more."""
    if not permissions.is_of_community(actor, job):
        raise NotFound("picture_not_found", value=picture.verify_id)
    if unit.pictures.is_deleted(picture.verify_id):
        raise UserError("picture_deleted", value=picture.verify_id)
    if job.state not in POSTED:
        raise NotFound("picture_not_found", value=picture.verify_id)


def _own_upload(unit: Unit, actor: Actor, upload_id: str, flag: str, kind: UploadKind) -> Upload:
    upload = require_own(unit, actor, UploadId(upload_id))
    if upload.kind is not kind:
        raise UserError("upload_kind_wrong", flag=flag, value=upload_id, allowed=f"a {kind.value}")
    return upload


def _require_room_to_grow(spec: GenerationSpec, width: int, height: int) -> None:
    longer = max(width, height) * (spec.upscale or 1)
    if spec.upscale is not None and longer > UPSCALED_MAX:
        raise UserError("upscale_too_large", value=longer, allowed=str(UPSCALED_MAX))
