"""Say what goes into a picture's label and what a label, read back, turned out to be."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from core.contracts.base import Contract, Moment
from core.contracts.ids import VerifyId


class DigitalSourceType(StrEnum):
    """IPTC's terms for how a picture came about; only those that Easel itself writes."""

    TRAINED_ALGORITHMIC_MEDIA = (
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    )
    COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA = (
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    )
    """A member's own picture, of which AI drew a part anew or more pixels."""


class GenerationMode(StrEnum):
    """How a picture was drawn."""

    TEXT2IMAGE = "text2image"
    IMAGE2IMAGE = "image2image"
    INPAINT = "inpaint"
    UPSCALE = "upscale"
    VARIATION = "variation"


class Relation(StrEnum):
    """How a picture came into another one, in C2PA's words."""

    INPUT_TO = "inputTo"
    """The model was shown it."""
    PARENT_OF = "parentOf"
    """It was opened and edited: what is seen of it is still the same picture."""
    COMPONENT_OF = "componentOf"
    """It is one of several that lie side by side."""


class Ingredient(Contract):
    """A picture that went into another one; named by reference, never embedded."""

    relation: Relation
    verify_id: VerifyId | None = Field(
        default=None, description="Of a picture that was made here; None: a member brought it."
    )
    sha256: str = Field(
        default="", max_length=64, description="Of its posted bytes; empty: a member brought it."
    )


class Recipe(Contract):
    """What it takes to draw the picture again; in a file only where the community opts in."""

    prompt: str = Field(max_length=6000)
    negative: tuple[str, ...] = ()
    seed: int
    steps: int
    guidance_scale: float
    scheduler: str = ""


def _whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


class StampFacts(Contract):
    """What a label says of its picture.

    There is no field for a member, a community, a job or a channel, and unknown fields are
    refused: who asked can not get into a file by mistake.
    """

    verify_id: VerifyId = Field(pattern=r"^[0-9a-f]{16}$", description="Random, public.")
    model: str = Field(min_length=1, max_length=200, description="The catalog name.")
    model_sha256: str = Field(default="", max_length=64, description="Of the weights, if known.")
    policy_name: str = Field(max_length=200)
    policy_version: str = Field(max_length=200)
    created_at: Annotated[Moment, AfterValidator(_whole_second)] = Field(
        description="To the second: a finer time only helps to match a file with a request."
    )
    mode: GenerationMode = GenerationMode.TEXT2IMAGE
    source_type: DigitalSourceType = DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
    ingredients: tuple[Ingredient, ...] = ()
    recipe: Recipe | None = None


class ProvenanceState(StrEnum):
    """What became of the signature, strongest first."""

    VALID = "valid"
    """Signed under an anchor of ours, and the bytes are the signed ones."""
    VALID_UNTRUSTED = "valid_untrusted"
    """Signed and unchanged, but the signer stands under no anchor of ours."""
    INVALID = "invalid"
    """A manifest is there, but it does not fit these bytes or is broken."""
    UNLABELLED = "unlabelled"
    """A picture without a manifest."""
    UNREADABLE = "unreadable"
    """No picture that can be read: the problem code says why."""


class Found(StrEnum):
    """The finding in one word; `bot/wording.py` has its sentence and what it does not mean."""

    MADE_HERE = "made_here"
    """Our valid label, on the very bytes that we posted."""
    CHANGED_AFTER_SIGNING = "changed_after_signing"
    """Our label, but on bytes that are not the signed ones: edited, or another picture."""
    BROKEN_LABEL = "broken_label"
    """A label of nobody we know that does not fit, or one that can not be read."""
    OTHER_SIGNER = "other_signer"
    """An unbroken label that is not ours, whatever name it claims."""
    AI_METADATA = "ai_metadata"
    """No signature; plain metadata, which anybody can write, says that AI made it."""
    NO_LABEL = "no_label"
    """Nothing; this does not mean that a camera took it."""
    UNREADABLE = "unreadable"
    """No picture that can be read."""


