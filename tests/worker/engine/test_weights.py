"""Models are found by folder or hub id, named by their content, and missing ones told apart."""

import hashlib

import httpx
import pytest
from diffusers import DiffusionPipeline
from huggingface_hub import errors

from core.errors import UserError
from worker.engine.weights import folder_of, weights_sha256


def answer(status):
    return httpx.Response(status, request=httpx.Request("GET", "https://hub.invalid"))


def wrapped(cause):
    """Chain an error as diffusers does when it could not ask the hub."""
    error = OSError("not fully cached locally")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(
            wrapped(errors.RepositoryNotFoundError("?", response=answer(401))),
            "model_not_found",
            id="no such id, or private",
        ),
        pytest.param(
            wrapped(errors.OfflineModeIsEnabled("offline")), "model_unreachable", id="offline"
        ),
        pytest.param(
            wrapped(httpx.ConnectError("refused")), "model_unreachable", id="no connection"
        ),
        pytest.param(errors.LocalEntryNotFoundError("?"), "model_unreachable", id="not cached"),
        pytest.param(
            errors.HfHubHTTPError("?", response=answer(503)), "model_unreachable", id="hub is down"
        ),
        pytest.param(httpx.ReadTimeout("slow"), "model_unreachable", id="cut off"),
        pytest.param(OSError("no safetensors"), "model_unreadable", id="only pickled weights"),
    ],
)
def test_a_model_that_can_not_be_fetched_says_why(monkeypatch, error, code):
    """The operator learns whether to mend the name, the network or the model."""

    def refuse(_source, **_options):
        raise error

    monkeypatch.setattr(DiffusionPipeline, "download", refuse)

    with pytest.raises(UserError) as refused:
        folder_of("someone/model")

    assert (refused.value.code, refused.value.facts) == (code, {"value": "someone/model"})


def test_a_hub_id_is_fetched_without_pickles(monkeypatch, tmp_path):
    """Pickled weights can run code; only safetensors are asked for."""
    asked = []

    def download(source, **options):
        asked.append((source, options))
        return str(tmp_path)

    monkeypatch.setattr(DiffusionPipeline, "download", download)

    assert folder_of("someone/model") == tmp_path
    assert asked == [("someone/model", {"use_safetensors": True})]


def test_files_that_the_hub_already_named_by_hash_are_not_read_again(tmp_path):
    """Its cache links large files to their SHA-256: the name gives the same answer as the bytes."""
    plain, cached = tmp_path / "plain", tmp_path / "cached"
    for folder in (plain, cached):
        folder.mkdir()
    (plain / "model.safetensors").write_bytes(b"weights")
    blob = tmp_path / hashlib.sha256(b"weights").hexdigest()
    blob.write_bytes(b"not looked at")
    (cached / "model.safetensors").symlink_to(blob)

    assert weights_sha256(cached) == weights_sha256(plain)
