"""`easel selftest`: each check finds what it looks for, and says so."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from bot.cli import selftest
from bot.cli.join import Joined
from bot.cli.selftest import CHECKS, Check
from bot.cli.terminal import Terminal
from core.catalog import Catalog, ModelProfile
from core.errors import Unavailable
from core.workflow import JobState, Outcome, TaskName
from tests.bot.road import advance, publish


@pytest.fixture
def alive(events, monkeypatch):
    """Both kinds of process beat, unless a test says otherwise."""
    beating = {"screening": ["host:1"], "worker": ["host:2"], "classifier": ["ok:host:1"]}
    monkeypatch.setattr(type(events), "alive", lambda _self, kind: beating[kind], raising=False)
    return beating


def check(name, services):
    (found,) = [each for each in CHECKS if each.name == name]
    return found.run(services, Terminal(quiet=True))


def test_a_working_easel_passes_every_check_but_the_picture_without_a_worker(services, alive):
    """And each says what it found."""
    found = {each.name: check(each.name, services) for each in CHECKS[:-1]}

    assert all(found.values())
    assert "holds 0 job(s)" in found["Database"]
    assert services.gate.policy.version in found["Policy"]


@pytest.mark.parametrize("kind", ["screening", "worker"])
def test_a_process_that_does_not_beat_is_found(services, alive, kind):
    """An answering Redis is not enough."""
    alive[kind] = []

    with pytest.raises(selftest.CheckFailed):
        check("Redis and processes", services)


@pytest.mark.parametrize(
    ("beats", "found"),
    [
        pytest.param(["ok:host:1"], "reads every prompt", id="one that reads"),
        pytest.param(["none:host:1"], "lists and rules alone", id="none asked for"),
    ],
)
def test_what_reads_prompts_is_told(services, alive, beats, found):
    alive["classifier"] = beats

    assert found in check("Classifier", services)


def test_a_classifier_that_could_not_be_loaded_is_found(services, alive):
    """Prompts are held meanwhile, which looks like a busy moderator."""
    alive["classifier"] = ["ok:host:1", "failed:host:3"]

    with pytest.raises(selftest.CheckFailed):
        check("Classifier", services)


def test_a_store_that_gives_back_something_else_is_found(services, monkeypatch):
    """And nothing is left in it."""
    monkeypatch.setattr(type(services.blobs), "get", lambda *_args: b"else")

    with pytest.raises(selftest.CheckFailed):
        check("Pictures' store", services)

    assert list((services.settings.home / "blobs").rglob("*.*")) == []


def test_a_model_folder_without_a_pipeline_is_found(services, tmp_path):
    """A wrong path is the commonest mistake."""
    other = replace(
        services,
        catalog=Catalog(profiles=(ModelProfile(name="empty", source=str(tmp_path)),)),
    )

    with pytest.raises(selftest.CheckFailed):
        check("Model", other)
    other.close()


def test_a_model_of_the_hub_is_the_workers_to_fetch(services):
    """This process has no way to look at it."""
    hub = replace(
        services, catalog=Catalog(profiles=(ModelProfile(name="sdxl", source="org/sdxl"),))
    )

    assert "fetched by the worker" in check("Model", hub)
    hub.close()


def test_a_picture_is_drawn_and_deleted_again(services, queue):
    """The check leaves no picture behind."""
    send = queue.send

    def draw(task, job_id, name):
        send(task, job_id, name)
        if task is TaskName.SCREEN_PROMPT:
            publish(services, job_id)

    queue.send = draw

    found = check("A picture", services)

    assert "drawn and deleted again" in found
    (job_id,) = {job_id for _, job_id, _ in queue.sent}
    with services.store.reading() as unit:
        assert unit.jobs.get(job_id).state is JobState.WITHHELD
        (picture,) = unit.pictures.of_job(job_id)
    assert not services.blobs.exists(picture.blob)


def test_a_picture_that_fails_is_found(services, queue):
    """With the title of what the person would read."""
    send = queue.send

    def fail(task, job_id, name):
        send(task, job_id, name)
        advance(services, job_id, Outcome.PROMPT_ALLOW, Outcome.STARTED, Outcome.FAILED)

    queue.send = fail

    with pytest.raises(selftest.CheckFailed):
        check("A picture", services)


@pytest.fixture
def run(easel, services, monkeypatch):
    """Run the command over these services and checks."""

    @contextmanager
    def joined(_terminal):
        yield Joined(services.settings)

    def run(*checks, arguments=()):
        monkeypatch.setattr(selftest, "CHECKS", checks)
        monkeypatch.setattr("bot.cli.join.joined_stack", joined)
        monkeypatch.setattr("bot.bootstrap.build_services", lambda _settings: services)
        return easel("selftest", *arguments)

    return run


GOOD = Check("Good", lambda _services, _terminal: "well")


def broken(_services, _terminal):
    raise Unavailable("database_away")


def test_all_well_exits_with_0(run):
    """One line a check."""
    result = run(GOOD)

    assert result.exit_code == 0
    assert "✓ Good: well" in result.stderr


def test_one_fault_exits_with_1_and_the_rest_is_checked_all_the_same(run):
    """An operator wants the whole list."""
    result = run(Check("Bad", broken), GOOD, arguments=["--json"])

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [(line["name"], line["is_well"]) for line in lines] == [("Bad", False), ("Good", True)]
    assert "database_away" in lines[0]["found"]
