"""Teaching: what a row asks of the network, and a run that is stopped and goes on."""

import pytest
import torch

from moderation.train.fitting import (
    Lesson,
    encode,
    fit,
    load_tokenizer,
    loss_of,
    predict,
    targets_of,
)
from moderation.train.manifest import OUTPUTS
from moderation.train.network import Shape, from_minilm
from moderation.train.rows import Row

SHAPE = Shape(width=16, layers=1, heads=2, inner=16, vocabulary=90, positions=80)
ROWS = [
    *(Row(f"blood {n} severed", 1.0, "s", ("gore_graphic",)) for n in range(24)),
    *(Row(f"a castle {n} flower", 0.0, "s") for n in range(24)),
]


@pytest.fixture
def tokenizer(minilm):
    return load_tokenizer(minilm.tokenizer)


def _fitted(minilm, tokenizer, path, lesson, stop_at=None):
    torch.manual_seed(3)
    screen = from_minilm(minilm.weights, SHAPE)
    fit(screen, ROWS, lesson, tokenizer, path)
    return screen


def test_doubtful_and_untaught_categories_cost_nothing():
    row = Row("x", 0.8, "s", ("gore_graphic",), ("violence_weapons",))

    targets, known = targets_of([row])

    told = {name: (float(targets[0, at]), float(known[0, at])) for at, name in enumerate(OUTPUTS)}
    assert told["gore_graphic"][0] == pytest.approx(0.8)
    assert told["unsafe"] == (pytest.approx(0.8), 1.0)
    assert told["violence_weapons"][1] == told["sexual_minors"][1] == 0.0
    assert 0 < told["privacy_data"][1] < 1


def test_a_row_that_weighs_more_is_heard_more():
    logits = torch.zeros(2, len(OUTPUTS))
    logits[0] += 5
    light, heavy = Row("x", 0.0, "s", weight=0.1), Row("y", 0.0, "s", weight=2.0)

    assert loss_of(logits, [light, heavy]) < loss_of(logits, [heavy, light])


def test_texts_are_padded_to_the_longest_of_the_batch(tokenizer):
    ids, attended = encode(["castle", "castle bread"], tokenizer)

    assert ids.shape == attended.shape == (2, 4)
    assert attended.tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]


def test_the_network_learns_what_sets_rows_apart(minilm, tokenizer, tmp_path):
    lesson = Lesson(epochs=10, batch=16, peak=1e-2, head_peak=0.1, average_every=1, save_every=99)

    screen = _fitted(minilm, tokenizer, tmp_path / "run.pt", lesson)

    harmless, harmful = predict(screen, ["castle flower", "blood severed"], tokenizer)[:, -1]
    assert harmful > harmless + 0.5


def test_words_keep_their_places_where_the_lesson_says_so(minilm, tokenizer, tmp_path):
    before = from_minilm(minilm.weights, SHAPE)
    lesson = Lesson(epochs=1, batch=16, average_every=1, keeps_words=True)

    screen = _fitted(minilm, tokenizer, tmp_path / "run.pt", lesson)

    assert torch.equal(screen.words.weight, before.words.weight)
    assert not torch.equal(screen.head.weight, before.head.weight)


def test_a_stopped_run_takes_the_steps_it_would_have_taken(
    minilm, tokenizer, tmp_path, monkeypatch
):
    lesson = Lesson(epochs=2, batch=16, average_every=1, save_every=4)
    whole = _fitted(minilm, tokenizer, tmp_path / "whole.pt", lesson)
    from moderation.train import fitting

    real, taken = fitting._save, []

    def stop(path, parts, step):
        real(path, parts, step)
        taken.append(step)
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "_save", stop)
    with pytest.raises(KeyboardInterrupt):
        _fitted(minilm, tokenizer, tmp_path / "stopped.pt", lesson)
    monkeypatch.undo()
    torch.manual_seed(99)

    resumed = from_minilm(minilm.weights, SHAPE)
    fit(resumed, ROWS, lesson, tokenizer, tmp_path / "stopped.pt")

    assert taken == [4]
    texts = [row.text for row in ROWS]
    ours, theirs = (predict(one, texts, tokenizer) for one in (whole, resumed))
    # Dropout draws from one stream that a resumed run begins anew, so only nearly the same.
    assert torch.allclose(ours, theirs, atol=0.2)
