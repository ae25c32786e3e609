"""A screen's folder is the one that was shipped, or it is not used."""

import json

import pytest

from moderation.classifiers.screen_files import (
    MANIFEST,
    NETWORK,
    NGRAMS,
    TOKENIZER,
    Blend,
    ModelError,
    ScreenManifest,
    hash_of,
    read_manifest,
    write_manifest,
)

BLEND = Blend(network=1, ngrams=0, constant=0, window_discount=1)


@pytest.fixture
def folder(tmp_path):
    for name in (NETWORK, TOKENIZER, NGRAMS):
        (tmp_path / name).write_text(name)
    manifest = ScreenManifest(
        name="screen",
        version="",
        outputs=("gore_graphic", "unsafe"),
        longest_tokens=64,
        blends={"gore_graphic": BLEND, "unsafe": BLEND},
        files={name: hash_of(tmp_path / name) for name in (NETWORK, TOKENIZER, NGRAMS)},
    )
    write_manifest(tmp_path, manifest, "2026.11.21")
    return tmp_path


def test_a_whole_folder_is_accepted(folder):
    manifest = read_manifest(folder)

    assert manifest.version == f"2026.11.21-{manifest.digest()}"


@pytest.mark.parametrize("name", [NETWORK, TOKENIZER, NGRAMS, MANIFEST])
def test_a_missing_file_is_told(folder, name):
    (folder / name).unlink()

    with pytest.raises(ModelError, match="FileNotFoundError"):
        read_manifest(folder)


@pytest.mark.parametrize("name", [NETWORK, TOKENIZER, NGRAMS])
def test_a_changed_file_is_named(folder, name):
    (folder / name).write_text("something else")

    with pytest.raises(ModelError, match=f"damaged {name}"):
        read_manifest(folder)


def test_a_changed_calibration_is_seen(folder):
    told = json.loads((folder / MANIFEST).read_text())
    told["blends"]["unsafe"]["constant"] = -9.0
    (folder / MANIFEST).write_text(json.dumps(told))

    with pytest.raises(ModelError, match=f"damaged {MANIFEST}"):
        read_manifest(folder)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"outputs": ["gore_graphic"]}, id="nothing says unsafe"),
        pytest.param({"blends": {}}, id="an output without a blend"),
        pytest.param({"files": {}}, id="a file without a hash"),
        pytest.param({"further": 1}, id="an unknown field"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(folder, change):
    told = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(told | change))

    with pytest.raises(ModelError, match="ValidationError"):
        read_manifest(folder)
