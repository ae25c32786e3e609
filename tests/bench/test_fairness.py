"""The measurement of the fair share leaves nothing running, however it is ended."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bot.embedded.home import Home
from tests.bot.embedded.conftest import wait_for as wait_for  # noqa: PLC0414 - a fixture.

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def measuring(tmp_path):
    """One run of it, whose home lies where the test can look."""
    clean = {name: each for name, each in os.environ.items() if not name.startswith("EASEL_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.fairness", "--members", "2", "--most", "1"],
        cwd=ROOT,
        env={**clean, "TMPDIR": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    yield process
    process.kill()
    process.wait()
    for state in tmp_path.glob("*/stack.json"):  # Of a run that did leave something behind.
        Home(state.parent).end_leftovers()


def children_in(folder):
    """Read from the run's home which processes it started, once all are there."""
    for state in folder.glob("*/stack.json"):
        children = json.loads(state.read_text())["children"]
        if len(children) == len(("redis", "screening", "worker", "web")):
            return [child["pid"] for child in children.values()]
    return None


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_sigterm_ends_every_process_that_was_started(measuring, tmp_path, wait_for):
    """And its home goes with them."""
    pids = wait_for(lambda: children_in(tmp_path))

    measuring.send_signal(signal.SIGTERM)

    assert measuring.wait(120) != 0
    assert all(map(is_gone, pids))
    assert not list(tmp_path.glob("*/stack.json"))
