"""The manifest of sources: complete, and refused when it is wrong."""

import pytest

from moderation.classifiers.base import UNSAFE
from moderation.train import readers
from moderation.train.manifest import CATEGORIES, OUTPUTS, Use, load_manifest


def test_every_source_says_where_it_is_from_and_what_it_means():
    manifest = load_manifest()

    assert len({source.name for source in manifest.sources}) == len(manifest.sources)
    assert all(source.origin and source.licence and source.meaning for source in manifest.sources)


def test_what_is_learnt_from_is_held_out_by_some_fold():
    """Else nothing measured on it would be unseen."""
    used = [source for source in load_manifest().sources if source.use is not Use.VALIDATE]

    assert all(source.folds or source.is_split for source in used)


def test_texts_for_chat_models_are_only_measured():
    measured = {source.name for source in load_manifest().sources if source.use is Use.VALIDATE}

    assert {"advbench", "harmbench", "strongreject", "ailuminate_demo"} <= measured


def test_the_outputs_are_the_policy_s_categories():
    assert (*CATEGORIES, UNSAFE) == OUTPUTS
    assert len(CATEGORIES) == 16


def test_an_unknown_category_is_refused(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(
        "sources: [{name: a, origin: b, licence: c, meaning: d, use: train, reader: plain,"
        " categories: {x: [nonsense]}}]"
    )

    with pytest.raises(ValueError, match="nonsense"):
        load_manifest(path)


def test_every_reader_exists():
    assert {source.reader for source in load_manifest().sources} <= set(readers._READERS)
