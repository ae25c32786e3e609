"""A trace is used where it gives the same bits, and never where it does not."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench.engine_numerics import ask, finished, in_company, picture
from tests.worker.engine.tiny_diffusion import SIDE, TINY, tiny_sd
from worker.engine import batch
from worker.engine.families.stable_diffusion import StableDiffusion
from worker.engine.families.traced import Traced

# diffusers' own ways of handing tensors to numpy.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must:DeprecationWarning"),
]


class Network(nn.Module):
    """A network that counts how often Python runs it."""

    def __init__(self, forward=torch.sin):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))
        self.calls = 0
        self.inner = forward

    def forward(self, sample):
        self.calls += 1
        return self.inner(sample * self.weight)


def traced(network):
    return Traced(network, lambda sample, timesteps, rows: network(sample) + rows["words"])


@torch.inference_mode()
def answers(asked, row_counts):
    rows = [torch.randn(count, 3) for count in row_counts]
    times = torch.ones(1)
    for each in rows:
        asked.prepare(each, times.expand(len(each)), {"words": 2 * each}, is_tile=False)
    return [
        asked.ask(each, times.expand(len(each)), {"words": 2 * each}, is_tile=False)
        for each in rows
    ], rows


def test_a_kind_of_call_is_traced_once():
    """Then Python does not run the network again, whatever the number of rows."""
    network = Network()
    asked = traced(network)

    given, rows = answers(asked, [2])
    before = network.calls
    given2, rows2 = answers(asked, [2, 5, 1, 16])

    assert network.calls == before
    for answer, row in zip(given + given2, rows + rows2, strict=True):
        assert torch.equal(answer, torch.sin(row) + 2 * row)


def test_weights_are_not_copied():
    """A weight that changes in place changes what a trace answers."""
    network = Network()
    asked = traced(network)
    answers(asked, [2] * 12)

    with torch.inference_mode():
        network.weight.mul_(3)
    given, rows = answers(asked, [2])

    assert torch.equal(given[0], torch.sin(rows[0] * 3) + 2 * rows[0])


def test_a_trace_with_other_bits_is_not_used():
    """One that follows the number of rows where a trace cannot."""
    network = Network(lambda sample: sample * (1 if len(sample) == 2 else 7))

    given, rows = answers(traced(network), [2, 2, 5])

    for answer, row in zip(given, rows, strict=True):
        assert torch.equal(answer, row * (1 if len(row) == 2 else 7) + 2 * row)


def test_a_trace_that_fails_later_is_given_up():
    """The network is asked in its place, for that call as well."""

    def in_pairs(sample):
        padded = sample if len(sample) % 2 == 0 else functional.pad(sample, (0, 0, 0, 1))
        return padded.reshape(-1, 2, 3).flatten(0, 1)[: len(sample)]

    asked = traced(Network(in_pairs))

    given, rows = answers(asked, [2, 4, 3, 4])

    assert all(torch.equal(a, 3 * row) for a, row in zip(given, rows, strict=True))


def test_a_network_that_cannot_be_traced_is_asked_as_ever():
    def refuse(sample):
        if torch.jit.is_tracing():
            raise RuntimeError
        return sample

    network = Network(refuse)

    given, rows = answers(traced(network), [2] * 12)

    assert all(torch.equal(a, 3 * row) for a, row in zip(given, rows, strict=True))


def test_pictures_are_bitwise_the_same_traced_and_not():
    """Words, a picture, a mask and a tile, in changing company."""
    requests = [
        ask("a cat", 1, steps=14),
        ask("a dog", 2, steps=10, guidance_scale=1.0),
        ask("a tree", 3, steps=12, image=picture(SIDE, SIDE, 0.9, is_masked=True)),
    ]
    plain, fast = (StableDiffusion(tiny_sd(), TINY) for _ in range(2))
    plain._traced = None

    for drawn, expected in zip(
        in_company(fast, requests), in_company(plain, requests), strict=True
    ):
        assert (drawn == expected).all()

    tile = ask("a cat", 1, steps=14, is_tile=True)
    expected = finished(plain, plain.begin(tile, 0), 0)
    assert torch.equal(finished(fast, fast.begin(tile, 0), 0), expected)
    traces = fast._traced._traces.values()
    assert (len(traces), None in traces) == (2, False)  # The tile is a kind of its own.


def test_loras_are_seen_by_a_network_that_has_been_traced():
    """They hang on its layers, which a trace runs past."""

    class Bank:
        def load(self, uses):
            pass

        def encoding(self, uses):
            return torch.no_grad()

        def active(self, rows, *, is_exact=True):
            seen.append(rows)
            return torch.no_grad()

    seen = []
    family = StableDiffusion(tiny_sd(), TINY, Bank())
    plain = family.begin(ask("a cat", steps=12), 0)
    finished(family, plain, 0)
    calls = []
    handle = family.pipeline.unet.register_forward_hook(lambda *_: calls.append(1))
    changed = family.begin(ask("a cat", steps=2, loras=({"path": "a.safetensors"},)), 0)

    batch.step(family, [changed, family.begin(ask("a dog", guidance_scale=1.0), 0)], 2)
    handle.remove()

    assert calls == [1]
    assert [[use.path for use in row] for row in seen[0]] == [["a.safetensors"]] * 2 + [[], []]
