"""Mark by networks that an operator mounts: what TrustMark and Pixel Seal have in common.

Both look at a picture of 256 px and draw a small difference, which is enlarged and added; both
read raw bits from a picture of 256 px again. They differ in files, ranges and numbers of bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.contracts.ids import VerifyId
from core.contracts.registry import MarkFacts, MarkState
from core.provenance.mark.base import Detected, Effort, Embedded, Pixels
from core.provenance.mark.keys import MarkKey, MarkKeys
from core.provenance.mark.message import bits_of, id_of
from core.provenance.mark.network import Network, ONNXNetwork, Tensor

SIDE = 256
LEAST_SIDE = 256
"""A smaller picture would be enlarged first, and lose what was drawn for that size."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one family of networks expects."""

    name: str
    embedder: str
    """File name in the folder of weights; its inputs are the picture, then the bits."""
    reader: str
    """Takes the picture alone."""
    bits: int
    low: float
    """What black is; white is 1."""
    difference: Callable[[Tensor, Tensor], Tensor]
    """From what the embedder was shown and what it said to what is added, in its own range."""
    logits: Callable[[Tensor], Tensor]
    """From what the reader said to one number a bit: positive for 1."""


class NeuralMark:
    """Write with the newest key, read with all."""

    def __init__(self, kind: Kind, weights: Path, keys: MarkKeys) -> None:
        """Open both networks.

        Raises:
            UserError: `mark_weights_unusable`.
        """
        self._kind, self._keys = kind, keys
        self._embedder: Network = ONNXNetwork(weights / kind.embedder, input_count=2)
        self._reader: Network = ONNXNetwork(weights / kind.reader, input_count=1)

    @property
    def name(self) -> str:
        """Give the name that facts tell of it."""
        return self._kind.name

    def embed(self, pixels: Pixels, mark_id: VerifyId) -> Embedded:
        """Write the id at the network's own strength; where it cannot be read at once, say weak."""
        if min(pixels.shape[:2]) < LEAST_SIDE:
            return Embedded(pixels, MarkFacts(state=MarkState.TOO_SMALL))
        key = self._keys.newest
        marked = self._written(pixels, key, mark_id)
        is_read = self._read(marked, key) == mark_id
        facts = MarkFacts(
            state=MarkState.MARKED if is_read else MarkState.WEAK,
            backend=self.name,
            mark_id=mark_id,
            key_version=key.version,
        )
        return Embedded(marked, facts)

    def embed_as(self, pixels: Pixels, facts: MarkFacts) -> Pixels:
        """Write the mark that the facts tell of.

        Raises:
            ValueError: they tell of none of this method, or its key is gone.
        """
        key = self._keys.of(facts.key_version)
        if facts.backend != self.name or facts.mark_id is None or key is None:
            raise ValueError(facts.backend)
        return self._written(pixels, key, facts.mark_id)

    def detect(self, pixels: Pixels, *, effort: Effort) -> Detected | None:
        """Read as it is, then mirrored; these networks know no scale, so effort changes nothing."""
        del effort
        for is_mirrored in (False, True):
            side = np.ascontiguousarray(pixels[:, ::-1]) if is_mirrored else pixels
            sure = self._sure(side)
            for key in reversed(self._keys.versions):
                mark_id = id_of(key.secret.get_secret_value(), sure)
                if mark_id is not None:
                    deviation = max(float(np.std(sure)), 1e-9)
                    score = float(np.abs(sure).mean()) / deviation * np.sqrt(sure.size)
                    return Detected(mark_id, self.name, key.version, 1.0, is_mirrored, float(score))
        return None

    def _written(self, pixels: Pixels, key: MarkKey, mark_id: VerifyId) -> Pixels:
        bits = bits_of(key.secret.get_secret_value(), mark_id, self._kind.bits)
        shown = self._shown(pixels)
        said = self._embedder(shown, bits.astype(np.float32)[None])
        difference = self._kind.difference(shown, said)[0] * (255 / (1 - self._kind.low))
        height, width = pixels.shape[:2]
        enlarged = [
            np.asarray(Image.fromarray(channel).resize((width, height), Image.Resampling.BILINEAR))
            for channel in np.broadcast_to(difference, (3, SIDE, SIDE)).astype(np.float32)
        ]
        added = pixels + np.stack(enlarged, axis=-1)
        return np.asarray(np.clip(np.rint(added), 0, 255), np.uint8)

    def _read(self, pixels: Pixels, key: MarkKey) -> VerifyId | None:
        return id_of(key.secret.get_secret_value(), self._sure(pixels))

    def _sure(self, pixels: Pixels) -> Tensor:
        return self._kind.logits(self._reader(self._shown(pixels)))

    def _shown(self, pixels: Pixels) -> Tensor:
        """Make the picture as the networks see it: 1 x 3 x 256 x 256."""
        image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        unit = np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 255
        return np.ascontiguousarray(unit * (1 - self._kind.low) + self._kind.low, np.float32)
