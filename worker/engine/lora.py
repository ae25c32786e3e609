"""Keep LoRAs in memory and apply them row by row: several people's LoRAs in one batch.

diffusers needs peft for LoRAs and merges or switches them for a whole batch. Here a hook on each
changed layer adds up(down(x)) to the rows that asked for it, with their own scales; the model's
weights are never touched, so that a row without a LoRA is the model as it is. Text encoders get
theirs when a prompt is encoded, one request at a time.
"""

import contextlib
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from core.errors import UserError
from worker.engine.lora_files import Adapter, Factors, read_adapter
from worker.engine.lora_names import Names
from worker.engine.messages import LoraUse

CAPACITY_BYTES = 1 << 30
"""A rank 16 LoRA on all attention layers of SDXL takes some 50 MB in bf16: about twenty of them."""

_DENOISERS = ("unet", "transformer")
_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")

Rows = tuple[tuple[LoraUse, ...], ...]
_Place = tuple[str, str]
_Hook = Callable[[nn.Module, tuple[Any, ...], torch.Tensor], torch.Tensor]
"""Any: the positional arguments of a layer's forward."""


class LoraBank:
    """The LoRAs of one pipeline, least recently used first."""

    def __init__(self, pipeline: Any, capacity_bytes: int = CAPACITY_BYTES) -> None:
        parts = {name: getattr(pipeline, name, None) for name in (*_DENOISERS, *_ENCODERS)}
        self._names = Names({name: part for name, part in parts.items() if part is not None})
        self._device = pipeline.device
        self._capacity_bytes = capacity_bytes
        self._adapters: OrderedDict[str, tuple[tuple[int, int], Adapter]] = OrderedDict()
        self._mixed: tuple[Rows, dict[_Place, _Mix]] = ((), {})

    @property
    def size_bytes(self) -> int:
        """Bytes that the LoRAs in memory take on the device."""
        return sum(adapter.size_bytes for _, adapter in self._adapters.values())

    def load(self, uses: Sequence[LoraUse]) -> Hashable:
        """Have LoRAs in memory, and tell which states of their files they are.

        A file that has changed since it was read is read again.

        Raises:
            UserError: `lora_unreadable`, `lora_does_not_fit` or `lora_too_large`; the bank is as
                it was.
        """
        for use in uses:
            path = Path(use.path)
            try:
                status = path.stat()
            except OSError as error:
                raise UserError("lora_unreadable", value=path.stem) from error
            stamp = (status.st_mtime_ns, status.st_size)
            if self._adapters.get(use.path, (None,))[0] != stamp:
                if status.st_size > self._capacity_bytes:
                    raise UserError("lora_too_large", value=path.stem)
                self._adapters[use.path] = (stamp, read_adapter(path, self._names))
                self._mixed = ((), {})
            self._adapters.move_to_end(use.path)
        self._make_room({use.path for use in uses})
        return tuple(self._adapters[use.path][0] for use in uses)

    @contextlib.contextmanager
    def active(
        self, rows: Sequence[tuple[LoraUse, ...]], *, is_exact: bool | None = None
    ) -> Iterator[None]:
        """Apply to each row of the denoiser's batch its own LoRAs, for the length of one forward.

        Args:
            rows: What each row of the batch asks for, in order.
            is_exact: Multiply each row by itself, so that what a row gets does not depend in a
                single bit on its company. Else all rows at once, padded to the largest rank: a
                few launches for each layer, whatever the number of rows. None: exact on the CPU,
                where a launch costs nothing.
        """
        if not any(rows):
            yield
            return
        asked: Rows = tuple(rows)
        if self._mixed[0] != asked:
            mixes = self._mix(asked)
            self._mixed = (asked, {at: mix for at, mix in mixes.items() if at[0] in _DENOISERS})
        if is_exact is None:
            is_exact = str(self._device) == "cpu"
        hooks = {
            place: mix.each if is_exact else mix.at_once for place, mix in self._mixed[1].items()
        }
        with self._hooked(hooks):
            yield

    @contextlib.contextmanager
    def uniform(
        self, uses: Sequence[LoraUse], components: Iterable[str] = (*_DENOISERS, *_ENCODERS)
    ) -> Iterator[None]:
        """Apply the same LoRAs to whatever passes through: a picture that is drawn alone."""
        if not uses:
            yield
            return
        chosen = set(components)
        mixes = self._mix((tuple(uses),))
        with self._hooked({at: mix.everywhere for at, mix in mixes.items() if at[0] in chosen}):
            yield

    def encoding(self, uses: Sequence[LoraUse]) -> contextlib.AbstractContextManager[None]:
        """Apply LoRAs to the text encoders alone, while a request's prompts are encoded."""
        return self.uniform(uses, _ENCODERS)

    def _make_room(self, kept: set[str]) -> None:
        for path in [path for path in self._adapters if path not in kept]:
            if self.size_bytes <= self._capacity_bytes:
                break
            del self._adapters[path]
            self._mixed = ((), {})

    def _mix(self, rows: Rows) -> "dict[_Place, _Mix]":
        """Work out what each layer adds to each row."""
        missing = {use.path: use for uses in rows for use in uses if use.path not in self._adapters}
        if missing:  # Evicted while its picture was under way.
            self.load([use for uses in rows for use in uses])
        changes: dict[_Place, dict[int, list[Factors]]] = defaultdict(lambda: defaultdict(list))
        for row, uses in enumerate(rows):
            for use in uses:
                self._adapters.move_to_end(use.path)
                for place, factors in self._adapters[use.path][1].layers.items():
                    scaled = Factors(factors.down, factors.up * use.scale)
                    changes[place][row].append(scaled)
        return {place: _Mix.of(by_row, len(rows)) for place, by_row in changes.items()}

    @contextlib.contextmanager
    def _hooked(self, hooks: Mapping[_Place, _Hook]) -> Iterator[None]:
        """Hang hooks on layers, and take them off again.

        A compiled block does not look for hooks again, so compiled code steps aside meanwhile.
        """
        with contextlib.ExitStack() as stack:
            if "torch._dynamo" in sys.modules:  # Importing it takes seconds; compiling did it.
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            for (component, module), hook in hooks.items():
                layer = self._names.layer(component, module)
                stack.callback(layer.register_forward_hook(hook).remove)
            yield


