"""What one stack owns in its home."""

import os
import stat
import subprocess
import sys

import pytest

from bot.embedded.home import Home, RunningChild, RunningStack
from bot.embedded.processes import birth_of
from core.errors import UserError


def state(**fields):
    return RunningStack(pid=os.getpid(), env={"EASEL_WEB_PORT": "1"}, **fields)


def test_a_home_is_held_once_and_free_afterwards(tmp_path):
    """The second stack is told where the first one is."""
    with Home(tmp_path).locked():
        with pytest.raises(UserError) as caught, Home(tmp_path).locked():
            pass
        assert (caught.value.code, caught.value.facts["value"]) == ("home_in_use", str(tmp_path))

    with Home(tmp_path).locked():
        assert Home(tmp_path).logs.is_dir()


def test_who_runs_is_known_while_the_home_is_held(tmp_path):
    """A state file without its lock is a dead stack's."""
    home = Home(tmp_path)
    assert home.running() is None
    with home.locked():
        assert home.running() is None
        home.write_state(state(web_url="http://127.0.0.1:1"))
        assert Home(tmp_path).running() == state(web_url="http://127.0.0.1:1")

    assert home.running() is None
    assert home.read_state() is not None


def test_the_secret_is_made_once_for_us_alone(tmp_path):
    """Sessions and links outlive a restart."""
    home = Home(tmp_path)

    secret = home.secret()

    assert len(secret) >= 32
    assert Home(tmp_path).secret() == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    home.write_state(state())
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600
    assert secret not in (tmp_path / "stack.json").read_text()


def test_children_that_outlived_their_stack_are_ended(tmp_path):
    """After a kill -9 of the demo itself; a stranger with an old pid is left alone."""
    home = Home(tmp_path)
    command = [sys.executable, "-S", "-c", "import signal; signal.pause()"]
    left, stranger = (subprocess.Popen(command, start_new_session=True) for _ in range(2))
    home.write_state(
        state(
            children={
                "worker": RunningChild(pid=left.pid, birth=birth_of(left.pid)),
                "web": RunningChild(pid=stranger.pid, birth="1"),
            }
        )
    )

    assert home.end_leftovers() == ["worker"]

    assert left.wait(10) < 0
    assert stranger.poll() is None
    assert home.read_state() is None
    stranger.kill()
    stranger.wait()


def test_a_state_file_of_another_version_is_no_state(tmp_path):
    """An upgrade must not stop the start."""
    (tmp_path / "stack.json").write_text('{"version": 0}')

    assert Home(tmp_path).read_state() is None
    assert Home(tmp_path).end_leftovers() == []
