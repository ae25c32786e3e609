"""The measurement of labels measures what it says."""

import numpy as np
import pytest

from bench import provenance_corpus
from bench.provenance_distortions import BEYOND, PROMISED
from bench.provenance_likeness import psnr, ssim


@pytest.fixture(scope="module")
def drawn():
    """One drawn picture of the corpus, small."""
    return provenance_corpus.square(provenance_corpus.DRAWN["plasma"](), 192)


def test_the_corpus_is_as_large_as_promised_and_half_of_it_photographs():
    """Names only: the photographs lie in packages that tests do not need."""
    photographs, by_rule = len(provenance_corpus.PHOTOGRAPHS), len(provenance_corpus.DRAWN)

    assert photographs + by_rule >= 24
    assert photographs >= by_rule


def test_what_is_drawn_is_drawn_the_same_each_time(drawn):
    """Figures of two days are compared."""
    again = provenance_corpus.square(provenance_corpus.DRAWN["plasma"](), 192)

    assert (again == drawn).all()


def test_missing_packages_are_named(monkeypatch):
    """Nothing is measured on half a corpus."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(FileNotFoundError, match="skimage"):
        next(provenance_corpus.pictures())


def test_a_picture_is_wholly_like_itself(drawn):
    """And less so the more noise there is."""
    noise = np.random.default_rng(1).normal(0, 1, drawn.shape)
    little, much = (np.clip(drawn + k * noise, 0, 255).astype(np.uint8) for k in (2, 8))

    assert ssim(drawn, drawn) == pytest.approx(1)
    assert 1 > ssim(drawn, little) > ssim(drawn, much)
    assert psnr(drawn, little) == pytest.approx(20 * np.log10(255 / 2), abs=0.5)


@pytest.mark.parametrize("name", [*PROMISED, *BEYOND])
def test_every_distortion_changes_a_picture_and_leaves_one(drawn, name):
    """But the one that is none."""
    distort = PROMISED[name][0] if name in PROMISED else BEYOND[name]

    distorted = distort(drawn)

    assert distorted.dtype == np.uint8
    assert distorted.ndim == 3
    assert min(distorted.shape[:2]) > 50
    is_changed = distorted.shape != drawn.shape or (distorted != drawn).any()
    assert is_changed == (name != "none")
