"""Say how Adobe's TrustMark networks (variant Q, MIT) are spoken to, for weights that are mounted.

The bits are this project's own (see `message`), not TrustMark's schema: its readers see no mark of
theirs in our pictures, because 64 bits of id and a tag that a key vouches for do not fit theirs.
"""

from typing import Final

import numpy as np

from core.provenance.mark.network import Tensor
from core.provenance.mark.neural import Kind

_STRENGTH = 0.95
_MOST = 0.2
"""Both from Adobe's own Rust reader; the range is -1 to 1."""


def _difference(shown: Tensor, said: Tensor) -> Tensor:
    # The network draws the whole marked picture.
    return np.asarray(np.clip(_STRENGTH * (said - shown), -_MOST, _MOST), np.float32)


TRUSTMARK: Final = Kind(
    name="trustmark",
    embedder="encoder_Q.onnx",
    reader="decoder_Q.onnx",
    bits=100,
    low=-1.0,
    difference=_difference,
    logits=lambda said: said.reshape(-1),
)
