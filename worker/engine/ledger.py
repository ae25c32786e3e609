"""Keep the books of the device's memory, so that what does not fit is refused before it is tried.

A model's weights are counted from the headers of its files before anything is loaded, what a step
takes beside them is measured once for each key and size. Models stay in memory as long as there
is room; the one that was used least recently goes first, and never one that is drawing.
"""

import json
import math
import os
from collections.abc import Callable, Collection, Hashable
from pathlib import Path

import torch

from core.errors import UserError
from worker.engine.timing import bucket_of

_HEADER_MAX = 100_000_000
"""Bytes of a safetensors header; its own reader refuses longer ones."""

_LENGTH_BYTES = 8
_FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
"""What is loaded in the device's type; the rest keeps its own."""

_ITEM_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2}
_BITS = {"BOOL": 8, "F8_E4M3": 8, "F8_E5M2": 8}
"""Types whose names do not end in their bits."""

_CUDA_SHARE = 0.94
"""Of the device's memory: the rest goes to its own context and to fragments between blocks."""

_HOST_SHARE = 0.6
"""Of the machine's memory, where nothing else is said: the worker is not alone on it."""

_GIB = 1024**3


def weight_bytes(folder: Path, dtype: str) -> int:
    """Count what a model's weights will take in memory, from the headers of its files alone.

    Raises:
        UserError: `model_unreadable` for files that are not what they claim to be.
    """
    return sum(_file_bytes(path, _ITEM_BYTES[dtype]) for path in _files_of(folder))


def _files_of(folder: Path) -> list[Path]:
    """List the files that are loaded: one variant of each, in the folders of the components."""
    index = folder / "model_index.json"
    components = _components(index) if index.is_file() else None
    files = [
        path
        for path in sorted(folder.rglob("*.safetensors"))
        if components is None or path.relative_to(folder).parts[0] in components
    ]
    plain = {path for path in files if not _is_variant(path)}
    return [path for path in files if path in plain or not plain & set(path.parent.iterdir())]


def _components(index: Path) -> set[str]:
    try:
        entries = json.loads(index.read_bytes())
    except ValueError as error:
        raise UserError("model_unreadable") from error
    return {name for name in entries if not name.startswith("_")}


def _is_variant(path: Path) -> bool:
    """Tell `model.fp16.safetensors` from `model.safetensors`, which is what is loaded."""
    return "." in path.name.removesuffix(".safetensors")


def _file_bytes(path: Path, float_bytes: int) -> int:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            if length > _HEADER_MAX:
                raise UserError("model_unreadable")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        return sum(_tensor_bytes(tensor, float_bytes) for tensor in header.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError("model_unreadable") from error


def _tensor_bytes(tensor: dict[str, object], float_bytes: int) -> int:
    kind, shape = tensor["dtype"], tensor["shape"]
    assert isinstance(kind, str)
    assert isinstance(shape, list)
    if kind in _FLOATS:
        return math.prod(shape) * float_bytes
    bits = _BITS.get(kind) or int("".join(filter(str.isdigit, kind)))
    return math.prod(shape) * bits // 8


class Device:
    """What the memory of a CUDA device holds; on a CPU nobody counts, and all is zero."""

    def __init__(self, device: str) -> None:
        self.name = device
        self._device = torch.device(device)
        self.is_measured = self._device.type == "cuda"

    def capacity(self) -> int:
        """Tell how much there is for us: in all, less what other processes hold."""
        if not self.is_measured:
            return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * _HOST_SHARE)
        free, _ = torch.cuda.mem_get_info(self._device)
        return int((free + torch.cuda.memory_reserved(self._device)) * _CUDA_SHARE)

    def held(self) -> int:
        """Tell what our tensors take now."""
        return torch.cuda.memory_allocated(self._device) if self.is_measured else 0

    def begin_peak(self) -> None:
        """Measure from here."""
        if self.is_measured:
            torch.cuda.reset_peak_memory_stats(self._device)

    def peak(self) -> int:
        """Tell the most that our tensors took since."""
        return torch.cuda.max_memory_allocated(self._device) if self.is_measured else 0