class Problem(StrEnum):
    """What stood in the way of reading a file or its label; C2PA adds dotted codes of its own."""

    EMPTY_FILE = "empty_file"
    TOO_LARGE = "too_large"
    """More bytes than are read."""
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_PARTS = "too_many_parts"
    """More chunks or segments than any program writes."""
    TYPE_UNKNOWN = "type_unknown"
    """Neither PNG nor JPEG, WebP, GIF or MP4, whatever its name says."""
    HEADER_BROKEN = "header_broken"
    """It begins like a picture, but no size can be found."""
    TRUNCATED = "truncated"
    """The end is missing."""
    CRC_BROKEN = "crc_broken"
    """A PNG's checksum does not fit its bytes."""
    PIXELS_UNREADABLE = "pixels_unreadable"
    """Its frame is that of a picture, but what is in it can not be decoded."""
    PIXELS_TOO_COSTLY = "pixels_too_costly"
    """Decoding it, or looking for a mark in it, went over the bounds of memory or time."""
    MANIFEST_UNREADABLE = "manifest_unreadable"
    MANIFEST_TOO_COSTLY = "manifest_too_costly"
    """Reading the manifest went over its bounds of memory or time."""
    REMOTE_MANIFEST = "remote_manifest_not_fetched"
    """The file names a server that has its manifest; no server is ever asked."""
    ASSERTION_UNREADABLE = "generation_assertion_unreadable"
    """Signed by us, but without our words, or with words that are not ours."""
    XMP_UNREADABLE = "xmp_unreadable"
    """A metadata packet that is no XML, too large, or that defines entities."""


class ProvenanceReport(Contract):
    """What a file's label says and whether it holds."""

    state: ProvenanceState
    found: Found
    is_ours: bool = Field(
        default=False, description="Unbroken, signed by this Easel's own certificate, our words."
    )
    is_signer_trusted: bool = Field(
        default=False, description="The signer stands under our anchor, even if the bytes changed."
    )
    problems: tuple[str, ...] = Field(
        default=(),
        description="Codes, ours (`crc_broken`) and C2PA's (`assertion.dataHash.mismatch`).",
    )
    verify_id: VerifyId | None = Field(
        default=None, description="Only from a label that our own certificate signed."
    )
    model: str | None = Field(default=None, description="As verify_id.")
    model_sha256: str | None = Field(default=None, description="As verify_id.")
    policy_name: str | None = Field(default=None, description="As verify_id.")
    policy_version: str | None = Field(default=None, description="As verify_id.")
    created_at: Moment | None = Field(default=None, description="As verify_id.")
    mode: GenerationMode | None = Field(default=None, description="As verify_id.")
    source_type: DigitalSourceType | None = Field(default=None, description="As verify_id.")
    ingredients: tuple[Ingredient, ...] = Field(default=(), description="As verify_id.")
    recipe: Recipe | None = Field(default=None, description="As verify_id; where opted in.")
    signer: str | None = Field(
        default=None, description="The certificate's own words: a claim unless trusted."
    )
    claim_generator: str | None = Field(
        default=None, description="The program that the manifest names: a claim unless trusted."
    )
    digital_source_type: str | None = Field(
        default=None,
        description="From the manifest's first action that tells one, unless it is broken.",
    )
    time_stamped_at: Moment | None = Field(
        default=None, description="When an authority that we believe saw the signature."
    )
    xmp_digital_source_type: str | None = Field(
        default=None, description="From plain metadata, which anybody can write."
    )
    xmp_ai_system: str | None = Field(default=None, description="As xmp_digital_source_type.")
    media_type: str | None = Field(default=None, description="By the bytes, not by the name.")
    width: int | None = None
    height: int | None = None
    size_bytes: int = 0
    sha256: str | None = Field(default=None, description="Of the file as it was given.")
