"""Read a LoRA file: its factors, checked against the model that they are to change.

Only safetensors are read: a pickle can run code. What is not understood is refused, not left
out: a picture drawn with half of a LoRA would be told as drawn with it.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from core.errors import UserError
from worker.engine.lora_names import Layer, Names, Target, rows_of

_FACTOR = re.compile(
    r"(.+?)(?:\.lora_(A|B|down|up|mid)(?:\.default(?:_\d+)?)?|[._]lora(?:_linear_layer)?\.(down|up))"
    r"\.weight"
)
_ALPHA = re.compile(r"(.+?)(?:[._]lora(?:_linear_layer)?)?\.alpha")
_ROLES = {"A": "down", "B": "up"}
_METADATA = "lora_adapter_metadata"
"""Where diffusers keeps a LoRA's configuration: flat names such as `unet.lora_alpha`."""
_CONV_DIMS = 4


@dataclass(frozen=True, slots=True)
class Factors:
    """What a LoRA adds to one layer: up(down(x)), at scale 1."""

    down: torch.Tensor
    """(rank, inputs), or (rank, inputs, height, width) for a convolution."""
    up: torch.Tensor
    """(outputs, rank), with alpha / rank multiplied in."""

    @property
    def size_bytes(self) -> int:
        """Bytes on the device."""
        return sum(each.numel() * each.element_size() for each in (self.down, self.up))


@dataclass(frozen=True, slots=True)
class Adapter:
    """One LoRA in memory."""

    layers: dict[tuple[str, str], Factors]
    """By component and module name."""

    @property
    def size_bytes(self) -> int:
        """Bytes on the device."""
        return sum(factors.size_bytes for factors in self.layers.values())


def read_adapter(path: Path, names: Names) -> Adapter:
    """Read a LoRA for the layers of one model, onto the device and in the precision of each.

    Raises:
        UserError: `lora_unreadable` for what is no LoRA in safetensors, `lora_does_not_fit` for
            one of another model.
    """
    tensors, metadata = _read(path)
    layers: dict[tuple[str, str], Factors] = {}
    for name, roles in _grouped(tensors, path).items():
        targets = names.targets(name)
        if not targets:
            raise UserError("lora_does_not_fit", value=path.stem)
        down, up = _scaled(roles, metadata, targets[0])
        total = 0
        for target in targets:
            layer = names.layer(target.component, target.module)
            total += rows_of(layer)
            piece = _rows(up, target, layer)
            factors = _fitted(down, piece, layer)
            if factors is None or (target.component, target.module) in layers:
                raise UserError("lora_does_not_fit", value=path.stem)
            layers[target.component, target.module] = factors
        if total != up.shape[0]:
            raise UserError("lora_does_not_fit", value=path.stem)
    return Adapter(layers)


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping.
            metadata = json.loads((file.metadata() or {}).get(_METADATA, "{}"))
    except (OSError, SafetensorError, ValueError) as error:
        raise UserError("lora_unreadable", value=path.stem) from error
    is_sound = isinstance(metadata, dict) and all(
        tensor.is_floating_point() and bool(tensor.isfinite().all()) for tensor in tensors.values()
    )
    if not tensors or not is_sound:
        raise UserError("lora_unreadable", value=path.stem)
    return tensors, metadata


def _grouped(tensors: Mapping[str, torch.Tensor], path: Path) -> dict[str, dict[str, torch.Tensor]]:
    """Bring together what belongs to one layer: `down`, `up`, perhaps `mid` and `alpha`."""
    groups: dict[str, dict[str, torch.Tensor]] = defaultdict(dict)
    for key, tensor in tensors.items():
        if match := _FACTOR.fullmatch(key):
            role = match[2] or match[3]
            groups[match[1]][_ROLES.get(role, role)] = tensor
        elif match := _ALPHA.fullmatch(key):
            groups[match[1]]["alpha"] = tensor
        else:
            # DoRA, LoHa, LoKr, changed biases and norms: another arithmetic.
            raise UserError("lora_unreadable", value=path.stem)
    for roles in groups.values():
        if not {"down", "up"} <= roles.keys() or not _is_sound(roles):
            raise UserError("lora_unreadable", value=path.stem)
    return groups


def _is_sound(roles: Mapping[str, torch.Tensor]) -> bool:
    """Tell whether one layer's factors can be multiplied with each other at all."""
    down, up, mid = roles["down"], roles["up"], roles.get("mid")
    has_dims = all(each.dim() in {2, _CONV_DIMS} for each in (down, up))
    is_one = "alpha" not in roles or roles["alpha"].numel() == 1
    if not has_dims or not is_one or up.shape[2:].numel() != 1:
        return False
    if mid is None:
        return up.shape[1] == down.shape[0] > 0
    has_mid = mid.dim() == _CONV_DIMS and down.shape[2:].numel() == 1
    return has_mid and mid.shape[:2] == (up.shape[1], down.shape[0])


def _scaled(
    roles: Mapping[str, torch.Tensor], metadata: Mapping[str, Any], target: Target
) -> tuple[torch.Tensor, torch.Tensor]:
    """Multiply the parts out to two factors, whose product is the change at scale 1."""
    down, up = roles["down"].float(), roles["up"].float().flatten(1)
    if "mid" in roles:
        down = torch.einsum("rshw,si->rihw", roles["mid"].float(), down.flatten(1))
    rank = up.shape[1]
    alpha = roles["alpha"].item() if "alpha" in roles else _alpha_of(metadata, target)
    if alpha is None:
        return down, up
    is_rooted = bool(metadata.get(f"{target.component}.use_rslora"))
    return down, up * (alpha / (math.sqrt(rank) if is_rooted else rank))


def _alpha_of(metadata: Mapping[str, Any], target: Target) -> float | None:
    """Find alpha in diffusers' metadata; None means the convention there: alpha is the rank."""
    pattern = metadata.get(f"{target.component}.alpha_pattern") or {}
    for name, alpha in pattern.items():
        if target.module == name or target.module.endswith(f".{name}"):
            return float(alpha)
    alpha = metadata.get(f"{target.component}.lora_alpha")
    return None if alpha is None else float(alpha)


def _rows(up: torch.Tensor, target: Target, layer: Layer) -> torch.Tensor:
    """Take the output rows that are meant for one layer."""
    rows = up[target.begin : target.begin + rows_of(layer)]
    return torch.cat(rows.chunk(2)[::-1]) if target.is_swapped else rows


def _fitted(down: torch.Tensor, up: torch.Tensor, layer: Layer) -> Factors | None:
    """Shape factors like their layer, on its device and in its precision; None: they do not fit.

    A 1x1 convolution and a linear layer are the same arithmetic, and files of either kind exist
    for models of either kind.
    """
    weight = layer.weight
    if isinstance(layer, nn.Conv2d):
        down = down[:, :, None, None] if down.dim() != _CONV_DIMS else down
        is_plain = layer.groups == 1
    else:
        is_plain = down.shape[2:].numel() == 1
        down = down.flatten(1) if is_plain else down
    if not is_plain or down.shape[1:] != weight.shape[1:] or up.shape[0] != weight.shape[0]:
        return None
    down, up = (each.to(weight).contiguous() for each in (down, up))
    return Factors(down, up)
