"""Keep the requests that are under way, picture by picture, and what their people were told."""

import math
from dataclasses import dataclass, field

from worker.engine.drawing import Drawing
from worker.engine.messages import DrawRequest, PictureDrawn
from worker.engine.pixels import Pieces
from worker.engine.turns import Candidate


@dataclass(slots=True, eq=False)
class Canvas:
    """One picture of a request."""

    index: int
    drawing: Drawing | None = None
    """Once it has begun, and until it is drawn; never for pictures that are drawn whole."""
    drawn: PictureDrawn | None = None
    frozen: bytes | None = None
    """What another engine had drawn of it."""
    finishing: Pieces | None = None
    """What is left of decoding and enlarging it, once that has begun."""
    gpu_s: float = 0.0
    duration_s: float = 0.0
    """Time under way before `began_at`, at another engine."""
    began_at: float = math.inf
    previewed_at: float = -math.inf
    step_told: int = 0

    @property
    def is_waiting(self) -> bool:
        """Tell whether it has steps left to take, or has not begun."""
        return self.drawn is None and (self.drawing is None or not self.drawing.is_done)

    @property
    def is_to_finish(self) -> bool:
        """Tell whether only decoding is left."""
        return self.drawn is None and self.drawing is not None and self.drawing.is_done


@dataclass(slots=True, eq=False)
class OpenRequest:
    """One request that was not answered yet."""

    request: DrawRequest
    arrived_at: float
    canvases: list[Canvas] = field(init=False)
    is_whole: bool = False
    """Its model draws each picture in one go."""
    is_admitted: bool = False
    """Its model is in memory."""

    def __post_init__(self) -> None:
        self.canvases = [Canvas(index) for index in range(len(self.request.pictures))]

    @property
    def request_id(self) -> str:
        """Its name."""
        return self.request.request_id

    @property
    def is_drawn(self) -> bool:
        """Tell whether all its pictures are."""
        return self.missing == 0

    @property
    def missing(self) -> int:
        """Count the pictures that are not finished."""
        return sum(canvas.drawn is None for canvas in self.canvases)

    @property
    def drawn(self) -> list[PictureDrawn]:
        """List its finished pictures."""
        return [canvas.drawn for canvas in self.canvases if canvas.drawn is not None]

    def candidate(self, canvas: Canvas, step_s: float) -> Candidate:
        """Describe one of its pictures to those who choose."""
        drawing = canvas.drawing
        steps = self.request.steps if drawing is None else drawing.remaining
        return Candidate(
            request_id=self.request_id,
            picture=canvas.index,
            key=self.request_id if drawing is None else drawing.key,
            remaining_s=steps * step_s,
            arrived_at=self.arrived_at,
            owner=self.request.owner or self.request_id,
            priority=self.request.priority,
            is_ready=self.is_whole or drawing is not None,
        )
