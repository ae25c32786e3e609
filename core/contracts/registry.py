"""Say what the registry remembers of every file that was labelled, so that it is known again."""

from enum import StrEnum

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import JobId, VerifyId
from core.contracts.provenance import DigitalSourceType, GenerationMode, Ingredient


class RecordKind(StrEnum):
    """What kind of file was labelled."""

    PICTURE = "picture"
    GRID = "grid"
    """Several pictures of one job side by side; each is a record of its own as well."""
    COPY = "copy"
    """A picture encoded once more, to fit a platform; its pixels carry the original's mark."""
    ANIMATION = "animation"
    """A GIF, WebP or MP4 that moves: signed, not marked."""


class MarkState(StrEnum):
    """What became of the mark in the pixels."""

    MARKED = "marked"
    """It was read back from a simulated preview before the picture left."""
    WEAK = "weak"
    """It is there, but no allowed strength outlasts a preview: line art on white, for one."""
    TOO_SMALL = "too_small"
    """The picture has too few pixels to carry one."""
    OFF = "off"
    """The operator turned marks off, or files of this kind carry none."""
    FAILED = "failed"
    """Marking failed, and the operator allows to post without."""


class TimeState(StrEnum):
    """Whether an independent clock vouches for the time of signing."""

    NONE = "none"
    """No time-stamp authority is set."""
    PENDING = "pending"
    """The authority was asked in vain; it is asked again."""
    STAMPED = "stamped"


class Layer(StrEnum):
    """The layers of a label, as settings, downgrades and the canary name them."""

    MARK = "mark"
    XMP = "xmp"
    FINGERPRINT = "fingerprint"
    C2PA = "c2pa"
    TIMESTAMP = "timestamp"
    VISIBLE = "visible"


class Fingerprints(Contract):
    """What a picture looks like; alike is not the same."""

    pdq: str = Field(min_length=64, max_length=64, description="256 bits in hexadecimal digits.")
    pdq_quality: int = Field(ge=0, le=100, description="Below 50 the PDQ says nothing.")
    phash: str = Field(min_length=64, max_length=64, description="256 bits, as pdq.")


class MarkFacts(Contract):
    """The mark that a file's pixels carry."""

    state: MarkState
    backend: str = Field(default="", description="The method's name, `easel.ss64` for our own.")
    mark_id: VerifyId | None = Field(
        default=None, description="The id in the pixels; a copy carries its original's."
    )
    key_version: int | None = Field(default=None, description="Which key wrote it.")
    strength_db: float | None = Field(
        default=None, description="Aimed at, as PSNR in dB: lower is stronger."
    )


class ProvenanceRecord(Contract):
    """One labelled file. There is no member and no prompt in it: both hang on the job alone."""

    verify_id: VerifyId
    job_id: JobId | None = Field(default=None, description="None: not of a job, a canary's sample.")
    kind: RecordKind = RecordKind.PICTURE
    sha256: str = Field(description="Of the exact bytes that were stored and posted.")
    drawn_sha256: str = Field(
        default="", description="Of the RGB pixels before they were marked: drawn again, the same."
    )
    media_type: str
    width: int
    height: int
    size_bytes: int
    source_type: DigitalSourceType = DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
    mode: GenerationMode = GenerationMode.TEXT2IMAGE
    model: str
    policy_name: str
    policy_version: str
    mark: MarkFacts
    fingerprints: Fingerprints | None = None
    ingredients: tuple[Ingredient, ...] = ()
    original: VerifyId | None = Field(default=None, description="What a copy is a copy of.")
    time_state: TimeState = TimeState.NONE
    downgrades: tuple[Layer, ...] = Field(
        default=(), description="Layers that failed and that the operator allows to miss."
    )
    created_at: Moment
