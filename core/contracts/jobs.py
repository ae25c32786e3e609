"""Describe a job and its pictures as every package sees them; tables stay in storage."""

from enum import StrEnum

from pydantic import Field

from core.contracts.actors import Actor, ReplyAddress
from core.contracts.base import Contract, Moment
from core.contracts.generation import GenerationSpec
from core.contracts.ids import JobId, MemberId, NoticeId, VerifyId
from core.workflow import JobState, NoticeKind


class Job(Contract):
    """One request on its way."""

    job_id: JobId
    state: JobState
    actor: Actor
    address: ReplyAddress
    spec: GenerationSpec
    seed: int = Field(description="The seed in force: the asked one, or drawn at submission.")
    model: str = Field(description="The catalog name of the model in force.")
    queue: str = Field(description="The generation queue in force.")
    policy_version: str
    attempts: int = 0
    parent_id: JobId | None = Field(default=None, description="The job this one goes on from.")
    action: str = Field(default="imagine", description="How it came about: imagine, reroll, …")
    failure: str | None = Field(default=None, description="An error code, once FAILED.")
    priority: int = Field(default=0, description="Higher is drawn first, whoever asks.")
    is_resumed: bool = Field(
        default=False, description="Put back by a worker that had to end: goes before new work."
    )
    snapshot: str | None = Field(
        default=None, description="Key in the blob store of what that worker had drawn so far."
    )
    price_gpu_s: float | None = Field(
        default=None, ge=0, description="GPU-seconds that it was expected to take, at submission."
    )
    created_at: Moment
    updated_at: Moment


class Cause(StrEnum):
    """Why a picture drawn again need not match the first, or cannot be held against it."""

    ORIGINAL_GONE = "original_gone"
    """Its bytes were deleted, or the store has them not."""
    ORIGINAL_CHANGED = "original_changed"
    """The stored bytes are not those that were posted, or cannot be read."""
    SIZE = "size"
    MARK = "mark"
    """The key of the first one's mark is gone, so that only marked pixels are left of it."""
    WEIGHTS = "weights"
    SCHEDULER = "scheduler"
    STEPS = "steps"
    ENVIRONMENT = "environment"
    """Another device, number format or library version."""
    COMPANY = "company"
    """The first was drawn outside reproducible mode, where others' pictures beside it count."""


class Difference(Contract):
    """How a picture that was drawn again differs from the first, in the pixels as posted."""

    original: VerifyId
    values: int = Field(ge=0, description="8-bit values compared; 0: they could not be.")
    differing: int = Field(default=0, ge=0)
    largest: int = Field(default=0, ge=0, le=255, description="The largest single difference.")
    causes: tuple[Cause, ...] = Field(default=(), description="What is known to be different.")

    @property
    def is_identical(self) -> bool:
        """Tell whether every value was compared and none differs."""
        return self.values > 0 and self.differing == 0


class Picture(Contract):
    """One finished picture of a job: where its bytes are and what they are."""

    verify_id: VerifyId
    job_id: JobId
    index: int = Field(ge=0, description="Its place in the job, from 0.")
    blob: str = Field(description="Key in the blob store, under `published/` or `held/`.")
    sha256: str = Field(description="Of the exact bytes that were stored and posted.")
    media_type: str = "image/png"
    width: int
    height: int
    size_bytes: int
    seed: int
    prompt: str = Field(description="The permutation that this picture shows.")
    alt_text: str
    model: str
    model_sha256: str = ""
    policy_version: str
    steps: int
    guidance_scale: float
    scheduler: str
    duration_s: float = Field(description="Engine time for this picture, in seconds.")
    gpu_s: float = Field(
        default=0.0, ge=0, description="Its share of the device's time, in GPU-seconds."
    )
    parent: str | None = Field(
        default=None, description="What it goes on from: a picture's verify id or an upload's id."
    )
    environment: str = Field(
        default="", description="Device, number format and libraries: what the bits hang on."
    )
    is_reproducible: bool = Field(
        default=False, description="Drawn so that its company in a batch did not matter."
    )
    difference: Difference | None = Field(
        default=None, description="From the picture that this one draws again."
    )
    pdq: str = Field(
        default="", description="What it looks like, in 64 hex digits, where it was held."
    )
    created_at: Moment

    @property
    def was_shown(self) -> bool:
        """Tell whether it lies, or lay, among what was published: a held one was never shown."""
        return not self.blob.startswith("held/")


class Notice(Contract):
    """Something to tell people about a job; delivered once by the front-end that owns it."""

    notice_id: NoticeId
    job_id: JobId
    member_id: MemberId | None = Field(
        default=None, description="Whom alone it is for; None: it is the job's own news."
    )
    kind: NoticeKind
    address: ReplyAddress
    attempts: int = 0
    created_at: Moment


class QueuePlace(Contract):
    """Where a waiting job stands."""

    position: int = Field(ge=1, description="1 is next.")
    total: int = Field(ge=1)
    eta_low_s: float | None = Field(
        default=None, ge=0, description="Its pictures come no sooner; None: nobody can tell."
    )
    eta_high_s: float | None = Field(
        default=None, ge=0, description="Its pictures come no later, if nobody else asks."
    )
