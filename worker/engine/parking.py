"""Move drawings that wait out of a card's memory, and back for their next step.

A drawing that others were put before keeps what its steps depend on: latents, what the network is
told, its scheduler's past, a picture to keep outside a mask. Where a step of the others needs the
room it is copied to the machine's memory, each tensor in its own type and layout, so that what
comes back is the same to the bit. What never lay on the card (a scheduler's tables) stays put.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import fields, replace
from typing import Any, Protocol

import structlog
import torch

from worker.engine.drawing import Drawing, Repaint

log = structlog.get_logger()

_STATE = ("latents", "rows", "extra_channels", "repaint")
"""What a drawing keeps beside its scheduler."""


class Yard(Protocol):
    """Where tensors are moved to and fro. `CardAndHost` is one."""

    def is_inside(self, tensor: torch.Tensor) -> bool:
        """Tell whether a tensor takes memory that is short."""

    def out(self, tensor: torch.Tensor) -> torch.Tensor:
        """Copy it to where memory is plenty."""

    def back(self, tensor: torch.Tensor) -> torch.Tensor:
        """Copy it back."""


class CardAndHost:
    """A card's memory and the machine's own; with no card, nothing is ever inside."""

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)

    def is_inside(self, tensor: torch.Tensor) -> bool:
        """Tell whether it lies on the card."""
        return tensor.device.type != "cpu"

    def out(self, tensor: torch.Tensor) -> torch.Tensor:
        """Copy it to the machine's memory."""
        return tensor.to("cpu")

    def back(self, tensor: torch.Tensor) -> torch.Tensor:
        """Copy it to the card."""
        return tensor.to(self._device)


class Parking:
    """Know who is parked, and move them."""

    def __init__(self, yard: Yard, under_way: Callable[[], Iterable[Drawing]]) -> None:
        """Prepare.

        Args:
            yard: Where they are moved.
            under_way: Lists the drawings that have begun and are not done.
        """
        self._yard = yard
        self._under_way = under_way

    def park(self, stays: Callable[[Drawing], bool]) -> bool:
        """Move all drawings out that need not stay; False: none took any room.

        Args:
            stays: Tells who takes part in the step that needs the room.
        """
        count = sum(self._move_out(drawing) for drawing in self._under_way() if not stays(drawing))
        if count:
            log.info("drawings_parked", drawings=count)
        return count > 0

    def bring_back(self, drawings: Collection[Drawing]) -> None:
        """Move drawings back in, for their step; those that never left stay as they are.

        Raises:
            torch.OutOfMemoryError: one does not fit; it is still whole where it was.
        """
        for drawing in drawings:
            if drawing.parked:
                self._move_in(drawing)

    def _move_in(self, drawing: Drawing) -> None:
        ours = {id(tensor) for tensor in drawing.parked}
        _move(drawing, lambda tensor: id(tensor) in ours, self._yard.back)
        drawing.parked = ()

    def _move_out(self, drawing: Drawing) -> bool:
        if drawing.parked:
            return False
        drawing.estimate = None  # Only for the preview of the step that made it.
        drawing.parked = _move(drawing, self._yard.is_inside, self._yard.out)
        return bool(drawing.parked)


def _move(
    drawing: Drawing,
    is_meant: Callable[[torch.Tensor], bool],
    moved: Callable[[torch.Tensor], torch.Tensor],
) -> tuple[torch.Tensor, ...]:
    """Put copies in the place of a drawing's tensors; all of them, or none where one fails.

    Returns:
        The copies.
    """
    copies: dict[int, torch.Tensor] = {}

    def one(tensor: torch.Tensor) -> torch.Tensor:
        """Copy a tensor once, wherever it is kept."""
        if not is_meant(tensor):
            return tensor
        if id(tensor) not in copies:
            copies[id(tensor)] = moved(tensor)
        return copies[id(tensor)]

    state = {name: _with_tensors(getattr(drawing, name), one) for name in _STATE}
    past = {name: _with_tensors(value, one) for name, value in vars(drawing.scheduler).items()}
    for name, value in state.items():
        setattr(drawing, name, value)
    vars(drawing.scheduler).update(past)
    return tuple(copies.values())


def _with_tensors(value: Any, one: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Rebuild a value around other tensors; what holds none is left as it is."""
    if isinstance(value, torch.Tensor):
        return one(value)
    if isinstance(value, Repaint):
        parts = {each.name: getattr(value, each.name) for each in fields(value)}
        return replace(value, **{name: _with_tensors(part, one) for name, part in parts.items()})
    if type(value) in {list, tuple}:
        return type(value)(_with_tensors(each, one) for each in value)
    if type(value) is dict:
        return {name: _with_tensors(each, one) for name, each in value.items()}
    return value
