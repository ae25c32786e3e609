"""Pack what an engine had drawn of a request when it was drained, for another one to go on with.

Finished pictures are in it as they are, half-drawn ones as their family froze them. It is plain
JSON and bytes: reading one can run no code. One that does not belong to the request, or to the
very same weights, or that is damaged, is refused as a whole, and the request begins anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, ValidationError

from core.contracts.base import Contract
from core.errors import AppError
from worker.engine.messages import PictureDrawn

_FORMAT = "easel-carryover-1"
_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Half:
    """A picture that was under way."""

    picture: int
    state: bytes
    gpu_s: float
    duration_s: float


class _DrawnPart(Contract):
    """A finished picture: everything but its pixels, which follow the header."""

    kind: Literal["drawn"] = "drawn"
    drawn: PictureDrawn
    size_bytes: int = Field(ge=0)


class _HalfPart(Contract):
    """A half-drawn picture: everything but its state, which follows the header."""

    kind: Literal["half"] = "half"
    picture: int = Field(ge=0)
    gpu_s: float = Field(ge=0)
    duration_s: float = Field(ge=0)
    size_bytes: int = Field(ge=0)


class _Header(Contract):
    format: Literal["easel-carryover-1"]
    model_sha256: str
    fingerprints: tuple[str, ...]
    parts: tuple[_DrawnPart | _HalfPart, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a carryover belongs to: these weights, and for each picture all that it depends on."""

    model_sha256: str
    fingerprints: tuple[str, ...]


def pack(identity: Identity, drawn: Sequence[PictureDrawn], halves: Sequence[Half]) -> bytes:
    """Write everything down; nothing where there is nothing to go on with."""
    if not drawn and not halves:
        return b""
    header = _Header(
        format=_FORMAT,
        model_sha256=identity.model_sha256,
        fingerprints=identity.fingerprints,
        parts=(
            *(
                _DrawnPart(drawn=each.model_copy(update={"rgb": b""}), size_bytes=len(each.rgb))
                for each in drawn
            ),
            *(
                _HalfPart(
                    picture=each.picture,
                    gpu_s=each.gpu_s,
                    duration_s=each.duration_s,
                    size_bytes=len(each.state),
                )
                for each in halves
            ),
        ),
    )
    head = header.model_dump_json().encode()
    blobs = [each.rgb for each in drawn] + [each.state for each in halves]
    return b"".join([len(head).to_bytes(_LENGTH_BYTES, "little"), head, *blobs])


def unpack(
    packed: bytes, identity: Identity, request_id: str
) -> tuple[list[PictureDrawn], list[Half]]:
    """Read what was drawn, as pictures of the request that now asks for it.

    Raises:
        AppError: `snapshot_unusable`; it is damaged, or of something else.
    """
    try:
        start = _LENGTH_BYTES + int.from_bytes(packed[:_LENGTH_BYTES], "little")
        header = _Header.model_validate_json(packed[_LENGTH_BYTES:start])
    except ValidationError as error:
        raise AppError("snapshot_unusable") from error
    if (header.model_sha256, header.fingerprints) != (identity.model_sha256, identity.fingerprints):
        raise AppError("snapshot_unusable")
    if len(packed) != start + sum(part.size_bytes for part in header.parts):
        raise AppError("snapshot_unusable")
    drawn: list[PictureDrawn] = []
    halves: list[Half] = []
    for part in header.parts:
        blob, start = packed[start : start + part.size_bytes], start + part.size_bytes
        match part:
            case _DrawnPart():
                drawn.append(part.drawn.model_copy(update={"rgb": blob, "request_id": request_id}))
            case _HalfPart():
                halves.append(Half(part.picture, blob, part.gpu_s, part.duration_s))
    return drawn, halves
