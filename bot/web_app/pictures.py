"""Serve pictures exactly as they were stored, so that their labels stay whole.

A picture is looked up in the record at every request: whoever may no longer see it, because it
was taken down or belongs elsewhere, learns only that there is nothing here. Browsers may keep the
bytes but must ask each time whether they still may show them.
"""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Response

from bot import wording
from bot.posting import require_rows
from bot.web_app.context import TheWeb, Viewer, Web
from core.contracts.actors import Actor
from core.contracts.ids import JobId, VerifyId
from core.contracts.jobs import Picture
from core.errors import NotFound
from core.workflow import JobState

REVALIDATE = "private, no-cache"
_SHOWN = frozenset({JobState.PUBLISHED, JobState.DELIVERED})

router = APIRouter()


@router.get("/pictures/{verify_id}/{file_name}")
async def picture(
    web: TheWeb,
    viewer: Viewer,
    verify_id: VerifyId,
    file_name: str,  # noqa: ARG001 - whatever the address says, the file is named by its label.
    *,
    download: bool = False,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """Serve a published picture, byte for byte."""
    found = await to_thread.run_sync(visible_picture, web, viewer, verify_id)
    etag = f'"{found.sha256}"'
    disposition = "attachment" if download else "inline"
    name = wording.file_name(verify_id, found.media_type)
    headers = {
        "Cache-Control": REVALIDATE,
        "ETag": etag,
        "Content-Disposition": f'{disposition}; filename="{name}"',
    }
    if if_none_match == etag:
        return Response(status_code=304, headers=headers)
    blob = await to_thread.run_sync(web.services.blobs.get, found.blob)
    return Response(blob, media_type=found.media_type, headers=headers)


@router.get("/jobs/{job_id}/preview/{number}")
async def preview(web: TheWeb, viewer: Viewer, job_id: JobId, number: int) -> Response:
    """Serve the newest glimpse of a running job to its requester, and to nobody else.

    The number only makes each preview's address its own.
    """
    live = web.hub.live.get(job_id)
    jpeg = web.hub.preview(job_id)
    if live is None or jpeg is None or live.job.actor.member_id != viewer.member_id:
        raise NotFound("preview_not_found", value=number)
    return Response(jpeg, media_type="image/jpeg")


def visible_picture(web: Web, viewer: Actor, verify_id: VerifyId) -> Picture:
    """Find a published picture of the viewer's community that nobody took down.

    Raises:
        NotFound: `picture_not_found`, whatever the reason; `picture_unlabelled`.
    """
    with web.services.store.reading() as unit:
        found = unit.pictures.get(verify_id)
        job = unit.jobs.get(found.job_id)
        is_shown = job.state in _SHOWN and not unit.pictures.is_deleted(verify_id)
        if not is_shown or job.actor.community_id != viewer.community_id:
            raise NotFound("picture_not_found", verify_id=verify_id)
        require_rows(unit, [found])
    return found
