"""Take drawings one evaluation further together: one forward, then each its own scheduler."""

from collections.abc import Sequence

import torch

from worker.engine.families.base import NO_PADDING, Drawing, Family


@torch.inference_mode()
def step(family: Family, drawings: Sequence[Drawing], bucket: int = NO_PADDING) -> None:
    """Advance each drawing by one evaluation.

    Where the forward fails (it ran out of memory, for example) no drawing has changed, and the
    same step can be tried again with fewer of them.

    Args:
        family: Of these drawings' model.
        drawings: None of them done, and all of one key.
        bucket: Drawings to make room for; NO_PADDING makes none.
    """
    predictions = family.predict(drawings, bucket)
    for drawing, prediction in zip(drawings, predictions, strict=True):
        drawing.advance(prediction)
