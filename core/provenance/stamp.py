"""Turn finished pixels into the exact, labelled bytes that are stored and posted."""

import base64
import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.contracts.ids import VerifyId
from core.contracts.provenance import GenerationMode, Recipe, StampFacts
from core.errors import UserError
from core.provenance import native
from core.provenance.keys import SigningKeys
from core.provenance.manifest import manifest_of
from core.provenance.xmp import PNG_KEYWORD, packet_of

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["GenerationMode", "Recipe", "StampFacts", "Stamped", "Stamper"]

MEDIA_TYPE = "image/png"
COMPRESS_LEVEL = 4
_ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
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
        self._try_chain()

    def stamp(self, image: "Image.Image", facts: StampFacts) -> Stamped:
        """Encode, label and sign a picture: metadata first, the signature last."""
        data = self._sign(_encode(image, packet_of(facts)), facts)
        return Stamped(data, hashlib.sha256(data).hexdigest(), image.width, image.height)

    def _sign(self, data: bytes, facts: StampFacts) -> bytes:
        return native.sign(data, MEDIA_TYPE, manifest_of(facts), self._keys)

    def _try_chain(self) -> None:
        """Sign one pixel and read it back: an operator's own chain may not fit together."""
        facts = StampFacts(
            verify_id=VerifyId("0" * 16),
            model="none",
            policy_name="none",
            policy_version="none",
            created_at=datetime.fromtimestamp(0, UTC),
        )
        try:
            probe = self._sign(_ONE_PIXEL, facts)
        except native.SigningRefused as error:
            raise UserError("signing_keys_unusable", reason="refused") from error
        claim = native.read_claim(probe, MEDIA_TYPE, self._keys.anchors.pem)
        if claim is None or claim.state != native.TRUSTED:
            raise UserError("signing_keys_unusable", reason="not_under_root")


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
