"""The bench of the verify ladder attacks with what it says it does, and counts who was fooled."""

from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bench import provenance_verify as bench
from core.contracts.ids import new_verify_id
from core.contracts.provenance import Found
from core.provenance.keys import load_anchors
from core.provenance.read import read


@pytest.fixture(scope="module")
def posted(tmp_path_factory):
    """One Easel with two small pictures."""
    made = bench.Posted(tmp_path_factory.mktemp("bench"), 0)
    for seed, name in enumerate(("one", "other")):
        noise = np.random.default_rng(seed).integers(60, 190, (24, 24, 3), np.uint8)
        image = Image.fromarray(noise).resize((300, 300))
        made.drawn[name] = image
        made.files[name] = made.stamp(image, new_verify_id())[0].data
    yield made
    made.store.close()


def test_transplant_carries_our_whole_label(posted):
    """Were it cut short, any reader would refuse it, and nothing would be shown."""
    forged = bench._transplanted(posted, "one")

    report = read(forged, anchors=load_anchors(posted.keys_dir))

    assert report.found is Found.CHANGED_AFTER_SIGNING
    assert report.problems == ("assertion.dataHash.mismatch",)


def test_copied_mark_is_on_the_other_picture(posted):
    forged = np.asarray(bench.opened(bench._copied(posted, "one")), np.int16)

    away = {
        name: np.abs(forged - np.asarray(image, np.int16)).mean()
        for name, image in posted.drawn.items()
    }

    assert posted.next_to("one") is posted.drawn["other"]
    assert away["other"] < 15 < away["one"]


def test_strangers_are_many_and_different(monkeypatch):
    one = np.random.default_rng(1).integers(0, 255, (1024, 1024, 3), np.uint8)
    monkeypatch.setattr(bench, "corpus", lambda: iter([("noise", one)]))

    files = list(islice(bench._strangers(), 12))

    assert len(set(files)) == 12
    assert all(min(bench.opened(data).size) >= 256 for data in files)


def test_who_is_fooled_is_counted(monkeypatch):
    """A ladder that believes every third stranger has it in its figure."""
    answers = iter(range(9))
    fooled = SimpleNamespace(
        ladder=SimpleNamespace(
            examine=lambda _: SimpleNamespace(
                is_made_here=next(answers) % 3 == 0, rung=SimpleNamespace(value="mark")
            )
        )
    )
    monkeypatch.setattr(bench, "_strangers", lambda: iter([b""] * 9))

    figure = bench._never_ours(fooled, 9)

    assert (figure.value, figure.holds) == (3, False)
