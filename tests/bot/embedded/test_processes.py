"""Children are kept alive until they are stopped, and ended for sure."""

import os
import signal
import sys

import psutil
import pytest

from bot.embedded import processes
from bot.embedded.processes import Child, Recipe, birth_of, end_leftover, rotate

PYTHON = [sys.executable, "-S", "-c"]
SLEEPER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
    "\nwhile True: signal.pause()"
)
PARENT = (
    "import signal, subprocess, sys;"
    "child = subprocess.Popen([sys.executable, '-S', '-c', 'import signal; signal.pause()']);"
    "print(child.pid, flush=True); signal.pause()"
)


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def start(tmp_path):
    children = []

    def start(code, **options):
        starts = []
        log_file = tmp_path / f"child-{len(children)}.log"
        recipe = Recipe("child", [*PYTHON, code], {**os.environ}, log_file, **options)
        child = Child(recipe, lambda: starts.append(1))
        children.append(child)
        child.start()
        return child

    yield start
    for child in children:
        child.stop()


def said(child):
    log_file = child.recipe.log_file
    return log_file.read_text().split() if log_file.exists() else []


def test_a_killed_child_is_started_again(start, wait_for):
    """With a new pid, into the same log."""
    child = start(SLEEPER)
    wait_for(lambda: said(child) == ["up"])
    first = child.pid

    os.kill(first, signal.SIGKILL)

    wait_for(lambda: said(child) == ["up", "up"])
    assert child.pid not in {None, first}
    assert child.starts == 2


def test_a_child_that_can_not_live_is_started_ever_more_slowly(start, wait_for, monkeypatch):
    """The pauses double up to a bound."""
    pauses = []
    monkeypatch.setattr(processes, "BACKOFF_FIRST_S", 0.01)
    monkeypatch.setattr(processes, "BACKOFF_MOST_S", 0.04)

    class Stopping(processes.threading.Event().__class__):
        def wait(self, timeout=None):
            pauses.append(timeout)
            return super().wait(timeout)

    monkeypatch.setattr(processes.threading, "Event", Stopping)
    child = start("raise SystemExit(3)")

    wait_for(lambda: child.starts >= 5)

    assert [pause for pause in pauses if pause in {0.01, 0.02, 0.04}][:4] == [
        0.01,
        0.02,
        0.04,
        0.04,
    ]


def test_a_stopped_child_ends_in_order_and_stays_ended(start, wait_for):
    """SIGTERM is enough for the well-behaved."""
    child = start(SLEEPER)
    wait_for(lambda: said(child))
    pid = child.pid

    child.stop()

    assert is_gone(pid)
    assert child.pid is None
    assert child.starts == 1


def test_a_child_that_does_not_end_in_its_time_is_killed(start, wait_for):
    """Ctrl-C must work whatever a child thinks of it."""
    child = start(STUBBORN, stop_s=0.1)
    wait_for(lambda: said(child))
    pid = child.pid

    child.stop()

    assert is_gone(pid)


def test_what_a_killed_child_leaves_behind_ends_with_it(start, wait_for):
    """A worker's engine must not draw on beside its successor's."""
    child = start(PARENT)
    wait_for(lambda: said(child))
    grandchild = int(said(child)[0])

    os.kill(child.pid, signal.SIGKILL)

    wait_for(lambda: is_gone(grandchild))


def test_stopping_before_the_start_starts_nothing(tmp_path):
    """A stack that fails early stops parts that never ran."""
    child = Child(Recipe("child", ["nothing"], {}, tmp_path / "log"), lambda: None)

    child.stop()
    child.start()

    assert child.starts == 0


def test_a_leftover_is_ended_only_when_it_is_that_very_process(start, wait_for):
    """Pids are used anew; births are not."""
    child = start(SLEEPER)
    wait_for(lambda: said(child))
    pid = child.pid
    birth = birth_of(pid)

    assert not end_leftover(pid, "1")
    assert birth_of(pid) == birth
    assert end_leftover(pid, birth)
    wait_for(lambda: child.pid != pid)
    assert not end_leftover(pid, birth)


def test_nobody_has_no_birth():
    """Pid 0 has no folder in /proc."""
    assert birth_of(0) is None


def test_a_log_that_has_grown_is_set_aside(tmp_path, monkeypatch):
    """One older copy is kept; a writer that appends goes on at the start."""
    monkeypatch.setattr(processes, "LOG_BYTES", 10)
    log_file = tmp_path / "web.log"
    with log_file.open("ab", buffering=0) as writer:
        writer.write(b"x" * 11)
        rotate(log_file)
        writer.write(b"new")

    assert log_file.read_bytes() == b"new"
    assert (tmp_path / "web.log.1").read_bytes() == b"x" * 11
    rotate(log_file)
    assert log_file.read_bytes() == b"new"


def test_a_child_steps_back_as_its_recipe_says(start, wait_for):
    """What it starts inherits that; a child that dies at once is no trouble."""
    child = start(PARENT, niceness=7)
    wait_for(lambda: said(child))

    assert psutil.Process(child.pid).nice() == 7
    assert psutil.Process(start(SLEEPER).pid).nice() == psutil.Process().nice()
    assert start("pass", niceness=7).starts == 1
