"""Describe what a member keeps: settings, named styles, favourites, uploaded pictures, drafts."""

from enum import StrEnum

from pydantic import Field

from core.contracts.actors import ReplyAddress
from core.contracts.base import Contract, Moment
from core.contracts.generation import Aspect, GenerationSpec, Quality
from core.contracts.ids import CommunityId, DraftId, JobId, MemberId, UploadId, VerifyId

STYLES_MAX = 20
"""Named styles that one member may keep."""

STYLE_TEXT_MAX = 500
"""Characters of a named style or a suffix: beside a prompt, not instead of one."""


class MemberSettings(Contract):
    """What is in force for a member where a request does not say otherwise."""

    suffix: str = Field(
        default="", max_length=STYLE_TEXT_MAX, description="Words added to each prompt."
    )
    style: str | None = Field(default=None, description="The named style in force.")
    quality: Quality = Quality.STANDARD
    aspect: Aspect = Aspect(width=1, height=1)
    count: int = Field(default=1, ge=1, le=4, description="Pictures a request without `--n` draws.")
    is_remix: bool = Field(
        default=False, description="Variations and re-rolls first open the prompt for a change."
    )


class NamedStyle(Contract):
    """Words that a member gave a name."""

    name: str = Field(min_length=1, max_length=32, pattern=r"^[a-z0-9][a-z0-9-]*$")
    text: str = Field(min_length=1, max_length=STYLE_TEXT_MAX)
    created_at: Moment


class Favourite(Contract):
    """A picture that a member marked."""

    verify_id: VerifyId
    job_id: JobId
    created_at: Moment


class UploadKind(StrEnum):
    """What an uploaded picture is for."""

    PICTURE = "picture"
    MASK = "mask"


class Upload(Contract):
    """A picture that a member brought: checked, re-encoded without metadata, and stored."""

    upload_id: UploadId
    community_id: CommunityId
    member_id: MemberId
    kind: UploadKind
    blob: str = Field(description="Key in the blob store, under `uploads/`.")
    sha256: str = Field(description="Of the stored bytes.")
    media_type: str = "image/png"
    width: int
    height: int
    size_bytes: int
    file_name: str = Field(default="", description="As the member's file was called; screened.")
    created_at: Moment


class Draft(Contract):
    """A request that waits for its author's yes: a large job, with its price."""

    draft_id: DraftId
    community_id: CommunityId
    member_id: MemberId
    address: ReplyAddress
    spec: GenerationSpec
    action: str = "imagine"
    parent_id: JobId | None = None
    price_gpu_s: float = Field(ge=0)
    created_at: Moment
