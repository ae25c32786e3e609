"""A recorded forward gives the network's own bits, or is not used."""

import itertools
from functools import partial

import pytest
import torch
from structlog.testing import capture_logs
from torch import nn

from bench.engine_numerics import ask
from tests.worker.engine.cards import Card
from tests.worker.engine.tiny_diffusion import TINY, tiny_sd
from tests.worker.engine.tiny_pipelines import tiny_sdxl
from worker.engine import batch, graphs
from worker.engine.families.base import NO_PADDING
from worker.engine.families.sdxl import StableDiffusionXL
from worker.engine.families.stable_diffusion import StableDiffusion
from worker.engine.graphs import Graphs

# diffusers' own way of reading a tensor into numpy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RECORDED_AFTER = graphs._WARM_UP
CALLS_OF_A_RECORDING = 2
"""One aside, one that is recorded."""

TRIALS = graphs._TRIALS


class Network(nn.Module):
    """Count how often it is called, and answer for two inputs."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 3)
        self.calls = 0
        self.turn = None

    def forward(self, inputs):
        self.calls += 1
        if self.turn is not None:
            self.turn()
        return torch.relu(self.layer(inputs["sample"])) + inputs["level"][:, None]


def inputs(seed, rows=2):
    random = torch.Generator().manual_seed(seed)
    return {
        "sample": torch.randn(rows, 3, generator=random),
        "level": torch.randn(rows, generator=random),
    }


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def card():
    return Card()


@pytest.fixture
def recorded(network, card):
    return Graphs(network, network, cuda=card)


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def asked(recorded, network, count, rows=2, kind=None, first=0):
    """Ask so often, each time something else, and hold every answer against the network's."""
    for seed in range(first, first + count):
        given = inputs(seed, rows)
        answer = recorded.ask(given, kind)
        calls = network.calls
        assert torch.equal(answer, network(given))
        network.calls = calls


def test_a_call_is_recorded_once_tried_and_then_replayed(recorded, network, card):
    """With what each step brings; the network itself is not called any more."""
    asked(recorded, network, RECORDED_AFTER)
    assert network.calls == RECORDED_AFTER + CALLS_OF_A_RECORDING
    asked(recorded, network, TRIALS, first=10)
    tried = network.calls
    asked(recorded, network, 5, first=20)

    assert tried == RECORDED_AFTER + CALLS_OF_A_RECORDING + TRIALS
    assert network.calls == tried
    assert len(card.recordings) == 1
    assert card.replays == TRIALS + 5


def test_an_answer_stays_what_it_was_when_the_next_one_comes(recorded, network):
    asked(recorded, network, RECORDED_AFTER + TRIALS)

    first = recorded.ask(inputs(30))
    kept = first.clone()
    recorded.ask(inputs(31))

    assert torch.equal(first, kept)


@pytest.mark.parametrize(
    "other", [{"rows": 4}, {"kind": "tile"}], ids=["another bucket", "another kind"]
)
def test_each_shape_and_kind_has_its_own(recorded, network, card, other):
    asked(recorded, network, 8)
    asked(recorded, network, 8, **other)

    assert len(card.recordings) == 2
    assert [each.replays for each in card.recordings] == [8 - RECORDED_AFTER] * 2


def test_what_is_asked_for_once_is_not_recorded(recorded, network, card):
    asked(recorded, network, 1)

    assert card.recordings == []


def test_what_cannot_be_recorded_runs_as_it_is_and_is_told_once(recorded, network, card):
    """It is not tried again either."""
    network.turn = card.wait_for_answers

    with capture_logs() as logs:
        asked(recorded, network, 6)
        asked(recorded, network, 6, rows=4)

    assert network.calls == 12 + 2 * CALLS_OF_A_RECORDING
    assert card.replays == 0
    assert logs == [{"event": "graph_refused", "log_level": "warning", "cause": "RuntimeError"}]


def test_what_gives_other_bits_is_never_used(recorded, network, card):
    """Here: something that changes from step to step was taken for a constant."""
    steps = itertools.count()
    offset = [0.0]

    def change():
        offset[0] = float(next(steps))

    call = recorded._call
    recorded._call = lambda given: (change(), call(given) + offset[0])[1]

    answers = [recorded.ask(inputs(1)) for _ in range(8)]

    assert card.replays == 1
    assert all(not torch.equal(*pair) for pair in itertools.pairwise(answers))


