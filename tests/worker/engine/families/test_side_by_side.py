"""Rows that are spread over cores give what they give together, and fail together."""

import threading

import pytest
import torch

from bench.engine_numerics import ask
from tests.worker.engine.tiny_diffusion import TINY, tiny_sd
from worker.engine import batch
from worker.engine.families.side_by_side import (
    EXACT_ROWS,
    SideBySide,
    available_parts,
    padded,
)
from worker.engine.families.stable_diffusion import StableDiffusion

# diffusers' own ways of handing tensors to numpy.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must:DeprecationWarning"),
]


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
@pytest.mark.parametrize("rows", [1, 2, 7, 16])
def test_the_answers_are_those_of_all_rows_in_order(parts, rows):
    sample = torch.arange(rows)

    answer = SideBySide(parts).spread(lambda part: sample[part] * 2, rows)

    assert torch.equal(answer, sample * 2)


def test_parts_are_asked_for_at_the_same_time():
    """Two parts that wait for each other would never come back from one thread."""
    meeting = threading.Barrier(2, timeout=20)

    def asked(part):
        meeting.wait()
        return torch.zeros(part.stop - part.start)

    assert len(SideBySide(2).spread(asked, 4)) == 4


def test_no_part_keeps_a_record_for_training():
    """That no gradients are wanted is a state of each thread."""
    weight = torch.nn.Parameter(torch.ones(1))

    with torch.inference_mode():
        answer = SideBySide(3).spread(lambda part: weight * torch.ones(part.stop - part.start), 9)

    assert not answer.requires_grad


@pytest.mark.parametrize("where", [0, 4])
def test_a_part_that_fails_fails_the_step_and_nothing_goes_on_behind_it(where):
    under_way = []

    def asked(part):
        if part.start == where:
            raise IndexError("of the network's own")
        under_way.append(part)
        return torch.zeros(part.stop - part.start)

    with pytest.raises(IndexError):
        SideBySide(2).spread_exact(asked, 8)

    before = list(under_way)
    assert torch.equal(SideBySide(2).spread(lambda _part: torch.ones(1), 2), torch.ones(2))
    assert under_way == before


def test_exact_parts_are_all_of_one_size():
    sizes = []

    def asked(part):
        sizes.append(part.stop - part.start)
        return torch.zeros(sizes[-1])

    SideBySide(1).spread_exact(asked, padded(9))

    assert sizes == [EXACT_ROWS] * 3


def test_there_is_always_one_part():
    assert available_parts(10_000) == 1


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_a_reproducible_picture_is_the_same_on_any_number_of_cores(cores):
    """Bitwise, alone on one core and in company on several."""
    family = StableDiffusion(tiny_sd(), TINY)
    other = StableDiffusion(family.pipeline, TINY, side_by_side=SideBySide(cores))

    def drawn(asked, company):
        requests = [
            ask("a cat", each, steps=3, model=TINY, is_reproducible=True) for each in range(company)
        ]
        drawings = [asked.begin(each, 0) for each in requests]
        while not drawings[0].is_done:
            batch.step(asked, drawings, 8)
        return drawings[0].latents

    assert torch.equal(drawn(family, 1), drawn(other, 5))
