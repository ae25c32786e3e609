"""Say what became known of a file that somebody asked about: what it is, and how it was changed."""

from enum import StrEnum

from pydantic import Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import VerifyId
from core.contracts.provenance import (
    DigitalSourceType,
    GenerationMode,
    ProvenanceReport,
)
from core.contracts.registry import MarkState, RecordKind, TimeState


class Rung(StrEnum):
    """The strongest thing that holds, best first; each has two sentences in `bot/wording`.

    The first three alone say that a picture was made here (`Examination.is_made_here`).
    """

    EXACT = "exact"
    """These very bytes were posted: the registry has their hash."""
    OUR_MANIFEST = "our_manifest"
    """Our signed label is in the file and belongs to this picture: unbroken (`changes` is empty),
    or broken, but the picture is the one of the record (`confirmed_by`)."""
    MARK = "mark"
    """Our mark is in the pixels, and the picture is the one of the record."""
    MISPLACED = "misplaced"
    """Our label or our mark (`evidence`), on a picture that is not the record's: it was carried
    over. This picture was not made here, as far as can be told; `record` is whose label it is."""
    UNCONFIRMED = "unconfirmed"
    """Our label or our mark (`evidence`), and nothing left to compare the picture with: the
    record's thumbnail was forgotten, or there is no record. It may be ours and may be carried
    over."""
    LOOKS = "looks"
    """It looks like pictures that were made here (`alike`), which is no proof that it is one."""
    OTHER_SIGNER = "other_signer"
    """An unbroken label of somebody else, whatever name it claims (`report.signer`)."""
    AI_METADATA = "ai_metadata"
    """No signature; plain metadata, which anybody can write, says that AI made it (`metadata`)."""
    BROKEN_LABEL = "broken_label"
    """A label of nobody we know that does not fit, or one that cannot be read."""
    NOTHING = "nothing"
    """Nothing was found, which does not mean that a camera took it."""
    UNREADABLE = "unreadable"
    """No picture that can be read; `problems` says why."""


class Evidence(StrEnum):
    """What of ours was found in a file."""

    BYTES = "bytes"
    """The hash of the whole file."""
    MANIFEST = "manifest"
    """The C2PA label, signed by a certificate of ours."""
    MARK = "mark"
    """The id in the pixels."""


class Confirmation(StrEnum):
    """What says that a picture is the one of the record, and not another with its label."""

    BYTES = "bytes"
    """The hash or the signature covers every byte: no picture was compared, none had to be."""
    THUMBNAIL = "thumbnail"
    """It was laid over the record's thumbnail and fits."""
    LOOKS = "looks"
    """Its fingerprint is near the record's; the thumbnail is gone. Say it carefully."""


class Change(StrEnum):
    """What was done to a picture since it was posted; several may be at once."""

    CROPPED = "cropped"
    """`kept` says which part of the original is left."""
    RESIZED = "resized"
    """`scale` says how much."""
    MIRRORED = "mirrored"
    RE_ENCODED = "re_encoded"
    """Its pixels were encoded anew: another format (`report.media_type` against
    `record.media_type`), or the same with other values."""
    FRAMED = "framed"
    """Bars, a banner or a screen around it were added; `placed` says where the picture lies."""
    RECOLOURED = "recoloured"
    """Brighter, darker, of other contrast or colours all over."""
    EDITED_LOCALLY = "edited_locally"
    """Something in it was painted over, pasted in or taken out; `region` says where."""
    METADATA_LOST = "metadata_lost"
    """The signed label is gone, mostly with all plain metadata, as after most programs and
    platforms."""
    BYTES_CHANGED = "bytes_changed"
    """Bytes of the file changed after signing, though the pixels are the same: a comment, say."""


class Box(Contract):
    """A rectangle in shares of a picture's sides, so that it fits any size of it."""

    left: float = Field(ge=0, le=1)
    top: float = Field(ge=0, le=1)
    width: float = Field(ge=0, le=1)
    height: float = Field(ge=0, le=1)

    @property
    def share(self) -> float:
        """Tell how much of the picture it covers."""
        return self.width * self.height


