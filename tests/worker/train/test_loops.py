"""A stopped stage goes on as if it had not been stopped, alone or in a team."""

from functools import partial

import torch
from torch import nn

from worker.train.loops import Lesson, Loop
from worker.train.parallel import Team, run_together
from worker.train.schedules import Stopwatch

LESSON = Lesson("toy", peak=0.1, decay=0.9, log_every=3, save_every=5)


class Ticks(Stopwatch):
    """A watch that is done after so many steps."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def tick(self, steps_done=0):
        self.left -= 1
        return 0.25 if self.left >= 0 else 1.0


def advance(folder, steps, team=Team()):  # noqa: B008 - frozen.
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    loop = Loop(LESSON, model, team, Ticks(steps), folder)

    def loss(_share):
        inputs = torch.randn(4, 3) + loop.chance().random() + team.rank
        return model(inputs).square().mean()

    loop.run(loss)
    return loop


def test_a_resumed_stage_takes_the_same_next_step(tmp_path):
    """Weights, optimiser, average, step and chance all come back."""
    whole = advance(tmp_path / "whole", 10)
    advance(tmp_path / "halves", 5)
    halves = advance(tmp_path / "halves", 5)

    assert halves.step == whole.step == 10
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, halves.model.state_dict()[name])
    for name, weight in whole.average.items():
        assert torch.equal(weight, halves.average[name])


def test_the_average_follows_the_weights(tmp_path):
    """It is neither the first nor the last weights."""
    loop = advance(tmp_path, 20)

    weight, average = loop.model.weight, loop.average["weight"]

    assert not torch.equal(weight, average)
    assert (weight - average).abs().max() < 1


def test_two_processes_teach_one_model(tmp_path):
    """Each step is that of the mean gradient, which both take alike."""
    run_together(partial(record, tmp_path), 2)

    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))

    assert first["step"] == second["step"] == 4
    assert torch.equal(first["weight"], second["weight"])


def record(folder, team):
    loop = advance(folder / "team", 4, team)
    torch.save(
        {"step": loop.step, "weight": loop.model.weight.detach()}, folder / f"{team.rank}.pt"
    )
