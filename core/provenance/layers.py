"""Apply the layers of a label one by one, and say which were missed by leave of the operator."""

from collections.abc import Callable
from typing import TypeVar

import structlog

from core.contracts.registry import Layer
from core.errors import AppError

log = structlog.get_logger()

_T = TypeVar("_T")


class Layers:
    """The layers of one file, in the order in which they are applied."""

    def __init__(self, may_miss: frozenset[Layer]) -> None:
        """Begin with a file that has none.

        Args:
            may_miss: Those whose failure does not stop the file.
        """
        self._may_miss = may_miss
        self._missed: list[Layer] = []

    @property
    def missed(self) -> tuple[Layer, ...]:
        """The layers that failed and that the file does without."""
        return tuple(self._missed)

    def apply(self, layer: Layer, work: Callable[[], _T], without: Callable[[], _T]) -> _T:
        """Do a layer's work; if it fails and may be missed, do without.

        Raises:
            AppError: `label_failed`: nothing half labelled leaves unless the operator says so.
        """
        try:
            return work()
        except Exception as error:
            # Whatever it is: a layer that broke in a new way is missing all the same.
            cause = type(error).__name__
            if layer not in self._may_miss:
                log.error("label_layer_failed", layer=layer.value, cause=cause)  # noqa: TRY400 - it is raised.
                raise AppError("label_failed", layer=layer.value) from error
            log.warning("label_layer_missed", layer=layer.value, cause=cause)
        self._missed.append(layer)
        return without()
