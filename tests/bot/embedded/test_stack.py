"""The stack starts in order, keeps its parts alive, and leaves nothing behind."""

import json
import os
import signal
import socket
import sys

import psutil
import pytest

from bot.embedded import stack as stacks
from bot.embedded.parts import BROKER, PARTS, Part
from bot.embedded.stack import Stack, StartReport, settings_from
from core.errors import Unavailable, UserError
from core.storage import Store

SLEEPER = "import os, signal; print(sorted(k for k in os.environ if k[:5] == 'EASEL'), flush=True); signal.pause()"


def part(name, *, is_well=lambda _ports, _pid: True):
    return Part(name, name.title(), lambda *_: [sys.executable, "-S", "-c", SLEEPER], is_well)


@pytest.fixture
def parts(monkeypatch):
    """Real Redis; the rest are sleepers, so that no model is loaded."""
    chosen = (BROKER, part("screening"), part("worker"), part("web"))
    monkeypatch.setattr(stacks, "PARTS", chosen)
    monkeypatch.setattr(stacks, "WEB", chosen[-1])
    return chosen


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_shipped_parts_start_redis_first():
    """Everything else needs the broker."""
    assert [each.name for each in PARTS] == ["redis", "screening", "worker", "web"]


def test_all_parts_run_until_the_stack_stops(parts, tmp_path):
    """Reported one by one, migrated before anybody needs the tables, all ended by pid."""
    reports: list[StartReport] = []

    with Stack({}, tmp_path).start(reports.append) as stack:
        pids = stack.pids()
        settings = settings_from(stack.env)
        store = Store(settings.resolved_database_url)
        with store.reading() as unit:
            assert unit.jobs.counts() == {} or sum(unit.jobs.counts().values()) == 0
        store.close()

    assert list(pids) == ["redis", "screening", "worker", "web"]
    assert all(is_gone(pid) for pid in pids.values())
    assert stack.pids() == {}
    ready = [report.part for report in reports if report.is_ready]
    assert ready == ["redis", "screening", "worker", "web"]
    assert reports[0] == StartReport("redis", "Redis", is_ready=False)


def test_a_stack_without_a_web_chat_runs_the_rest(parts, tmp_path):
    """What a single command needs."""
    with Stack({}, tmp_path, web=False).start() as stack:
        assert set(stack.pids()) == {"redis", "screening", "worker"}
        assert stack.web_url is None


def test_children_get_the_settings_and_clients_the_same(parts, tmp_path, wait_for):
    """One environment, with the secret that the home keeps."""
    with Stack({"EASEL_JOB_LEASE_S": "3"}, tmp_path).start() as stack:
        settings = settings_from(stack.env)
        log_file = stack.home.logs / "worker.log"
        wait_for(lambda: log_file.read_text().endswith("\n"))

    assert settings.job_lease_s == 3
    assert settings.home == tmp_path
    assert settings.secret_key.get_secret_value() == stack.home.secret()
    given = set(json.loads(log_file.read_text().replace("'", '"')))
    assert given >= {
        "EASEL_HOME",
        "EASEL_JOB_LEASE_S",
        "EASEL_REDIS_URL",
        "EASEL_SECRET_KEY",
        "EASEL_WEB_PORT",
    }


def test_an_operators_own_secret_is_kept(parts, tmp_path):
    """The home's is for those who have none."""
    with Stack({"EASEL_SECRET_KEY": "of my own"}, tmp_path).start() as stack:
        assert stack.env["EASEL_SECRET_KEY"] == "of my own"
        assert not (tmp_path / "secret").exists()


def test_a_port_that_is_taken_is_replaced_by_a_free_one(parts, tmp_path):
    """The chat is served all the same, and says where."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Stack({"EASEL_WEB_PORT": str(port)}, tmp_path).start() as stack:
            assert stack.web_url != f"http://127.0.0.1:{port}"
            assert stack.web_url == f"http://127.0.0.1:{stack.env['EASEL_WEB_PORT']}"


@pytest.mark.parametrize("name", ["redis", "worker"])
def test_a_killed_part_is_started_again_where_it_was(parts, tmp_path, wait_for, name):
    """Redis on its old port, with what it held."""
    with Stack({}, tmp_path).start() as stack:
        before, env = stack.pids(), dict(stack.env)

        os.kill(before[name], signal.SIGKILL)

        wait_for(lambda: stack.pids().get(name, before[name]) != before[name])
        wait_for(lambda: stack._is_well(next(each for each in parts if each.name == name)))
        assert stack.env == env
        others = set(before) - {name}
        assert all(stack.pids()[other] == before[other] for other in others)


def test_restart_returns_with_a_well_successor(parts, tmp_path):
    """For tests and operators who want a crash on purpose."""
    with Stack({}, tmp_path).start() as stack:
        before = stack.pids()["redis"]

        stack.restart("redis")

        assert stack.pids()["redis"] != before


def test_a_part_that_never_gets_well_ends_the_start_and_everything_started(
    parts, tmp_path, monkeypatch
):
    """With the name of its log."""
    sick = part("worker", is_well=lambda _ports, _pid: False)
    monkeypatch.setattr(stacks, "PARTS", (BROKER, sick))
    monkeypatch.setattr(stacks, "READY_TIMEOUT_S", 0.3)
    stack = Stack({}, tmp_path)

    with pytest.raises(Unavailable) as caught:
        stack.start()

    assert caught.value.code == "part_not_ready"
    assert caught.value.facts["log"] == str(tmp_path / "logs" / "worker.log")
    assert stack.pids() == {}
    with stack.home.locked():
        assert stack.home.read_state() is None


def test_a_second_stack_in_the_same_home_is_refused_and_leaves_the_first_alone(parts, tmp_path):
    """One writer of Redis's file, one set of workers."""
    with Stack({}, tmp_path).start() as first:
        before = first.pids()

        with pytest.raises(UserError) as caught:
            Stack({}, tmp_path).start()

        assert caught.value.code == "home_in_use"
        assert first.pids() == before
        assert first.home.running().children.keys() == before.keys()


def test_a_stack_after_a_killed_one_ends_its_children_first(parts, tmp_path, wait_for):
    """They would draw and post beside ours."""
    with Stack({}, tmp_path).start() as stack:
        worker = stack.home.read_state().children["worker"]
    left = stack  # What a killed stack leaves: a state file and a living child.
    reborn = psutil.Popen([sys.executable, "-S", "-c", SLEEPER], start_new_session=True)
    birth = stacks.running_child(reborn.pid)
    left.home.write_state(stacks.RunningStack(pid=1, env={}, children={"worker": birth}))
    assert worker != birth

    with Stack({}, tmp_path).start():
        wait_for(lambda: reborn.poll() is not None)


@pytest.mark.parametrize(
    ("host", "reached_at"),
    [
        pytest.param("0.0.0.0", "127.0.0.1", id="everywhere"),
        pytest.param("localhost", "localhost", id="by name"),
    ],
)
def test_a_chat_that_listens_elsewhere_is_asked_where_it_listens(parts, tmp_path, host, reached_at):
    """Everywhere includes loopback."""
    with Stack({"EASEL_WEB_HOST": host, "EASEL_WEB_PORT": "0"}, tmp_path).start() as stack:
        assert stack.web_url == f"http://{reached_at}:{stack.env['EASEL_WEB_PORT']}"
        assert stack.env["EASEL_WEB_HOST"] == host
