"""`easel moderation …`: labels, a draft that changes nothing yet, pictures refused by sight."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from core.contracts.actors import Role
from core.contracts.base import utc_now
from core.contracts.labels import Learning
from core.contracts.policies import Scope
from core.contracts.verdicts import Decision
from core.settings import CoreSettings
from core.storage import Store
from moderation.hashes import DenyList, picture_hash
from moderation.policy import load_policy
from tests.core.storage.test_features import ONE
from tests.moderation.test_hashes import tiles


@pytest.fixture
def opened(home):
    store = Store(CoreSettings().resolved_database_url)
    store.migrate()
    yield store
    store.close()


def asked(store, job_id, **changes):
    """Keep what a request was made of, as screening does."""
    features = replace(
        ONE, job_id=job_id, verdict_id=job_id, is_age_restricted=False, decided_at=utc_now()
    )
    with store.unit() as unit:
        unit.features.add(replace(features, **changes))


def labels(store):
    with store.reading() as unit:
        return unit.labels.since(None, utc_now() - timedelta(days=9))


def add(easel, *arguments):
    return easel("moderation", "labels", "add", *arguments)


def agree(store, learning):
    """Say as the author of the requests what may be learnt from them."""
    with store.unit() as unit:
        unit.consents.set_learning("local", ONE.member_id, learning, now=utc_now())


def test_a_decision_is_labelled_without_its_words(easel, opened, monkeypatch):
    """Neither the author's word nor the operator's alone keeps them."""
    asked(opened, "j1")
    agree(opened, Learning.WORDS)

    assert add(easel, "j1", "allow").exit_code == 0
    (label,) = labels(opened)
    assert (label.right, label.category, label.role) == (Decision.ALLOW, None, Role.ADMIN)
    assert (label.texts, label.scores) == (None, {"gore_graphic": 0.5})

    monkeypatch.setenv("EASEL_LABELS_KEEP_TEXT", "true")
    agree(opened, None)
    add(easel, "j1", "allow")
    assert labels(opened)[0].texts is None

    agree(opened, Learning.WORDS)
    add(easel, "j1", "allow")
    assert labels(opened)[0].texts == ("a bloody 墨绘",)


def test_who_lets_nothing_be_learnt_is_not_labelled(easel, opened):
    """A label from before stays as it is until its author takes it back."""
    asked(opened, "j1")
    agree(opened, Learning.NOTHING)

    told = add(easel, "j1", "allow")

    assert told.exit_code == 2
    assert "Its author lets nothing be learnt" in told.stderr
    assert labels(opened) == []


@pytest.mark.parametrize(
    ("consent", "own", "kept"),
    [
        pytest.param("nothing", None, [], id="policy says nothing"),
        pytest.param("words", None, [("a bloody 墨绘",)], id="policy says words"),
        pytest.param("words", Learning.SCORES, [None], id="the author says less"),
        pytest.param("nothing", Learning.SCORES, [None], id="the author says more"),
    ],
)
def test_the_policy_speaks_for_who_said_nothing(easel, opened, monkeypatch, consent, own, kept):
    monkeypatch.setenv("EASEL_LABELS_KEEP_TEXT", "true")
    assert easel("policy", "set", "consent", consent).exit_code == 0
    activated = easel("policy", "activate", "1")
    assert activated.exit_code == 0, activated.output
    asked(opened, "j1")
    agree(opened, own)

    add(easel, "j1", "allow")

    assert [label.texts for label in labels(opened)] == kept


def test_words_of_the_floor_are_never_kept(easel, opened, monkeypatch):
    monkeypatch.setenv("EASEL_LABELS_KEEP_TEXT", "true")
    asked(opened, "j1")
    asked(opened, "j2", category="sexual_minors")
    agree(opened, Learning.WORDS)

    add(easel, "j1", "block", "nonconsensual_intimate")
    add(easel, "j2", "allow")

    assert [label.texts for label in labels(opened)] == [None, None]


def test_labels_are_listed_and_exported_without_whose_they_are(easel, opened):
    asked(opened, "j1")
    add(easel, "j1", "block", "gore_graphic", "--source", "reported")

    listed = easel("moderation", "labels", "list").stdout
    exported = easel("moderation", "labels", "export").stdout

    assert "j1  review -> block" in listed
    assert "gore_graphic" in listed
    assert json.loads(exported)["source"] == "reported"
    assert "web:ada" not in listed + exported


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("j9", "allow"), id="no such request"),
        pytest.param(("j1", "block"), id="no category"),
        pytest.param(("j1", "block", "blood"), id="unknown category"),
        pytest.param(("j1", "perhaps"), id="no decision"),
        pytest.param(("j1", "allow", "--community", "elsewhere"), id="another's"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_kept(easel, opened, arguments):
    asked(opened, "j1")

    result = add(easel, *arguments)

    assert result.exit_code == 2
    assert result.stderr
    assert labels(opened) == []


def test_old_labels_count_no_more(easel, opened, monkeypatch):
    asked(opened, "j1")
    add(easel, "j1", "allow")
    (label,) = labels(opened)
    with opened.unit() as unit:
        before = utc_now() - timedelta(days=3)
        unit.labels.put(label.model_copy(update={"at": before, "job_id": "old"}))
    monkeypatch.setenv("EASEL_LABELS_KEEP_DAYS", "1")

    assert "old" not in easel("moderation", "labels", "list").stdout
    add(easel, "j1", "allow")
    assert [each.job_id for each in labels(opened)] == ["j1"]


def test_retuning_proposes_and_changes_nothing(easel, opened):
    block = load_policy().categories["sexual_explicit"].thresholds.block
    for at in range(20):
        asked(opened, f"bad{at}", scores=[{"sexual_explicit": 1.0}])
        asked(opened, f"fine{at}", scores=[{"sexual_explicit": block * 1.02}])
    asked(opened, "floor", scores=[{"sexual_minors": 1.0}])
    from bot.bootstrap import build_services
    from bot.cli.policy import _operator
    from bot.usecases.labels import Judgement
    from bot.usecases.labels import add as keep
    from core.contracts.labels import LabelSource

    with build_services(CoreSettings()) as services:
        actor = _operator("local")
        for at in range(20):
            keep(
                services,
                actor,
                Judgement(f"bad{at}", LabelSource.UPHELD, Decision.BLOCK, "sexual_explicit"),
            )
            keep(services, actor, Judgement(f"fine{at}", LabelSource.OVERTURNED, Decision.ALLOW))

    told = easel("moderation", "retune")

    assert told.exit_code == 0, told.output
    assert "before review 0." in told.stdout
    assert "20 of 20 (84-100 %); 20 of 20 (84-100 %)" in told.stdout
    assert "a second person activates it" in told.stdout
    assert "Version 1 is proposed" in told.stdout
    with opened.reading() as unit:
        scope = Scope(community_id="local")
        (version,) = unit.policies.versions(scope)
        assert unit.policies.in_force(scope).active is None
    assert "sexual_minors" not in version.source
    assert easel("policy", "activate", "1").exit_code == 2


def test_without_labels_there_is_nothing_to_retune(easel, opened):
    told = easel("moderation", "retune")

    assert (told.exit_code, told.stdout.startswith("Nothing to retune")) == (0, True)


def test_a_denied_picture_is_known_again(easel, home, monkeypatch):
    path = home / "deny.txt"
    monkeypatch.setenv("EASEL_WORKER_PICTURE_DENY_LIST", str(path))
    picture = tiles(1)[0]
    picture.save(home / "apple.png")

    told = easel("moderation", "deny", home / "apple.png", "gore_graphic", "--note", "no\napples")

    assert told.exit_code == 0, told.output
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for each in (picture, mirrored):
        assert DenyList(path).matches(picture_hash(each))[0].note == "no apples"


@pytest.mark.parametrize("fault", ["no list", "no picture", "empty picture", "category", "broken"])
def test_what_cannot_be_denied_is_said_and_changes_nothing(easel, home, monkeypatch, fault):
    path = home / "deny.txt"
    path.write_text("broken" if fault == "broken" else "# ours\n", "utf-8")
    before = path.read_text("utf-8")
    if fault != "no list":
        monkeypatch.setenv("EASEL_WORKER_PICTURE_DENY_LIST", str(path))
    picture = Path(home / "apple.png")
    tiles(1)[0].save(picture)
    if fault == "no picture":
        picture.write_bytes(b"apple")
    if fault == "empty picture":
        Image.new("RGB", (64, 64), "red").save(picture)

    told = easel("moderation", "deny", picture, "blood" if fault == "category" else "gore_graphic")

    assert told.exit_code == 2
    assert told.stderr
    assert path.read_text("utf-8") == before
    assert [each.name for each in home.glob(".deny*")] == []
