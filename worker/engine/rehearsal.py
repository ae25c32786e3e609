"""Begin a request that nobody asked for, so that the first real one need not wait for it.

The first drawing of a process imports and builds what later ones find there: it was measured at
0.9 s of processor time for the shipped model, whose step takes 0.03 s.
"""

import structlog

from core.errors import AppError
from core.prompts import PromptPart
from worker.engine import batch
from worker.engine.families.base import Family
from worker.engine.messages import DrawRequest, ModelSource, PictureOrder
from worker.engine.pipelines import translated

log = structlog.get_logger()


def request_for(source: ModelSource) -> DrawRequest:
    """Make a request that is never drawn to its end."""
    order = PictureOrder(parts=(PromptPart("a rehearsal", 1.0),), seed=0)
    return DrawRequest(request_id="rehearsal", model=source, pictures=(order,), steps=4)


def rehearse(family: Family, source: ModelSource) -> None:
    """Begin a drawing and take its first step; what goes wrong will be told to who asks for it."""
    try:
        with translated("draw_failed"):
            batch.step(family, [family.begin(request_for(source), 0)])
    except AppError as error:
        log.warning("rehearsal_failed", source=source.source, code=error.code)
