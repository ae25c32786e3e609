"""The linear model: which n-grams it sees, and that it is kept as it was."""

import numpy as np

from moderation.classifiers.ngrams import BUCKETS, NGramModel, buckets_of


def test_texts_share_the_buckets_of_what_they_share():
    fox, foxes, car = (set(buckets_of(text)) for text in ("a red fox", "red foxes", "blue car"))

    assert len(fox & foxes) > len(fox & car)


def test_case_and_punctuation_make_no_difference():
    assert (buckets_of("A red, FOX!") == buckets_of("a red fox")).all()


def test_an_empty_text_still_has_a_score():
    model = NGramModel(
        np.ones((BUCKETS, 2), np.int8), np.ones(2, np.float32), np.zeros(2, np.float32)
    )

    assert np.isfinite(model.logits([""])).all()


def test_weights_are_summed_over_the_root_of_their_number():
    table = np.zeros((BUCKETS, 1), np.int8)
    found = buckets_of("fox")
    table[found] = 2
    model = NGramModel(table, np.array([0.5], np.float32), np.array([-1.0], np.float32))

    score = model.logits(["fox"])[0, 0]

    assert score == np.float32(len(found) ** 0.5 - 1.0)


def test_a_model_is_read_as_it_was_written(tmp_path):
    table = np.zeros((BUCKETS, 1), np.int8)
    table[buckets_of("fox")] = 3
    model = NGramModel(table, np.array([0.1], np.float32), np.array([0.2], np.float32))

    model.save(tmp_path / "ngrams.npz")

    again = NGramModel.load(tmp_path / "ngrams.npz")
    assert (again.logits(["a fox", "a car"]) == model.logits(["a fox", "a car"])).all()
