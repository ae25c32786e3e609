"""`easel demo`: what it shows and how it ends, over a stack that starts nothing."""

import json
import os
import signal

import pytest

from bot.cli import first_picture
from bot.cli.terminal import Terminal
from bot.embedded import stack as stacks
from bot.embedded.interrupts import Interrupts
from bot.replies import ReplyKind
from core.errors import Unavailable
from core.settings import WebSettings
from core.workflow import JobState, Outcome
from tests.bot.road import advance, publish


@pytest.fixture
def calls(home, monkeypatch, services):
    """Replace the stack and the services; the first wait is a Ctrl-C."""
    calls = []

    class FakeStack:
        web_url = "http://127.0.0.1:8700"

        def __init__(self, env, _home):
            calls.append(("stack", dict(env)))
            self.env = {"EASEL_HOME": str(home), "EASEL_SECRET_KEY": "s3cret"}

        def start(self, progress):
            progress(stacks.StartReport("redis", "Redis", is_ready=True))
            return self

        def stop(self):
            calls.append("stop")

        def pids(self):
            return {"redis": 1}

    monkeypatch.setattr(stacks, "Stack", FakeStack)
    monkeypatch.setattr("bot.bootstrap.build_services", lambda _settings: services)
    monkeypatch.setattr(Interrupts, "wait", lambda _self: os.kill(os.getpid(), signal.SIGTERM))
    return calls


@pytest.fixture
def drawn(services, queue):
    """Draw and deliver what is sent, in the place of the workers and the web app."""
    send = queue.send

    def draw(task, job_id, name):
        send(task, job_id, name)
        publish(services, job_id)
        advance(services, job_id, Outcome.DELIVERED)

    queue.send = draw


def test_it_shows_the_picture_and_the_addresses_and_ends_at_sigterm(easel, calls, drawn, home):
    """As lines for programs; exit code 0, because ending is how it succeeds."""
    before = signal.getsignal(signal.SIGTERM)

    result = easel("demo", "--json", "--port", "8711")

    lines = {line["event"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert result.exit_code == 0
    assert calls == [("stack", {"EASEL_WEB_PORT": "8711"}), "stop"]
    assert lines["found"]["earlier_jobs"] == 0
    assert lines["picture"]["path"].startswith(str(home / "blobs" / "published"))
    assert lines["serving"]["url"] == "http://127.0.0.1:8700"
    assert lines["serving"]["moderator_url"].startswith("http://127.0.0.1:8700/enter?token=")
    console, token = lines["serving"]["console_url"].split("?token=")
    assert console == "http://127.0.0.1:8700/console/enter"
    assert token not in lines["serving"]["moderator_url"]
    assert lines["serving"]["pids"] == {"redis": 1}
    assert list(lines)[-1] == "stopped"
    assert signal.getsignal(signal.SIGTERM) is before


def test_words_for_people_name_the_same(easel, calls, drawn):
    """On stderr; stdout stays empty."""
    result = easel("demo")

    assert result.stdout == ""
    for part in (
        "Picture",
        "AI-generated",
        "Chat",
        "/enter?token=",
        "/console/enter?token=",
        "Ctrl-C ends everything.",
    ):
        assert part in result.stderr


def test_without_a_picture_nothing_is_asked_for(easel, calls, queue):
    """For a start that only serves."""
    result = easel("demo", "--no-picture", "--json")

    assert result.exit_code == 0
    assert queue.sent == []
    assert '"event": "picture"' not in result.stdout


def test_a_picture_that_does_not_come_is_told_and_the_chat_served(easel, calls, monkeypatch):
    """A model that is too slow is no reason to close the door."""
    monkeypatch.setattr(first_picture, "TIMEOUT_S", -1.0)

    result = easel("demo")

    assert result.exit_code == 0
    assert "too long" in result.stderr
    assert "Chat" in result.stderr


def test_a_start_that_fails_exits_with_4(easel, calls, monkeypatch):
    """What was started, the stack has ended itself."""

    def fail(*_args):
        raise Unavailable("part_not_ready", value="Redis", log="redis.log")

    monkeypatch.setattr(stacks.Stack, "start", fail)

    result = easel("demo")

    assert result.exit_code == 4
    assert "redis.log" in result.stderr


def test_the_first_picture_is_a_message_of_the_chat_like_any_other(services, drawn):
    """Everybody sees who asked for it."""
    reply = first_picture.draw_first_picture(services, WebSettings(), Terminal(quiet=True))

    assert reply.kind is ReplyKind.RESULT
    with services.store.reading() as unit:
        messages = unit.chat.recent(WebSettings().channel, viewer="web:anybody")
        job = unit.jobs.get(reply.job_id)
    assert messages[0].body == first_picture.REQUEST
    assert job.state is JobState.DELIVERED


def test_a_refused_demo_says_why(services, monkeypatch, capsys):
    """A community's policy may forbid apples."""
    monkeypatch.setattr(first_picture, "REQUEST", "/imagine easel-known-positive-7q2k9x4m")
    terminal = Terminal()

    reply = first_picture.draw_first_picture(services, WebSettings(), terminal)
    first_picture.show_first_picture(reply, services.settings, terminal)

    assert reply.kind is ReplyKind.REFUSAL
    assert reply.title in capsys.readouterr().err


def test_a_picture_in_a_bucket_is_named_by_its_address():
    """There is no path to it."""
    assert first_picture._place_of("s3://bucket/easel", "published/a.png") == (
        "s3://bucket/easel/published/a.png"
    )