class Ledger:
    """Who holds how much, and whether more will fit."""

    def __init__(self, device: Device, budget_gib: float | None = None) -> None:
        """Open the books.

        Args:
            device: Whose memory.
            budget_gib: What may be used of it; None: all that is ours to use.
        """
        self._device = device
        own = device.capacity()
        self.budget = own if budget_gib is None else min(int(budget_gib * _GIB), own)
        self._models: dict[Hashable, int] = {}
        """Bytes of each model, the least recently used first."""
        self._steps: dict[tuple[Hashable, int], int] = {}
        self._pins: dict[Hashable, tuple[int, Callable[[], None]]] = {}
        """What a model keeps between its steps beside its weights, and how it lets go of it."""

    @property
    def held(self) -> int:
        """What the models in memory take."""
        return sum(self._models.values())

    def admit(
        self,
        model: Hashable,
        size_bytes: int,
        *,
        busy: Collection[Hashable],
        evict: Callable[[Hashable], None],
    ) -> bool:
        """Make room for a model, and book it; False: not before those that draw are done.

        Args:
            model: Which.
            size_bytes: Its weights; a tenth more is kept for what a step needs at least.
            busy: Models that are drawing and must stay.
            evict: Takes a model out of memory.

        Raises:
            UserError: `model_too_large`; it would not fit even alone.
        """
        wanted = size_bytes + size_bytes // 10
        if wanted > self.budget:
            raise UserError(
                "model_too_large",
                needs_gib=round(wanted / _GIB, 2),
                has_gib=round(self.budget / _GIB, 2),
            )
        idle = [each for each in self._models if each not in busy]
        if wanted > self.budget - sum(self._models[each] for each in busy if each in self._models):
            return False
        if self.held + self.pinned + wanted > self.budget:
            self.let_go()  # What only makes steps quicker goes before what a step needs.
        while self.held + wanted > self.budget:
            oldest = idle.pop(0)
            evict(oldest)
            self.release(oldest)
        self._models[model] = size_bytes
        return True

    @property
    def pinned(self) -> int:
        """What models keep between their steps, beside their weights."""
        return sum(size_bytes for size_bytes, _ in self._pins.values())

    def pin(self, model: Hashable, size_bytes: int, let_go: Callable[[], None]) -> bool:
        """Book what a model keeps between its steps; False, and nothing: it has no room.

        Args:
            model: Which.
            size_bytes: All that it keeps; replaces what was booked before, and 0 ends it.
            let_go: Gives it back.
        """
        self._pins.pop(model, None)
        if self.held + self.pinned + size_bytes > self.budget:
            return False
        if size_bytes:
            self._pins[model] = (size_bytes, let_go)
        return True

    def let_go(self) -> bool:
        """Have all models give back what they keep between steps; False: none keeps anything."""
        pins, self._pins = self._pins, {}
        for _, let_go in pins.values():
            let_go()
        return bool(pins)

    def use(self, model: Hashable) -> None:
        """Note that a model is used now."""
        self._models[model] = self._models.pop(model)

    def release(self, model: Hashable) -> None:
        """Note that a model has left memory."""
        self._models.pop(model, None)
        self._pins.pop(model, None)

    def note_step(self, key: Hashable, count: int, peak_bytes: int) -> None:
        """Note what a step of so many drawings took beside what was there before."""
        place = (key, bucket_of(count))
        self._steps[place] = max(peak_bytes, self._steps.get(place, 0))

    def room(self, key: Hashable, count: int) -> int:
        """Tell how many of so many drawings fit in one step, as far as is known; at least one."""
        free = self.budget - max(self.held, self._device.held()) - self.pinned
        while count > 1 and self._step_bytes(key, count) > free:
            count //= 2
        return count

    def _step_bytes(self, key: Hashable, count: int) -> int:
        """Tell what a step takes: as measured, or in proportion to a smaller one; 0: unknown."""
        bucket = bucket_of(count)
        if (key, bucket) in self._steps:
            return self._steps[key, bucket]
        while bucket > 1:
            bucket //= 2
            if (key, bucket) in self._steps:
                return self._steps[key, bucket] * bucket_of(count) // bucket
        return 0
