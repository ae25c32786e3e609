"""Take in a picture that a member brings, to go on from or as a mask, and show it to them alone."""

import re
from datetime import timedelta

import structlog

from bot import permissions
from bot.bootstrap import Services
from bot.permissions import Deed
from core.contracts.actors import Actor
from core.contracts.ids import ChannelId, UploadId, new_upload_id
from core.contracts.personal import Upload, UploadKind
from core.contracts.verdicts import Decision, Verdict
from core.errors import NotFound, Unavailable, UserError
from core.storage import Unit
from moderation.rules import ScreenedText

log = structlog.get_logger()

FILE_NAME_MAX = 100
"""Characters of a file's name that are kept: enough to tell one's own pictures apart."""

_UNWANTED = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
"""What is invisible or turns the direction of a line: names are shown beside other things."""


def store(
    services: Services,
    actor: Actor,
    data: bytes,
    *,
    file_name: str = "",
    kind: UploadKind = UploadKind.PICTURE,
) -> Upload:
    """Check a file, make a picture of our own of it, and keep that for its member.

    The record is written before the bytes: a process killed in between leaves a row whose bytes
    are missing, which the sweep clears away, and never bytes that nobody knows of.

    Args:
        services: What every use case is handed.
        actor: Whose it will be; nobody else can use it.
        data: The file.
        file_name: What it was called; screened, and never a path to anything.
        kind: What it is for.

    Raises:
        UserError: what is the matter with the file (`core.intake.clean`); `upload_name_refused`;
            `too_many_uploads`.
        Unavailable: the database or the blob store is away; nothing is kept.
    """
    # Loads Pillow, which a host that only chats does not have.
    from core.intake import clean

    permissions.require(actor, Deed.IMAGINE)
    name = clean_name(file_name)
    with services.store.reading() as unit:  # Before the work is done, and again at its end.
        _require_room(services, unit, actor)
    made = clean(data, kind, max_bytes=services.settings.upload_max_bytes)
    verdict = _verdict_on(services, actor, name)
    if verdict is not None and verdict.decision is not Decision.ALLOW:
        _record_refusal(services, verdict)
    upload_id = new_upload_id()
    upload = Upload(
        upload_id=upload_id,
        community_id=actor.community_id,
        member_id=actor.member_id,
        kind=kind,
        blob=f"uploads/{upload_id}.png",
        sha256=made.sha256,
        width=made.width,
        height=made.height,
        size_bytes=len(made.data),
        file_name=name,
        created_at=services.clock(),
    )
    with services.store.unit() as unit:
        _require_room(services, unit, actor)
        unit.uploads.add(upload)
    _put(services, upload, made.data)
    log.info("upload_kept", upload_id=upload_id, kind=kind.value, size_bytes=upload.size_bytes)
    return upload


def own(services: Services, actor: Actor, upload_id: UploadId) -> Upload:
    """Find a member's own upload.

    Raises:
        NotFound: `image_not_found`, the same whether it is another's or no upload at all.
        UserError: `upload_gone`, when its time was over.
    """
    with services.store.reading() as unit:
        return require_own(unit, actor, upload_id)


def require_own(unit: Unit, actor: Actor, upload_id: UploadId) -> Upload:
    """Find a member's own upload in a unit; raises as `own` does."""
    upload = unit.uploads.get(upload_id)
    if (upload.community_id, upload.member_id) != (actor.community_id, actor.member_id):
        raise NotFound("image_not_found", value=upload_id)
    if unit.uploads.is_deleted(upload_id):
        raise UserError("upload_gone", value=upload_id)
    return upload


def clean_name(file_name: str) -> str:
    """Keep what is readable of a file's name, without any folder."""
    last = re.split(r"[/\\]", file_name)[-1]
    return " ".join(_UNWANTED.sub("", last).split())[:FILE_NAME_MAX]


def _verdict_on(services: Services, actor: Actor, name: str) -> Verdict | None:
    if not name:
        return None
    # An upload has no channel yet: the community's policy holds, and the channel's when it is used.
    gate = services.gates.of(actor.community_id, ChannelId(""))
    return gate.screen_rules(
        (ScreenedText("file_name", name),),
        community_id=actor.community_id,
        now=services.clock(),
    )


def _record_refusal(services: Services, verdict: Verdict) -> None:
    """Write the verdict down and refuse: nobody reviews a file's name, it can be changed."""
    with services.store.unit() as unit:
        unit.verdicts.add(verdict)
    raise UserError("upload_name_refused")


def _require_room(services: Services, unit: Unit, actor: Actor) -> None:
    """Let a member pass who has not brought too much lately.

    Raises:
        UserError: `too_many_uploads`.
    """
    now, settings = services.clock(), services.settings
    for limit, span, words in (
        (settings.uploads_per_hour, timedelta(hours=1), "hour"),
        (settings.uploads_per_day, timedelta(days=1), "day"),
    ):
        if unit.uploads.count_since(actor.community_id, actor.member_id, now - span) >= limit:
            raise UserError("too_many_uploads", value=limit, allowed=words)


def _put(services: Services, upload: Upload, data: bytes) -> None:
    try:
        services.blobs.put(upload.blob, data)
    except Unavailable:
        with services.store.unit() as unit:
            unit.uploads.mark_deleted(upload.upload_id, services.clock())
        raise
