"""`easel demo`: everything from nothing, ended by Ctrl-C, found again by the next start."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

START_S = 240.0
END_S = 60.0


class Demo:
    """One `easel demo --json`, read line by line."""

    def __init__(self, home, *arguments):
        self.errors = home / "demo.log"
        with self.errors.open("ab") as errors:
            self.process = self._start(home, errors, *arguments)
        self.events = []

    def _start(self, home, errors, *arguments):
        clean = {name: each for name, each in os.environ.items() if not name.startswith("EASEL_")}
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "bot.cli", "demo", "--json", "--port", "0", *arguments],
            cwd=home,
            env={**clean, "EASEL_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def until(self, event):
        """Read on until an event of this kind."""
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == event:
                return self.events[-1]
        self.end(signal.SIGTERM)
        pytest.fail(f"the demo ended before {event!r}: {self.events} {self.errors.read_text()}")

    def end(self, number):
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=END_S)
        self.events += [json.loads(line) for line in rest.splitlines()]
        return self.process.returncode


@pytest.fixture
def demo(tmp_path):
    started = []

    def start(*arguments):
        started.append(Demo(tmp_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        if not each.process.stdout.closed:
            each.end(signal.SIGTERM)


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.status, response.read().decode()


def test_from_nothing_to_a_picture_in_a_served_chat_and_back_to_nothing(demo, tmp_path):
    """The picture is there and verifies; Ctrl-C ends every pid; the next start finds the job."""
    first = demo()
    picture = first.until("picture")
    serving = first.until("serving")

    assert Path(picture["path"]).is_file()
    assert "AI-generated" in picture["label"]
    verified = subprocess.run(
        [sys.executable, "-P", "-m", "bot.cli", "verify", picture["path"]],
        cwd=tmp_path,
        env={**os.environ, "EASEL_HOME": str(tmp_path)},
        capture_output=True,
    )
    assert verified.returncode == 0
    status, page = fetch(serving["url"])
    assert status == 200
    assert picture["verify_id"] in page
    status, _ = fetch(serving["moderator_url"])
    assert status == 200
    pids = serving["pids"]
    assert set(pids) == {"redis", "screening", "worker", "web"}
    grandchildren = [
        child.pid for pid in pids.values() for child in psutil.Process(pid).children(recursive=True)
    ]
    assert grandchildren, "the engine is one"

    assert first.end(signal.SIGINT) == 0

    assert first.events[-1] == {"event": "stopped"}
    assert all(is_gone(pid) for pid in [*pids.values(), *grandchildren])

    second = demo("--no-picture")
    assert second.until("found")["earlier_jobs"] == 1
    _, page = fetch(second.until("serving")["url"])
    assert picture["verify_id"] in page
    assert second.end(signal.SIGTERM) == 0


def test_ctrl_c_during_the_start_leaves_nothing(demo):
    """Whatever was started until then is ended too."""
    starting = demo("--no-picture")
    starting.until("ready")
    children = psutil.Process(starting.process.pid).children(recursive=True)

    assert starting.end(signal.SIGINT) == 130

    assert all(is_gone(child.pid) for child in children)


def test_a_demo_killed_outright_leaves_children_that_the_next_one_ends(demo):
    """kill -9 of the demo itself; the second start is alone in its home."""
    first = demo("--no-picture")
    pids = first.until("serving")["pids"]
    first.end(signal.SIGKILL)
    assert not any(is_gone(pid) for pid in pids.values())

    second = demo("--no-picture")
    second.until("serving")

    ends = time.monotonic() + END_S
    while not all(is_gone(pid) for pid in pids.values()) and time.monotonic() < ends:
        time.sleep(0.05)
    assert all(is_gone(pid) for pid in pids.values())
    assert second.end(signal.SIGTERM) == 0
