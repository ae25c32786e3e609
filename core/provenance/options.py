"""Hold what an operator decides about labels."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from core.contracts.registry import Layer
from core.errors import UserError
from core.settings import CoreSettings


class Region(StrEnum):
    """Whose rules ask for more than the usual label."""

    NONE = "none"
    CN = "cn"
    """China: words in the picture's corner, and the `AIGC` key."""


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """What labels look like here, and what may be missing from them."""

    region: Region = Region.NONE
    producer: str = "Easel"
    """Who offers the service, as the `AIGC` key names them."""
    may_miss: frozenset[Layer] = frozenset()
    """Layers whose failure is recorded instead of stopping the post."""
    forbids_mining: bool = False

    @classmethod
    def of(cls, settings: CoreSettings) -> Self:
        """Read them from the settings.

        Raises:
            UserError: `label_layer_unknown`.
        """
        return cls(
            region=Region(settings.label_region),
            producer=settings.label_producer,
            may_miss=frozenset(map(_layer, settings.label_layers_to_miss)),
            forbids_mining=settings.label_training_mining,
        )


def _layer(name: str) -> Layer:
    try:
        return Layer(name)
    except ValueError as error:
        known = [each.value for each in Layer]
        raise UserError("label_layer_unknown", value=name, allowed=known) from error