def test_a_replay_that_fails_leaves_the_plain_call(recorded, network, card):
    asked(recorded, network, 5)
    (recording,) = card.recordings

    def fail():
        raise RuntimeError("a sticky one")

    recording.replay = fail
    before = network.calls
    asked(recorded, network, 3)

    assert network.calls == before + 3


def test_the_one_that_was_used_least_recently_makes_room(recorded, network, card, monkeypatch):
    """It is recorded anew when its kind comes back."""
    monkeypatch.setattr(graphs, "_MOST", 2)
    for rows in (1, 2):
        asked(recorded, network, 4, rows=rows)
    asked(recorded, network, 1, rows=1)
    asked(recorded, network, 4, rows=4)

    kept = {shape[1][1][0] for shape in recorded._graphs}
    asked(recorded, network, 6, rows=2)

    assert kept == {1, 4}
    assert len(card.recordings) == 4


def test_graphs_go_when_the_weights_move(recorded, network, card):
    """They would read what lies there now."""
    asked(recorded, network, 6)
    old = network.layer.weight.data
    network.layer.weight.data = old.clone() * 2
    old.fill_(torch.nan)

    asked(recorded, network, 8)

    assert len(card.recordings) == 2


def test_what_graphs_keep_is_booked(network, card):
    booked = []
    recorded = Graphs(network, network, cuda=card, pin=lambda size, _: booked.append(size) is None)

    asked(recorded, network, 4)
    asked(recorded, network, 4, rows=4)
    recorded.let_go()

    assert booked == [100, 200, 0]


def test_without_room_in_the_books_nothing_is_recorded_any_more(network, card):
    recorded = Graphs(network, network, cuda=card, pin=lambda _size, _let_go: False)

    asked(recorded, network, 6)
    asked(recorded, network, 6, rows=4)

    assert (len(card.recordings), card.replays) == (1, 0)


def test_what_was_let_go_of_is_not_taken_again(recorded, network, card):
    """Whoever needed the memory needs it at the next step too."""
    asked(recorded, network, 6)

    recorded.let_go()
    asked(recorded, network, 6)

    assert len(card.recordings) == 1
    assert recorded._graphs == {}


def test_running_out_of_memory_while_recording_ends_all_of_it(recorded, network, card):
    asked(recorded, network, 6)

    def only_while_recording():
        if network.calls == before + RECORDED_AFTER + 1:
            raise torch.OutOfMemoryError

    before, network.turn = network.calls, only_while_recording
    asked(recorded, network, 6, rows=4)
    network.turn = None
    asked(recorded, network, 6, rows=8)

    assert len(card.recordings) == 1
    assert recorded._graphs == {}


@pytest.mark.parametrize(
    ("family_class", "pipeline"),
    [
        pytest.param(StableDiffusion, tiny_sd, id="SD"),
        pytest.param(StableDiffusionXL, tiny_sdxl, id="SDXL"),
    ],
)
@pytest.mark.parametrize("is_tile", [False, True])
def test_drawings_are_drawn_by_graphs_to_the_bit(family_class, pipeline, is_tile, card):
    """While others join and leave within their bucket."""
    pipeline = pipeline()
    family = family_class(pipeline, TINY, graphs=partial(Graphs, cuda=card))
    plain = family_class(pipeline, TINY)
    plain._traced = family._traced = None

    def requests():
        return [ask("a cat", seed, steps=9, is_tile=is_tile) for seed in range(3)]

    def drawn(by):
        drawings = [by.begin(each, 0) for each in requests()]
        for company in [drawings[:2]] * 5 + [drawings[1:]] * 4:
            batch.step(by, company, 2)
        return [each.latents for each in drawings]

    made = drawn(family)

    assert card.replays == 9 - RECORDED_AFTER
    for latents, expected in zip(made, drawn(plain), strict=True):
        assert torch.equal(latents, expected)


def test_forwards_of_no_bucket_are_not_recorded(card):
    family = StableDiffusion(tiny_sd(), TINY, graphs=partial(Graphs, cuda=card))
    drawing = family.begin(ask("a cat", steps=9), 0)

    while not drawing.is_done:
        batch.step(family, [drawing], NO_PADDING)

    assert card.recordings == []
