"""Fetch the picture that a job goes on from, and bring it to the shape that is drawn."""

import io
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from core.blobs import Blobs
from core.contracts.generation import Aspect
from core.contracts.ids import UploadId, VerifyId
from core.contracts.jobs import Job
from core.contracts.provenance import DigitalSourceType, GenerationMode
from core.errors import AppError, NotFound
from core.storage import Store, Unit
from worker.engine.messages import ImageInput

SIDE_MAX = 1024
"""Pixels of the longer side that the engine is handed where the model's own size is not known:
what uploads are kept at, and what today's models draw."""

_SOFT = 1 / 128
"""How far, as a share of the side, a mask's edge is softened when what is kept is put back: four
pixels of 512, half of one latent of the usual models."""


_EDITED = DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA

_AGAIN = frozenset({"reroll", "rerun"})
"""What `Job.action` says of a job that asks for the very same once more."""


@dataclass(frozen=True, slots=True)
class MadeHere:
    """A picture of ours that another one goes on from, by reference."""

    verify_id: VerifyId
    sha256: str
    is_edited: bool
    """A member's own picture is still to be seen in it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A picture to go on from, with what of it is to be drawn anew."""

    picture: Image.Image
    mask: Image.Image | None
    is_upload: bool
    made_here: MadeHere | None = None
    """None: a member brought it."""
    is_varied_again: bool = False
    """The job asks once more for what was a variation the first time."""

    def whole(self) -> ImageInput:
        """Hand it over as it is, to be enlarged."""
        return _input_of(self.picture, None, 1.0)

    def fitted(self, aspect: Aspect, native_size: int | None, strength: float) -> ImageInput:
        """Hand over its middle in the asked shape, at about the size that the model draws."""
        picture = cropped(self.picture, aspect)
        size = _drawn_size(picture.size, native_size)
        mask = None if self.mask is None else cropped(self.mask, aspect)
        return _input_of(
            resized(picture, size), None if mask is None else _to_mask(mask, size), strength
        )

    def kept_in(self, drawn: Image.Image, aspect: Aspect) -> Image.Image:
        """Put back what the mask leaves out, pixel by pixel, with a soft edge inside the mask.

        The engine keeps it only as well as its autoencoder can, and draws at its own size.
        """
        if self.mask is None:
            return drawn
        kept = resized(cropped(self.picture, aspect), drawn.size)
        mask = _to_mask(cropped(self.mask, aspect), drawn.size)
        # Softened, and yet black wherever it was: what is outside stays as it was to the last bit.
        soft = mask.filter(ImageFilter.GaussianBlur(_SOFT * min(drawn.size)))
        return Image.composite(drawn, kept, ImageChops.darker(soft, mask))


def fetch(store: Store, blobs: Blobs, job: Job) -> Source | None:
    """Read what a job goes on from; None where it begins from nothing.

    Raises:
        AppError: `source_missing`, when it was deleted since the job was asked for; `mask_empty`
            or `mask_full`, once the mask is cropped to the asked shape.
        Unavailable: the database or the blob store is away.
    """
    spec = job.spec
    if spec.image is None:
        return None
    try:
        with store.reading() as unit:
            picture_blob, made_here = _found(unit, spec.image)
            mask_blob = None if spec.mask is None else _found(unit, spec.mask)[0]
            is_varied_again = _is_varied_again(unit, job)
        picture = _opened(blobs.get(picture_blob)).convert("RGB")
        mask = None if mask_blob is None else _opened(blobs.get(mask_blob)).convert("L")
    except NotFound as error:
        raise AppError("source_missing") from error
    if mask is not None:  # It was painted over the picture, whatever its own size.
        mask = mask.resize(picture.size, Image.Resampling.NEAREST)
        _require_some(cropped(mask, spec.aspect))
    return Source(picture, mask, made_here is None, made_here, is_varied_again)


def cropped(image: Image.Image, aspect: Aspect) -> Image.Image:
    """Cut the largest middle part of a shape out of a picture."""
    width, height = image.size
    if width * aspect.height > height * aspect.width:
        width = max(1, round(height * aspect.width / aspect.height))
    else:
        height = max(1, round(width * aspect.height / aspect.width))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Bring a picture to a size: the mean of what falls together, or Lanczos between pixels."""
    if image.size == size:
        return image
    is_smaller = size[0] <= image.width and size[1] <= image.height
    return image.resize(size, Image.Resampling.BOX if is_smaller else Image.Resampling.LANCZOS)


def _found(unit: Unit, image: str) -> tuple[str, MadeHere | None]:
    """Find where a picture's bytes lie, and what it is if it was made here."""
    if image.startswith("up-"):
        return unit.uploads.get(UploadId(image)).blob, None
    picture = unit.pictures.get(VerifyId(image))
    record = unit.registry.find(picture.verify_id)
    is_edited = record is not None and record.source_type is _EDITED
    return picture.blob, MadeHere(picture.verify_id, picture.sha256, is_edited)


def _is_varied_again(unit: Unit, job: Job) -> bool:
    if job.action not in _AGAIN or job.parent_id is None:
        return False
    return any(
        each.mode is GenerationMode.VARIATION for each in unit.registry.of_job(job.parent_id)
    )


def _opened(data: bytes) -> Image.Image:
    """Decode a PNG of our own making."""
    image = Image.open(io.BytesIO(data), formats=["PNG"])
    image.load()
    return image


def _require_some(mask: Image.Image) -> None:
    match mask.getextrema():
        case (_, 0):
            raise AppError("mask_empty")
        case (255, _):
            raise AppError("mask_full")


def _drawn_size(size: tuple[int, int], native_size: int | None) -> tuple[int, int]:
    """Choose a size of the model's own area; the engine rounds it to what its denoiser divides."""
    width, height = size
    if native_size is None:
        scale = min(1.0, SIDE_MAX / max(size))
    else:
        scale = native_size / (width * height) ** 0.5
    return max(1, round(width * scale)), max(1, round(height * scale))


def _to_mask(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Bring a mask to a size; a pixel counts as painted when most of it is."""
    grey = mask.resize(size, Image.Resampling.BOX)
    return grey.point(lambda value: 255 if value >= 128 else 0)  # noqa: PLR2004 - half of white.


def _input_of(picture: Image.Image, mask: Image.Image | None, strength: float) -> ImageInput:
    return ImageInput(
        rgb=picture.tobytes(),
        width=picture.width,
        height=picture.height,
        strength=strength,
        mask=None if mask is None else mask.tobytes(),
    )
