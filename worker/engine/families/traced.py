"""Ask a network without Python between its layers: on a CPU that is time worth saving.

Measured on the shipped model's architecture, one thread: a tenth less at sixteen rows, a fifth
less at two. It runs the very same kernels, and that is not taken on trust: a trace is used only
if it gives the same bits as the network itself, for two numbers of rows.

`torch.jit.trace` is deprecated in favour of compiling, which would need a C++ compiler and minutes
on every worker. Where tracing fails or is gone, the network is asked as ever.
"""

import contextlib
import warnings
from collections.abc import Callable, Hashable, Mapping

import torch
from torch import nn

Rows = Mapping[str, torch.Tensor]
"""What a UNet's call is told, by the names it gives them; one row or two."""

Ask = Callable[[torch.Tensor, torch.Tensor, Rows], torch.Tensor]
"""Call a network with sample, timesteps and rows."""

_Inputs = tuple[torch.Tensor, ...]

_TRACES_KEPT = 16
"""Kinds (sizes of picture, tiles) beyond which no more are traced."""


class Traced:
    """One network, and the traces of how it is asked."""

    def __init__(self, network: nn.Module, ask: Ask) -> None:
        """Prepare.

        Args:
            network: What `ask` calls.
            ask: Calls it.
        """
        self._network = network
        self._ask = ask
        self._traces: dict[Hashable, Callable[..., torch.Tensor] | None] = {}

    def prepare(
        self, sample: torch.Tensor, timesteps: torch.Tensor, rows: Rows, *, is_tile: bool
    ) -> None:
        """Trace a kind of call before it is made, so that no step takes longer for it."""
        inputs = (sample, timesteps, *rows.values())
        kind = _kind(inputs, rows, is_tile=is_tile)
        if kind not in self._traces:
            self._traces[kind] = self._trace(inputs, tuple(rows))

    def ask(
        self, sample: torch.Tensor, timesteps: torch.Tensor, rows: Rows, *, is_tile: bool
    ) -> torch.Tensor:
        """Call the network, by its trace where there is one to be trusted."""
        inputs = (sample, timesteps, *rows.values())
        kind = _kind(inputs, rows, is_tile=is_tile)
        trace = self._traces.get(kind)
        if trace is not None:
            with contextlib.suppress(RuntimeError):
                return trace(*inputs)
            self._traces[kind] = None  # It does not hold for this many rows after all.
        return self._ask(sample, timesteps, rows)

    def _trace(self, inputs: _Inputs, names: tuple[str, ...]) -> Callable[..., torch.Tensor] | None:
        """Trace one kind of call; None where it cannot be, or gives other bits."""
        if len(self._traces) >= _TRACES_KEPT:
            return None
        call = _Call(self._network, self._ask, names)
        # Never one row: what is stretched to all rows looks like what is not.
        twice = tuple(torch.cat((each, each)) for each in inputs)
        try:
            with warnings.catch_warnings():
                # That it is deprecated, and what it cannot follow: its bits will show.
                warnings.simplefilter("ignore")
                traced: Callable[..., torch.Tensor] = torch.jit.trace(  # type: ignore[no-untyped-call] # torch leaves it so
                    call, twice, check_trace=False
                )
            is_equal = all(torch.equal(traced(*each), call(*each)) for each in (twice, inputs))
        except Exception:  # noqa: BLE001 - whatever it stumbles over, the network itself goes on.
            return None
        return traced if is_equal else None


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


def _kind(inputs: _Inputs, rows: Rows, *, is_tile: bool) -> Hashable:
    """Tell what one trace can serve: any number of rows, but of one size."""
    return (is_tile, *rows, *((each.shape[1:], each.dtype) for each in inputs))