@dataclass(slots=True)
class _Mix:
    """What one layer adds to the rows of one batch."""

    by_row: dict[int, Factors]
    """Several LoRAs on one row are one of their summed rank."""
    row_count: int
    _stack: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    @classmethod
    def of(cls, changes: Mapping[int, list[Factors]], row_count: int) -> "_Mix":
        """Join the LoRAs of each row."""
        joined = {
            row: Factors(
                torch.cat([each.down for each in several]),
                torch.cat([each.up for each in several], dim=1),
            )
            for row, several in changes.items()
        }
        return cls(joined, row_count)

    def everywhere(
        self, layer: nn.Module, inputs: tuple[Any, ...], output: torch.Tensor
    ) -> torch.Tensor:
        """Add the only row's change to all rows."""
        (factors,) = self.by_row.values()
        return output + _change(layer, factors, inputs[0])

    def each(self, layer: nn.Module, inputs: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
        """Add to each row its change, row by row."""
        self._check(output)
        for row, factors in self.by_row.items():
            output[row : row + 1] += _change(layer, factors, inputs[0][row : row + 1])
        return output

    def at_once(
        self, layer: nn.Module, inputs: tuple[Any, ...], output: torch.Tensor
    ) -> torch.Tensor:
        """Add to each row its change, all of them by one batched product."""
        self._check(output)
        if self._stack is None:
            self._stack = _stacked(self.by_row, output.device)
        rows, down, up = self._stack
        some = inputs[0].index_select(0, rows)
        return output.index_add_(0, rows, _changes(layer, down, up, some))

    def _check(self, output: torch.Tensor) -> None:
        if output.shape[0] != self.row_count:
            message = f"{self.row_count} rows of LoRAs for a batch of {output.shape[0]}"
            raise ValueError(message)


def _change(layer: nn.Module, factors: Factors, x: torch.Tensor) -> torch.Tensor:
    """Work out up(down(x)) with one pair of factors."""
    if isinstance(layer, nn.Conv2d):
        inner = functional.conv2d(*_padded(layer, x, factors.down), **_strides(layer))
        return functional.conv2d(inner, factors.up[:, :, None, None])
    return functional.linear(functional.linear(x, factors.down), factors.up)


def _changes(
    layer: nn.Module, down: torch.Tensor, up: torch.Tensor, x: torch.Tensor
) -> torch.Tensor:
    """Work out up(down(x)) with a pair of factors for each row."""
    count = x.shape[0]
    if not isinstance(layer, nn.Conv2d):
        flat = x.reshape(count, -1, x.shape[-1])
        return (flat @ down.mT @ up.mT).view(*x.shape[:-1], up.shape[1])
    padded, weight = _padded(layer, x.reshape(1, -1, *x.shape[2:]), down.flatten(0, 1))
    inner = functional.conv2d(padded, weight, groups=count, **_strides(layer))
    mixed = up @ inner.view(count, down.shape[1], -1)
    return mixed.view(count, up.shape[1], *inner.shape[2:])


def _padded(
    layer: nn.Conv2d, x: torch.Tensor, weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give a convolution's input and weight; a tiled picture's edges meet here as well."""
    if layer.padding_mode == "zeros":
        return x, weight
    around = layer._reversed_padding_repeated_twice  # noqa: SLF001 - what its own forward does.
    return functional.pad(x, around, mode=layer.padding_mode), weight


def _strides(layer: nn.Conv2d) -> dict[str, Any]:
    """Give a convolution's own way over its input."""
    padding = layer.padding if layer.padding_mode == "zeros" else 0
    return {"stride": layer.stride, "padding": padding, "dilation": layer.dilation}


def _stacked(
    by_row: Mapping[int, Factors], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Stack the rows' factors, padded with zeros to the largest rank."""
    rank = max(factors.down.shape[0] for factors in by_row.values())
    downs, ups = [], []
    for factors in by_row.values():
        missing = rank - factors.down.shape[0]
        after = (0, 0) * (factors.down.dim() - 1) + (0, missing)
        downs.append(functional.pad(factors.down, after))
        ups.append(functional.pad(factors.up, (0, missing)))
    return torch.tensor(list(by_row), device=device), torch.stack(downs), torch.stack(ups)