class PublicRecord(Contract):
    """What anybody may know of a labelled picture: no member, no job, no prompt, no channel.

    A door that may show more to moderators reads the registry by `verify_id`.
    """

    verify_id: VerifyId = Field(
        description="Of the file that was found: a copy's own, where its bytes were given."
    )
    original: VerifyId | None = Field(default=None, description="What a copy is a copy of.")
    kind: RecordKind = RecordKind.PICTURE
    model: str
    policy_name: str
    policy_version: str
    created_at: Moment = Field(description="To the second; a door may say the month alone.")
    mode: GenerationMode = GenerationMode.TEXT2IMAGE
    source_type: DigitalSourceType = DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
    media_type: str = Field(description="As it was posted.")
    width: int = Field(description="As it was posted.")
    height: int = Field(description="As it was posted.")
    mark: MarkState = Field(description="Whether its pixels carry a mark, and how well it lasts.")
    time_state: TimeState = TimeState.NONE
    is_standing: bool = Field(
        description="False: it was deleted, erased or taken down since; its label still verifies."
    )


class Lookalike(Contract):
    """A picture that was made here and resembles the file; which is no more than that."""

    verify_id: VerifyId
    pdq_distance: int | None = Field(
        default=None,
        ge=0,
        le=256,
        description="Bits of 256 that differ; None where one of the two has too little in it.",
    )
    phash_distance: int = Field(ge=0, le=256, description="Bits of 256 that differ.")


class UnsignedClaim(StrEnum):
    """Which plain metadata says that AI made a picture; anybody can write all of it."""

    XMP = "xmp"
    """IPTC's digital source type or AI system, or a generator's name among the XMP."""
    PARAMETERS = "parameters"
    """A `parameters` text, as the A1111 web UI writes it."""
    COMFYUI = "comfyui"
    """A `prompt` or `workflow` text, as ComfyUI writes them."""
    AIGC = "aigc"
    """The `AIGC` key that China's GB 45438-2025 asks for."""
    SOFTWARE = "software"
    """An EXIF or PNG field that names a program that draws by AI."""


class Examination(Contract):
    """The answer of the verify ladder. All of it may be shown to anybody."""

    rung: Rung
    evidence: tuple[Evidence, ...] = Field(
        default=(), description="All of ours that was found, also on misplaced and unconfirmed."
    )
    confirmed_by: Confirmation | None = Field(
        default=None, description="Set where and only where the picture was made here."
    )
    record: PublicRecord | None = Field(
        default=None,
        description="Whose label it is; on misplaced that of another picture than this. None where "
        "nothing of ours was found, or the registry has no such id (`claimed_id`).",
    )
    claimed_id: VerifyId | None = Field(
        default=None, description="The id in our label or our mark, whether it has a record or not."
    )
    changes: tuple[Change, ...] = Field(
        default=(), description="Only where made here; empty there: not one byte changed."
    )
    kept: Box | None = Field(
        default=None, description="With cropped: what is left, in shares of the original."
    )
    placed: Box | None = Field(
        default=None, description="With framed: where our picture lies, in shares of this file's."
    )
    region: Box | None = Field(
        default=None, description="With edited_locally: where, in shares of this file's picture."
    )
    scale: float | None = Field(
        default=None,
        description="With resized: a side of this picture's content by that of the original; 0.5 "
        "after halving.",
    )
    alike: tuple[Lookalike, ...] = Field(
        default=(), description="Nearest first, at most five; without those that are gone."
    )
    metadata: tuple[UnsignedClaim, ...] = Field(
        default=(), description="Plain metadata that speaks of AI, on every rung that reads it."
    )
    report: ProvenanceReport | None = Field(
        default=None,
        description="What the label in the file says; None on exact, where nothing has to be read, "
        "so that an ended certificate cannot spoil it.",
    )
    problems: tuple[str, ...] = Field(
        default=(),
        description="Codes of `Problem`, and C2PA's dotted ones, as in a report.",
    )
    sha256: str = Field(description="Of the file as it was given.")
    size_bytes: int = Field(ge=0)

    @property
    def is_made_here(self) -> bool:
        """Tell whether this picture was made here, changed since or not."""
        return self.confirmed_by is not None

    @property
    def is_unchanged(self) -> bool:
        """Tell whether these are the very bytes that were posted."""
        return self.confirmed_by is Confirmation.BYTES
