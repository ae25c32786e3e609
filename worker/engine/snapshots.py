"""Write down where a drawing stands, and go on from there with the very same bits.

Snapshots leave the engine and come back to another one. They are safetensors with plain JSON
beside, never pickle: reading one can run no code, whoever wrote it. What follows from the request
alone (words, picture to go on from) is not in them; it is worked out again.
"""

import hashlib
import json
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from core.errors import AppError
from worker.engine.drawing import Drawing
from worker.engine.messages import DrawRequest

_FORMAT = "easel-drawing-1"
_HEADER = "header"
_LEFT_OUT = frozenset({"_internal_dict"})
"""A scheduler's configuration: it comes with its recipe."""

_LATE = frozenset({"sample", "sigma_data", "this_order"})
"""What some schedulers (Heun, LCM, UniPC) only have once they have taken a step."""

_NUMBER = (bool, int, float, np.generic)
_PLAIN = (bool, int, float, str, type(None))


def fingerprint(request: DrawRequest, picture: int) -> str:
    """Name everything that a picture's pixels depend on, so that no snapshot of another is used."""
    image = request.image
    facts = request.model_dump_json(
        include={"model", "negative", "aspect", "steps", "guidance_scale", "is_tile"}
        | {"loras", "scheduler"}
    )
    digest = hashlib.sha256(facts.encode())
    digest.update(request.pictures[picture].model_dump_json().encode())
    if image is not None:
        digest.update(f"{image.width}x{image.height} {image.strength}".encode())
        digest.update(image.rgb)
        digest.update(b"" if image.mask is None else b"mask" + image.mask)
    return digest.hexdigest()


def freeze(drawing: Drawing) -> bytes:
    """Write down a drawing between two steps.

    Raises:
        AppError: `snapshot_unusable` where its scheduler holds what cannot be written down.
    """
    writer = _Writer(drawing.latents.device)
    state = {
        name: writer.written(value)
        for name, value in vars(drawing.scheduler).items()
        if name not in _LEFT_OUT
    }
    header = {
        "format": _FORMAT,
        "fingerprint": drawing.fingerprint,
        "scheduler": type(drawing.scheduler).__name__,
        "index": drawing.index,
        "state": state,
        "latents": writer.written(drawing.latents),
        "generator": writer.written(drawing.generator.get_state()),
    }
    as_bytes = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    return save({**writer.tensors, _HEADER: torch.from_numpy(as_bytes.copy())})


def restore(drawing: Drawing, frozen: bytes) -> None:
    """Set a drawing that has just begun to where it stood when it was frozen.

    Raises:
        AppError: `snapshot_unusable` for anything but what `freeze` wrote of this very picture;
            the drawing must not be used then.
    """
    try:
        _restore(drawing, frozen)
    except (
        SafetensorError,
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        RecursionError,
    ) as error:
        raise AppError("snapshot_unusable") from error


def _restore(drawing: Drawing, frozen: bytes) -> None:
    tensors = load(frozen)
    header = json.loads(tensors.pop(_HEADER).numpy().tobytes())
    reader = _Reader(tensors, drawing.latents.device)
    latents = reader.tensor(header["latents"])
    index = header["index"]
    _require(header["format"] == _FORMAT)
    _require(header["fingerprint"] == drawing.fingerprint)
    _require(header["scheduler"] == type(drawing.scheduler).__name__)
    _require(type(index) is int and 0 <= index <= drawing.total)
    _require(latents.shape == drawing.latents.shape and latents.dtype == drawing.latents.dtype)
    _restore_scheduler(drawing.scheduler, header["state"], reader)
    drawing.generator.set_state(reader.tensor(header["generator"]).cpu())
    drawing.latents, drawing.estimate, drawing.index = latents, latents, index


def _restore_scheduler(scheduler: Any, state: Any, reader: "_Reader") -> None:
    """Give a fresh scheduler the values of a used one.

    Only values of its own may be set, to others of their kind: never a method.
    """
    fresh = vars(scheduler)
    _require(isinstance(state, dict) and state.keys() <= (fresh.keys() | _LATE) - _LEFT_OUT)
    values = {name: reader.value(written) for name, written in state.items()}
    _require(all(_is_alike(fresh.get(name), value) for name, value in values.items()))
    fresh.update(values)


def _is_alike(fresh: Any, value: Any) -> bool:
    if fresh is None or value is None:
        return True  # What is not known yet; a number or a tensor by now.
    # A tensor may have begun as a number: PNDM sums its outputs up from a plain zero.
    kinds = ((*_NUMBER, torch.Tensor), np.ndarray, str, (list, tuple))
    return any(isinstance(fresh, kind) and isinstance(value, kind) for kind in kinds)


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError


class _Writer:
    """Take plain values apart into JSON, and tensors beside it."""

    def __init__(self, device: torch.device) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self._device = device

    def written(self, value: Any) -> Any:  # whatever a scheduler keeps
        """Write a value; what is not plain becomes a table of one entry that says its kind."""
        if isinstance(value, np.generic):
            return {"number": [value.dtype.str, value.item()]}
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, torch.Tensor):
            # Where it lies matters: a scheduler keeps its tables on the CPU, its past on a GPU.
            kind = "cpu" if value.device != self._device else "tensor"
            return {kind: self._kept(value)}
        if isinstance(value, np.ndarray):
            return {"array": self._kept(torch.from_numpy(value.copy()))}
        if isinstance(value, list | tuple):
            return {type(value).__name__: [self.written(each) for each in value]}
        raise AppError("snapshot_unusable", value=type(value).__name__)

    def _kept(self, tensor: torch.Tensor) -> str:
        name = str(len(self.tensors))
        # A copy: safetensors refuses views into one another's memory, which schedulers have.
        self.tensors[name] = tensor.detach().to("cpu", copy=True).contiguous()
        return name


class _Reader:
    """Put values together again."""

    def __init__(self, tensors: dict[str, torch.Tensor], device: torch.device) -> None:
        self._tensors = tensors
        self._device = device

    def tensor(self, written: Any) -> torch.Tensor:
        """Read what must be a tensor."""
        value = self.value(written)
        _require(isinstance(value, torch.Tensor))
        return value  # type: ignore[no-any-return] # it has just been looked at

    def value(self, written: Any) -> Any:
        """Read any value."""
        if isinstance(written, _PLAIN):
            return written
        ((kind, inner),) = written.items()
        match kind:
            case "tensor":
                return self._tensors[inner].to(self._device)
            case "cpu":
                return self._tensors[inner]
            case "array":
                return self._tensors[inner].numpy()
            case "number":
                dtype, number = inner
                return np.dtype(dtype).type(number)
            case "list" | "tuple":
                values = [self.value(each) for each in inner]
                return values if kind == "list" else tuple(values)
            case _:
                raise ValueError(kind)
