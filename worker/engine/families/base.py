"""Say what a family of models must be able to do for its drawings to share a batch.

A family knows one kind of network: how a request becomes a drawing, how rows of many drawings go
through one forward, and how latents become pixels. It knows nothing of queues and turns.
"""

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import torch

from worker.engine.drawing import BatchKey, Drawing
from worker.engine.messages import DrawRequest, LoraUse
from worker.engine.pixels import Pixels

__all__ = ["BUCKETS", "NO_PADDING", "BatchKey", "Drawing", "Family", "LoraBank", "rows_for"]

BUCKETS = (1, 2, 4, 8)
"""Drawings that a padded forward makes room for; each is one shape to compile and to capture."""

NO_PADDING = 0
"""The bucket of a forward that is just as large as its drawings: the best on a CPU."""


class LoraBank(Protocol):
    """Apply each row's own LoRAs while rows of several people share a forward."""

    def load(self, uses: Sequence[LoraUse]) -> Hashable:
        """Have these in memory, and tell which states of their files they are.

        Raises:
            UserError: one of them cannot be used with this model.
        """

    def encoding(self, uses: Sequence[LoraUse]) -> AbstractContextManager[None]:
        """Apply these to the text encoders, while a request's words are encoded."""

    def active(
        self, rows: Sequence[tuple[LoraUse, ...]], *, is_exact: bool = True
    ) -> AbstractContextManager[None]:
        """Apply to row i of the denoiser's batch what `rows[i]` names.

        Args:
            rows: One entry for each row, padding too.
            is_exact: What a row gets may not depend in a single bit on its company.
        """


class Family(Protocol):
    """Begin, predict, decode, freeze and thaw the drawings of one loaded pipeline."""

    def begin(self, request: DrawRequest, picture: int) -> Drawing:
        """Encode the words and the picture to go on from, and draw the noise.

        Raises:
            UserError: the model cannot do what is asked.
        """

    def predict(self, drawings: Sequence[Drawing], bucket: int) -> list[torch.Tensor]:
        """Ask the network once about all rows of these drawings, and change none of them.

        Args:
            drawings: Under way, and all of one key.
            bucket: Drawings to make room for; NO_PADDING makes none.

        Returns:
            For each drawing its own rows, in order.
        """

    def decode(self, drawings: Sequence[Drawing]) -> list[Pixels]:
        """Turn finished latents into pixels, each alone: company changes none.

        Raises:
            UserError: `model_withheld` where the model's own safety checker refused a picture.
            AppError: `picture_broken` for pixels that are not numbers.
        """

    def freeze(self, drawing: Drawing) -> bytes:
        """Write down where a drawing stands, between two steps."""

    def thaw(self, request: DrawRequest, picture: int, frozen: bytes) -> Drawing:
        """Go on from where a drawing stood: its remaining steps give the very same bits.

        Raises:
            AppError: `snapshot_unusable` for anything but what `freeze` wrote of this picture.
        """


def rows_for(drawings: Sequence[Drawing], bucket: int) -> int:
    """Count the rows of a forward for these drawings.

    Kernels are chosen by shape, and another kernel rounds otherwise. So a bucket has room for two
    rows a drawing, whether its drawings are guided or not: only then does a drawing get the same
    bits alone as in any company.
    """
    if bucket == NO_PADDING:
        return sum(drawing.row_count for drawing in drawings)
    return 2 * max(bucket, len(drawings))
