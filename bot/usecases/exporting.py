"""Put everything that is kept of a member into one zip file: a JSON file, and their pictures.

What moderators hold is listed and not handed out; secrets and other people are left out.
"""

import json
import zipfile
from datetime import datetime
from typing import IO, Any

from bot import wording
from bot.bootstrap import Services
from core.contracts.actors import Actor
from core.contracts.ids import MemberId
from core.errors import NotFound, UserError
from core.held import is_held

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}

ABOUT = (
    "Everything that is kept of this member, table by table. Pictures that were posted are under "
    "pictures/, by their verify id, and what the member brought is under uploads/. Pictures that "
    "wait for a moderator, or were decided against, are listed and not handed out. Names of other "
    "people, and what opens anything, are left out."
)


def write_zip(
    services: Services, member: Actor, file: IO[bytes], *, by: MemberId | None = None
) -> None:
    """Write the zip, and first of all write down that it is handed out.

    Args:
        services: What every use case is handed.
        member: Whose data.
        file: Where to; it must be seekable.
        by: Who asks for it, if not they themselves.

    Raises:
        UserError: `mydata_member_unknown`: somebody else asks, and nothing is kept of such a one.
        Unavailable: the database or the blob store is away.
    """
    now = services.clock()
    with services.store.reading() as unit:
        tables = unit.personal.everything(member.community_id, member.member_id)
        pictures = [
            picture
            for job in tables["jobs"]
            for picture in unit.pictures.of_job(job["job_id"])
            if not is_held(picture) and not unit.pictures.is_deleted(picture.verify_id)
        ]
        uploads = [
            unit.uploads.get(each["upload_id"])
            for each in tables["uploads"]
            if each["deleted_at"] is None
        ]
    if by is not None and not any(tables.values()):
        raise UserError("mydata_member_unknown", value=member.member_id)
    _record(services, member, by, tables, now)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as into:
        for picture in pictures:
            name = wording.file_name(picture.verify_id, picture.media_type)
            _add(services, into, f"pictures/{name}", picture.blob)
        for upload in uploads:
            ending = _ENDINGS.get(upload.media_type, "bin")
            _add(services, into, f"uploads/{upload.upload_id}.{ending}", upload.blob)
        told = {
            "about": ABOUT,
            "community": member.community_id,
            "member": member.member_id,
            "at": now.isoformat(),
            **tables,
        }
        text = json.dumps(told, ensure_ascii=False, indent=2)
        into.writestr("data.json", text, zipfile.ZIP_DEFLATED)


def _record(
    services: Services,
    member: Actor,
    by: MemberId | None,
    tables: dict[str, list[dict[str, Any]]],  # Any: what JSON takes.
    now: datetime,
) -> None:
    with services.store.unit() as unit:
        unit.audit.add(
            "data_exported",
            job_id=None,
            by=by or member.member_id,
            facts={"rows": sum(map(len, tables.values()))},
            now=now,
            community_id=member.community_id,
            about=member.member_id,
        )


def _add(services: Services, into: zipfile.ZipFile, name: str, blob: str) -> None:
    """Add a file, unless somebody deleted it a moment ago."""
    try:
        data = services.blobs.get(blob)
    except NotFound:
        return
    into.writestr(name, data)
