"""The written graph computes what the network computes, but for the rounding of its weights."""

import numpy as np
import onnxruntime
import pytest
import torch

from moderation.train.graph import write_graph
from moderation.train.network import Screen, Shape, from_minilm

SHAPE = Shape(width=16, layers=1, heads=2, inner=16, vocabulary=90, positions=80)


@pytest.fixture(scope="module")
def both(minilm, tmp_path_factory):
    torch.manual_seed(1)
    screen: Screen = from_minilm(minilm.weights, SHAPE).eval()
    path = tmp_path_factory.mktemp("graph") / "network.onnx"
    write_graph(screen, path)
    return screen, onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_logits_agree(both):
    screen, session = both
    ids = torch.randint(4, 80, (8, 11))
    attended = torch.ones(8, 11)

    with torch.no_grad():
        wanted = screen(ids, attended).numpy()
    (given,) = session.run(None, {"ids": ids.numpy(), "attended": attended.numpy()})

    assert np.abs(wanted - given).max() < 0.15 * np.abs(wanted + 2).max()
    assert np.corrcoef(wanted.ravel(), given.ravel())[0, 1] > 0.99


def test_padding_changes_nothing(both):
    _, session = both
    ids = np.random.default_rng(0).integers(4, 80, (1, 7))
    short = {"ids": ids, "attended": np.ones((1, 7), np.float32)}
    padded = {
        "ids": np.pad(ids, ((0, 0), (0, 5))),
        "attended": np.pad(np.ones((1, 7), np.float32), ((0, 0), (0, 5))),
    }

    given, again = (session.run(None, inputs)[0] for inputs in (short, padded))

    assert np.abs(given - again).max() < 0.05
