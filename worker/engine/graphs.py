"""Replay a forward on a card as one CUDA graph, instead of launching its kernels one by one.

A step of a small picture is over sooner than Python can launch it. Forwards of a padded bucket
are all of one shape, so their launches can be recorded once for each kind (size of picture, tiles)
and bucket, and replayed: what a step brings is copied to where the recorded kernels look for it.

**This has never run on hardware**: no card was at hand when it was written. What is shown is the
book-keeping, against a stand-in of `torch.cuda` that records and replays operations on fixed
memory. So nothing is taken on trust: a graph is used only after it gave the network's own bits in
two steps of different inputs, and whatever fails leaves the plain call, which is always right.

Kernels are recorded with the addresses of the weights. Graphs go when those move, with their
model, and where memory runs short; then no more are made until the model is loaded again.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
import torch
from torch import nn

log = structlog.get_logger()

Inputs = Mapping[str, torch.Tensor]
Call = Callable[[Inputs], torch.Tensor]
Pin = Callable[[int, Callable[[], None]], bool]
"""Book so many bytes as taken between steps, too, with how to let go of them; False: no room."""

_WARM_UP = 2
"""Plain calls before one is recorded: blocks are compiled and kernels chosen in the first, and a
size that is drawn once is not worth recording."""

_TRIALS = 2
"""Replays that are held against the plain call."""

_MOST = 8
"""Graphs of a model: all four buckets of two sizes. They share their working memory."""


@dataclass(slots=True, eq=False)
class _Graph:
    """One recorded forward, and the memory that it reads and writes."""

    recorded: Any
    """A `torch.cuda.CUDAGraph`."""
    inputs: dict[str, torch.Tensor]
    answer: torch.Tensor
    trials_left: int = _TRIALS


class Graphs:
    """The recorded forwards of one network."""

    def __init__(
        self,
        network: nn.Module,
        call: Call,
        *,
        pin: Pin = lambda _size_bytes, _let_go: True,
        cuda: Any = torch.cuda,
    ) -> None:
        """Prepare; nothing is recorded yet.

        Args:
            network: What `call` calls: its weights must stay where they are.
            call: Makes a forward of the inputs, on a card, with nothing else to follow.
            pin: Books the memory that graphs keep.
            cuda: `torch.cuda`, or what stands in for it.
        """
        self._call = call
        self._pin = pin
        self._cuda = cuda
        self._weights = list(network.parameters())
        self._lie_at = self._addresses()
        self._graphs: OrderedDict[Hashable, _Graph] = OrderedDict()
        self._calls: Counter[Hashable] = Counter()
        self._refused: set[Hashable] = set()
        self._pool: Any = None
        self._pool_bytes = 0
        self._is_over = False
        self._is_told = False

    def ask(self, inputs: Inputs, kind: Hashable = None) -> torch.Tensor:
        """Make a forward, by its graph where there is one.

        Args:
            inputs: By name, all on the card.
            kind: What the forward depends on beside its inputs and their shapes.
        """
        shape = (kind, *((name, each.shape, each.dtype) for name, each in inputs.items()))
        if self._graphs and self._lie_at != self._addresses():
            self._forget()
        graph = self._graphs.get(shape)
        if graph is None:
            return self._plain(shape, inputs)
        self._graphs.move_to_end(shape)
        try:
            answer = self._replayed(graph, inputs)
        except RuntimeError as error:
            self._refuse(shape, error)
            return self._call(inputs)
        return self._tried(shape, graph, inputs, answer) if graph.trials_left else answer

    def let_go(self) -> None:
        """Give all memory back, and record nothing more: there is none to spare."""
        self._is_over = True
        self._forget()

    def _plain(self, shape: Hashable, inputs: Inputs) -> torch.Tensor:
        """Make a forward without a graph, and record one for those that follow."""
        answer = self._call(inputs)
        self._calls[shape] += 1
        is_due = self._calls[shape] == _WARM_UP and shape not in self._refused
        if is_due and not self._is_over:
            try:
                self._record(shape, inputs)
            except Exception as error:  # noqa: BLE001 - whatever it stumbles over, steps go on.
                self._refuse(shape, error)
        return answer

    def _record(self, shape: Hashable, inputs: Inputs) -> None:
        if len(self._graphs) >= _MOST:
            oldest, _ = self._graphs.popitem(last=False)
            self._calls[oldest] = 0  # It may come back.
        if not self._graphs:
            self._lie_at = self._addresses()
        cuda = self._cuda
        fixed = {name: each.clone() for name, each in inputs.items()}
        # The inner streams are left whatever happens: torch's own `graph` does not, where the
        # end of a recording fails.
        with cuda.device(next(iter(fixed.values())).device), cuda.stream(cuda.current_stream()):
            self._pool = self._pool or cuda.graph_pool_handle()
            aside = cuda.Stream()
            aside.wait_stream(cuda.current_stream())
            with cuda.stream(aside):
                self._call(fixed)  # As torch's manual asks: nothing is set up while recording.
            cuda.current_stream().wait_stream(aside)
            cuda.empty_cache()
            before = cuda.memory_reserved()
            recorded = cuda.CUDAGraph()
            with cuda.graph(recorded, pool=self._pool):
                answer = self._call(fixed)
            cuda.empty_cache()
            self._pool_bytes += max(0, cuda.memory_reserved() - before)
        self._graphs[shape] = _Graph(recorded, fixed, answer)
        if not self._pin(self._pool_bytes, self.let_go):
            log.info("graphs_do_not_fit", size_bytes=self._pool_bytes)
            self.let_go()

    def _replayed(self, graph: _Graph, inputs: Inputs) -> torch.Tensor:
        with self._cuda.device(graph.answer.device):
            for name, fixed in graph.inputs.items():
                fixed.copy_(inputs[name])
            graph.recorded.replay()
            return graph.answer.clone()

    def _tried(
        self, shape: Hashable, graph: _Graph, inputs: Inputs, answer: torch.Tensor
    ) -> torch.Tensor:
        """Hold a replay against the plain call; where it is another, the graph goes."""
        expected = self._call(inputs)
        graph.trials_left -= 1
        if not torch.equal(answer, expected):
            self._refuse(shape, None)
        return expected

    def _refuse(self, shape: Hashable, error: Exception | None) -> None:
        """Ask plainly from now on; why is told once."""
        self._refused.add(shape)
        self._graphs.pop(shape, None)
        if not self._is_told:
            self._is_told = True
            cause = "other bits" if error is None else type(error).__name__
            log.warning("graph_refused", cause=cause)
        if isinstance(error, torch.OutOfMemoryError):
            self.let_go()

    def _forget(self) -> None:
        self._graphs.clear()
        self._calls.clear()
        self._pool, self._pool_bytes = None, 0
        self._cuda.empty_cache()
        self._pin(0, self.let_go)

    def _addresses(self) -> tuple[int, ...]:
        return tuple(weight.data_ptr() for weight in self._weights)


Recorder = Callable[[nn.Module, Call], Graphs]
"""Make the graphs of a network, given what calls it."""
