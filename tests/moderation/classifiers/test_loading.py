"""The settings name what reads prompts; what cannot be loaded holds everything."""

import json
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.contracts.verdicts import CheckState, Decision
from moderation.classifiers import loading
from moderation.classifiers.loading import (
    ClassifierState,
    UnloadedClassifier,
    classifier_or_hold,
    load_classifier,
    state_of,
)
from moderation.classifiers.screen_files import ModelError
from moderation.engine import Gate
from moderation.rules import ScreenedText
from tests.moderation.conftest import COMMUNITY, NOW


@pytest.fixture
def copied(tmp_path) -> Path:
    """The shipped screen in a folder of its own; its large file by a link."""
    folder = tmp_path / "screen"
    folder.mkdir()
    for path in loading.SHIPPED_SCREEN.iterdir():
        target = folder / path.name
        if path.name == "network.onnx":
            target.symlink_to(path)
        else:
            shutil.copy(path, target)
    return folder


def ask(policy, classifier):
    return Gate(policy, classifier=classifier).screen_prompt(
        [ScreenedText("prompt", "a red apple")], community_id=COMMUNITY, now=NOW
    )


def test_the_shipped_screen_is_loaded_by_its_word():
    classifier = load_classifier("shipped")

    assert classifier.name == "easel-screen"
    assert state_of(classifier) is ClassifierState.OK


def test_a_folder_with_a_screen_is_loaded(copied):
    assert load_classifier(str(copied)).version == load_classifier("shipped").version


def test_none_is_none():
    assert load_classifier("none") is None
    assert state_of(None) is ClassifierState.NONE


@pytest.mark.parametrize("name", ["tokenizer.json", "ngrams.npz", "screen.json"])
def test_a_damaged_file_is_refused_and_every_prompt_held(policy, copied, name):
    """One changed byte is enough: what scores it would give, nobody knows."""
    path = copied / name
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)

    with pytest.raises(ModelError, match="screen"):
        load_classifier(str(copied))
    with capture_logs() as logs:
        classifier = classifier_or_hold(str(copied))
    verdict = ask(policy, classifier)

    assert [entry["event"] for entry in logs] == ["classifier_not_loaded"]
    assert state_of(classifier) is ClassifierState.FAILED
    assert (verdict.decision, verdict.note) == (Decision.REVIEW, "check_failed")
    assert verdict.checks[-1].state is CheckState.FAILED


def test_a_missing_file_is_refused(copied):
    (copied / "ngrams.npz").unlink()

    with pytest.raises(ModelError):
        load_classifier(str(copied))


def test_a_model_without_a_category_map_is_refused(tmp_path):
    """Its labels mean nothing here."""
    with pytest.raises(ModelError, match="no category map"):
        load_classifier(str(tmp_path))


def test_a_category_map_that_is_none_is_refused(tmp_path):
    (tmp_path / "map.yaml").write_text("name: half a description\n", "utf-8")

    with pytest.raises(ModelError):
        load_classifier(str(tmp_path), tmp_path / "map.yaml")


def test_a_guard_known_by_its_id_needs_no_map_of_its_own(monkeypatch):
    asked = []
    monkeypatch.setattr(loading, "_made", lambda *arguments: asked.append(arguments[-1]))

    load_classifier("Qwen/Qwen3Guard-Gen-0.6B")

    (described,) = asked
    assert (described.model, described.is_local) == ("Qwen/Qwen3Guard-Gen-0.6B", False)
    assert described.categories.labels["Jailbreak"] == "evasion_signal"


def test_a_map_of_ones_own_serves_a_folder(monkeypatch, tmp_path):
    """The folder counts, whatever model the map was written for; nothing is fetched."""
    asked = []
    monkeypatch.setattr(loading, "_made", lambda *arguments: asked.append(arguments[-1]))

    load_classifier(str(tmp_path), loading.GUARDS / "llama-guard-3.yaml")

    assert (asked[0].model, asked[0].is_local) == (str(tmp_path), True)


@pytest.mark.parametrize("is_local", [True, False])
def test_a_description_alone_names_its_model(monkeypatch, tmp_path, is_local):
    """An id of the hub, or a folder, which is then all that is asked."""
    model = str(tmp_path) if is_local else "somebody/guard"
    source = (loading.GUARDS / "llama-guard-3.yaml").read_text("utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(source.replace("model: meta-llama/Llama-Guard-3-1B", f"model: {model}"), "utf-8")
    asked = []
    monkeypatch.setattr(loading, "_made", lambda *arguments: asked.append(arguments[-1]))

    load_classifier(str(own))

    assert (asked[0].model, asked[0].is_local) == (model, is_local)


def test_what_a_library_raises_is_said_by_its_kind_alone(monkeypatch):
    """Its message may quote anything."""

    def fail(*_arguments):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(loading, "_made", fail)

    with pytest.raises(ModelError, match="ZeroDivisionError") as raised:
        load_classifier("shipped")
    assert "secret" not in str(raised.value)


def test_an_unloaded_classifier_answers_nothing():
    with pytest.raises(ModelError):
        UnloadedClassifier("gone").score(["a red apple"])


def test_what_was_loaded_is_logged_with_its_version():
    with capture_logs() as logs:
        classifier_or_hold("none")
        classifier_or_hold("shipped")

    assert [entry["event"] for entry in logs] == ["classifier_none", "classifier_loaded"]
    manifest = json.loads((loading.SHIPPED_SCREEN / "screen.json").read_text("utf-8"))
    assert logs[1]["version"] == manifest["version"]
