"""Train in several single-thread processes that average their gradients.

One process with two threads is no substitute: beside one busy neighbour its OpenMP threads wait
for each other, and a step was measured to take 60 times as long.
"""

import os
import signal
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn


@dataclass(frozen=True, slots=True)
class Team:
    """The processes that train together, seen from one of them."""

    rank: int = 0
    size: int = 1

    @property
    def is_leader(self) -> bool:
        """Whether this is the process that writes files."""
        return self.rank == 0

    def share(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replace each gradient by its mean over the team."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        means = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view(gradient.shape))

    def agree(self, value: float) -> float:
        """Take the leader's word for a number that each process reckons alone."""
        if self.size == 1:
            return value
        said = torch.tensor([value], dtype=torch.float64)
        distributed.broadcast(said, 0)
        return float(said)

    def gather(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            distributed.barrier()


def run_together(work: Callable[[Team], None], size: int) -> None:
    """Run the work in that many processes and wait for all of them."""
    if size == 1:
        torch.set_num_threads(1)
        work(Team())
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder) / "meeting"
        # torch leaves it untyped.
        spawn(_join, (work, size, meeting.as_uri()), nprocs=size)  # type: ignore[no-untyped-call]


def _join(rank: int, work: Callable[[Team], None], size: int, meeting: str) -> None:
    torch.set_num_threads(1)
    # Linux shares a busy machine out by session before it looks at processes: in one session, the
    # whole team would get the share of one.
    os.setsid()
    # When the parent ends the kernel interrupts its team; in the background that would be ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=size)
    try:
        work(Team(rank, size))
    finally:
        distributed.destroy_process_group()
