"""Run an operator's network file for marks, on the processor, with bounded threads."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

Tensor = NDArray[np.float32]


class Network(Protocol):
    """What goes from tensors to one tensor."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Run it once; the inputs in the order in which the file names them."""


class ONNXNetwork:
    """A network in an ONNX file; onnxruntime is loaded with the first."""

    def __init__(self, path: Path, *, input_count: int) -> None:
        """Open a file.

        Raises:
            UserError: `mark_weights_unusable` with a reason: `missing`, `runtime` (onnxruntime is
                not installed), `file` (no network), `inputs` (another number of them).
        """
        if not path.is_file():
            raise _unusable(path, "missing")
        try:
            import onnxruntime
        except ImportError as error:
            raise _unusable(path, "runtime") from error
        options = onnxruntime.SessionOptions()
        # Processes that draw or chat share the machine; and one thread's sums are the same each
        # time, which a picture marked again relies on.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        # onnxruntime's errors share no base but this.
        except Exception as error:
            raise _unusable(path, "file") from error
        self._names = [each.name for each in self._session.get_inputs()]
        if len(self._names) != input_count:
            raise _unusable(path, "inputs")

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Run it once, for its first output."""
        fed = dict(zip(self._names, inputs, strict=True))
        return np.asarray(self._session.run(None, fed)[0], np.float32)


def _unusable(path: Path, reason: str) -> UserError:
    return UserError("mark_weights_unusable", file=path.name, reason=reason)
