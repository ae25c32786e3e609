"""What the process that looks at pixels is asked and answers, as plain JSON over its pipes."""

from pydantic import Field

from core.contracts.base import Contract
from core.contracts.examination import Box
from core.contracts.ids import VerifyId
from core.contracts.registry import Fingerprints


class Head(Contract):
    """What the process is told first; the file follows."""

    media_type: str
    size_bytes: int
    mark_keys: tuple[tuple[int, str], ...] = Field(
        default=(), description="Version and secret in hexadecimal digits, oldest first."
    )
    mark_weights: str | None = Field(
        default=None, description="Folder of networks that read marks, where an operator has any."
    )


class Seen(Contract):
    """What a picture looks like."""

    width: int
    height: int
    looks: Fingerprints
    mirrored_looks: Fingerprints


class MarkFound(Contract):
    """A mark that was read, and how it lies."""

    mark_id: VerifyId
    scale: float
    is_mirrored: bool
    origin: tuple[float, float]
    period: int


class LayQuestion(Contract):
    """The record's side of a comparison."""

    thumbnail: bytes
    width: int
    height: int
    is_by_mark: bool = Field(description="Lie it as the mark that was found says.")


class Fitting(Contract):
    """What comparing a picture with a record's thumbnail found."""

    fit: str = Field(description="`same`, `unclear` or `other`.")
    scale: float = 1.0
    is_resized: bool = False
    is_mirrored: bool = False
    is_recoloured: bool = False
    kept: Box | None = Field(default=None, description="Only where something was cut off.")
    placed: Box | None = Field(default=None, description="Only where something was added.")
    region: Box | None = None


class Answer(Contract):
    """One answer; what was not asked for is None."""

    seen: Seen | None = None
    mark: MarkFound | None = None
    fitting: Fitting | None = None
    fault: str | None = Field(default=None, description="A code of `Problem`.")


class Question(Contract):
    """One thing that the process is to do next."""

    do: str = Field(pattern="^(look|glance|search|lay)$")
    lay: LayQuestion | None = None
