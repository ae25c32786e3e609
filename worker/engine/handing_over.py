"""Hand requests over from one engine to the next: what was drawn is kept, bit for bit."""

import time

import structlog

from core.errors import AppError
from worker.engine import carryover, snapshots
from worker.engine.carryover import Half, Identity
from worker.engine.families.base import Family
from worker.engine.messages import PictureDrawn, Snapshotted
from worker.engine.parking import Parking
from worker.engine.pipelines import translated
from worker.engine.residents import Resident
from worker.engine.under_way import Canvas, OpenRequest

log = structlog.get_logger()


def hand_over(opened: OpenRequest, resident: Resident | None, parking: Parking) -> Snapshotted:
    """Write down what was drawn of a request; what cannot be is drawn anew."""
    request = opened.request
    if resident is None or not opened.is_admitted:
        return Snapshotted(request_id=opened.request_id, snapshot=request.resume or b"")
    halves = [
        half
        for canvas in opened.canvases
        if canvas.drawn is None
        and resident.family is not None
        and (half := _half(canvas, resident.family, parking)) is not None
    ]
    packed = carryover.pack(_identity(opened, resident), opened.drawn, halves)
    return Snapshotted(request_id=opened.request_id, snapshot=packed)


def take_over(opened: OpenRequest, resident: Resident) -> list[PictureDrawn]:
    """Set a request to where it stood, and list the pictures that were finished then.

    Raises:
        AppError: `snapshot_unusable`; the request is as it was.
    """
    identity = _identity(opened, resident)
    drawn, halves = carryover.unpack(opened.request.resume or b"", identity, opened.request_id)
    for picture in drawn:
        opened.canvases[picture.picture].drawn = picture
    for half in halves:
        canvas = opened.canvases[half.picture]
        canvas.frozen, canvas.gpu_s, canvas.duration_s = half.state, half.gpu_s, half.duration_s
    return drawn


def _half(canvas: Canvas, family: Family, parking: Parking) -> Half | None:
    duration_s = canvas.duration_s
    if canvas.drawing is None:
        frozen = canvas.frozen
    else:
        duration_s += max(0.0, time.monotonic() - canvas.began_at)
        try:
            with translated("snapshot_unusable"):
                # What is on a card and what is not is a part of what is written down.
                parking.bring_back([canvas.drawing])
                frozen = family.freeze(canvas.drawing)
        except AppError as error:
            log.warning("drawing_not_kept", code=error.code)
            frozen = None
    return None if frozen is None else Half(canvas.index, frozen, canvas.gpu_s, duration_s)


def _identity(opened: OpenRequest, resident: Resident) -> Identity:
    request = opened.request
    return Identity(
        model_sha256=resident.model.sha256,
        fingerprints=tuple(
            snapshots.fingerprint(request, canvas.index) for canvas in opened.canvases
        ),
    )
