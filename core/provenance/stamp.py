"""Turn finished pixels into the exact, labelled bytes that are stored and posted."""

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.contracts.provenance import GenerationMode, Recipe, StampFacts
from core.provenance import native
from core.provenance.keys import SigningKeys
from core.provenance.manifest import manifest_of
from core.provenance.trial import try_chain
from core.provenance.xmp import PNG_KEYWORD, packet_of

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["GenerationMode", "Recipe", "StampFacts", "Stamped", "Stamper"]

MEDIA_TYPE = "image/png"
COMPRESS_LEVEL = 4
_MODES = frozenset({"L", "RGB", "RGBA"})


@dataclass(frozen=True, slots=True)
class Stamped:
    """One labelled file; nothing may touch its bytes, or the signature breaks."""

    data: bytes
    sha256: str
    width: int
    height: int
    media_type: str = MEDIA_TYPE


class Stamper:
    """Label pictures with one signing chain; safe to share between threads and after a fork.

    Raises:
        UserError: `signing_keys_unusable`, at once rather than at the first picture.
    """

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys
        try_chain(keys)

    def stamp(self, image: "Image.Image", facts: StampFacts) -> Stamped:
        """Encode, label and sign a picture: metadata first, the signature last."""
        data = self._sign(_encode(image, packet_of(facts)), facts)
        return Stamped(data, hashlib.sha256(data).hexdigest(), image.width, image.height)

    def _sign(self, data: bytes, facts: StampFacts) -> bytes:
        return native.sign(data, MEDIA_TYPE, manifest_of(facts), self._keys).data


def _encode(image: "Image.Image", packet: str) -> bytes:
    """Write a PNG of the pixels and the packet, and of nothing else that the image carries."""
    from PIL.PngImagePlugin import PngInfo

    if image.mode not in _MODES:
        raise ValueError(image.mode)
    bare = image.copy()
    bare.info = {}
    text = PngInfo()
    text.add_itxt(PNG_KEYWORD, packet)
    encoded = io.BytesIO()
    bare.save(encoded, "PNG", compress_level=COMPRESS_LEVEL, pnginfo=text)
    return encoded.getvalue()
