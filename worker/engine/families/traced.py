"""Ask a network without Python between its layers: on a CPU that is time worth saving.

Measured on the shipped model's architecture, one thread: a tenth less at sixteen rows, a fifth
less at two. It runs the very same kernels, and that is not taken on trust: a trace is used for a
number of rows only after it gave, once, the same bits as the network itself.

`torch.jit.trace` is deprecated in favour of compiling, which would need a C++ compiler and minutes
on every worker. Where tracing fails or is gone, the network is asked as ever.
"""

import warnings
from collections.abc import Callable, Hashable, Mapping

import torch
from torch import nn

Rows = Mapping[str, torch.Tensor]
"""What a UNet's call is told, by the names it gives them; one row or two."""

Ask = Callable[[torch.Tensor, torch.Tensor, Rows], torch.Tensor]
"""Call a network with sample, timesteps and rows."""

_Inputs = tuple[torch.Tensor, ...]

_WORTH = 8
"""Forwards of a kind before it is traced: a trace costs about as much as eight of them."""

_TRACES_KEPT = 16
"""Kinds (sizes of picture, tiles) beyond which no more are traced."""


class Traced:
    """One network, and the traces of how it is asked."""

    def __init__(self, network: nn.Module, ask: Ask) -> None:
        """Prepare; nothing is traced before it has been asked for a few times.

        Args:
            network: What `ask` calls.
            ask: Calls it.
        """
        self._network = network
        self._ask = ask
        self._asked: dict[Hashable, int] = {}
        self._traces: dict[Hashable, Callable[..., torch.Tensor] | None] = {}
        self._trusted: dict[Hashable, bool] = {}

    def ask(
        self, sample: torch.Tensor, timesteps: torch.Tensor, rows: Rows, *, is_tile: bool
    ) -> torch.Tensor:
        """Call the network, by its trace where there is one to be trusted."""
        inputs = (sample, timesteps, *rows.values())
        kind = (is_tile, *rows, *((each.shape[1:], each.dtype) for each in inputs))
        self._asked[kind] = self._asked.get(kind, 0) + 1
        if kind not in self._traces and self._asked[kind] <= _WORTH:
            return self._ask(sample, timesteps, rows)
        if kind not in self._traces:
            self._traces[kind] = self._trace(inputs, tuple(rows))
        trace = self._traces[kind]
        row_count = len(sample)
        if trace is None or not self._trusted.get((kind, row_count), True):
            return self._ask(sample, timesteps, rows)
        if (kind, row_count) in self._trusted:
            return trace(*inputs)
        answer = self._ask(sample, timesteps, rows)
        self._trusted[kind, row_count] = _gives(trace, inputs, answer)
        return answer

    def _trace(self, inputs: _Inputs, names: tuple[str, ...]) -> Callable[..., torch.Tensor] | None:
        """Trace one kind of call; None where it cannot be."""
        if len(self._traces) >= _TRACES_KEPT:
            return None
        call = _Call(self._network, self._ask, names)
        try:
            with warnings.catch_warnings():
                # That it is deprecated, and what it cannot follow: its bits will show.
                warnings.simplefilter("ignore")
                traced: Callable[..., torch.Tensor] = torch.jit.trace(  # type: ignore[no-untyped-call] # torch leaves it so
                    call, inputs, check_trace=False
                )
        except Exception:  # noqa: BLE001 - whatever it stumbles over, the network itself goes on.
            return None
        return traced


class _Call(nn.Module):
    """Make a call that takes tensors alone, as tracing needs it."""

    def __init__(self, network: nn.Module, ask: Ask, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network  # Where its weights are found, so that they are not copied.
        self._ask = ask
        self._names = names
        self.train(network.training)

    def forward(
        self, sample: torch.Tensor, timesteps: torch.Tensor, *rows: torch.Tensor
    ) -> torch.Tensor:
        """Call the network."""
        return self._ask(sample, timesteps, dict(zip(self._names, rows, strict=True)))


def _gives(trace: Callable[..., torch.Tensor], inputs: _Inputs, expected: torch.Tensor) -> bool:
    """Tell whether a trace answers with the same bits."""
    try:
        return torch.equal(trace(*inputs), expected)
    except RuntimeError:  # It holds for other numbers of rows only.
        return False
