"""The engine child draws, reports, stops when told, and comes back whenever it dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.errors import AppError
from tests.worker.engines import PATIENCE_S, SHIPPED, new_supervisor, request_for, unwatched
from worker.engine.messages import ModelSource
from worker.engine.supervisor import EngineDied, EngineDrained

ROOT = Path(__file__).resolve().parents[3]
ENDLESS_STEPS = 900
"""Over twenty seconds of drawing on an idle machine: it is never seen to its end."""


@pytest.fixture
def supervisor():
    """An engine of this test's own, to be ill-treated."""
    own = new_supervisor()
    own.start()
    yield own
    own.stop()


def wait_until(condition, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def has_ended(pid):
    """Tell whether a process is no more; an orphan that nobody has buried yet has ended, too."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Drawing:
    """A draw under way in another thread."""

    def __init__(self, supervisor, request):
        self.has_begun = threading.Event()
        self.pool = ThreadPoolExecutor(1)
        self.outcome = self.pool.submit(supervisor.draw, request, lambda _: self.has_begun.set())
        assert self.has_begun.wait(PATIENCE_S)

    def error(self):
        with self.pool:
            return self.outcome.exception(PATIENCE_S)


def test_a_request_becomes_its_pictures(engine):
    """Raw pixels in order, each with its seed, and the facts of how they were drawn."""
    request = request_for("a cat", "a dog", steps=5, guidance_scale=4.0)

    result = engine.draw(request, unwatched)

    assert [picture.picture for picture in result.pictures] == [0, 1]
    assert {(picture.width, picture.height, len(picture.rgb)) for picture in result.pictures} == {
        (128, 128, 128 * 128 * 3)
    }
    assert {picture.seed for picture in result.pictures} == {7}
    facts = result.facts
    assert (facts.scheduler, facts.steps, facts.guidance_scale) == ("DDIMScheduler", 5, 4.0)
    assert facts.model_sha256 == engine.ready.model_sha256


def test_progress_comes_with_previews(engine):
    """Steps rise to the last one; previews are JPEGs."""
    seen = []

    engine.draw(request_for("a cat", steps=6), seen.append)

    steps = [progress.step for progress in seen]
    assert steps == sorted(set(steps))
    assert steps[-1] == 6
    assert all(progress.preview_jpeg.startswith(b"\xff\xd8") for progress in seen)


def test_two_engines_draw_the_same_pixels(engine, supervisor):
    """A seed is a promise across processes, bit for bit."""
    request = request_for("a red apple on a blue background", steps=8)

    here = engine.draw(request, unwatched).pictures[0].rgb
    there = supervisor.draw(request, unwatched).pictures[0].rgb

    assert here == there


def test_several_requests_are_answered_each_with_its_own(engine):
    """Threads may ask at the same time; nobody gets another's picture.

    In company a value may be rounded the other way: by one, and one value in a thousand at most.
    """
    requests = [request_for("a cat", seed=seed) for seed in range(4)]
    alone = [engine.draw(request, unwatched).pictures[0].rgb for request in requests]

    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda request: engine.draw(request, unwatched), requests)
        together = [result.pictures[0].rgb for result in together]

    for ours, own in zip(together, alone, strict=True):
        apart = np.abs(np.frombuffer(ours, np.uint8).astype(int) - np.frombuffer(own, np.uint8))
        assert apart.max() <= 1
        assert (apart > 0).mean() <= 0.001


def test_a_cancelled_request_stops_at_its_next_step(engine):
    """The drawing ends early with its own code, and the engine is free for the next."""
    drawing = Drawing(engine, request_for("a cat", steps=ENDLESS_STEPS))

    engine.cancel(request_for("a cat", steps=ENDLESS_STEPS).request_id)

    error = drawing.error()
    assert isinstance(error, AppError)
    assert error.code == "cancelled"
    assert engine.draw(request_for("a dog"), unwatched).pictures


def test_a_waiting_request_can_be_cancelled_too(engine):
    """It never starts."""
    drawing = Drawing(engine, request_for("a cat", steps=ENDLESS_STEPS))
    waiting = request_for("a dog", steps=ENDLESS_STEPS)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(engine.draw, waiting, pytest.fail)
        wait_until(lambda: waiting.request_id in engine._inboxes)

        engine.cancel(waiting.request_id)
        engine.cancel(request_for("a cat", steps=ENDLESS_STEPS).request_id)

        assert outcome.exception(PATIENCE_S).code == "cancelled"
    assert drawing.error().code == "cancelled"


def test_a_caller_that_breaks_off_frees_the_engine(engine):
    """An error in the caller's own progress function cancels its drawing."""

    def break_off(_progress):
        raise KeyError("caller")

    with pytest.raises(KeyError):
        engine.draw(request_for("a cat", steps=ENDLESS_STEPS), break_off)

    assert engine.draw(request_for("a dog"), unwatched).pictures


@pytest.mark.parametrize(
    ("fields", "code", "facts"),
    [
        pytest.param(
            {"model": ModelSource(source="/no/such/model")},
            "model_not_found",
            {"value": "/no/such/model"},
            id="no such model",
        ),
    ],
)
def test_an_impossible_request_fails_with_its_code(engine, fields, code, facts):
    """The code and its facts cross the pipe; the engine goes on with the next request."""
    with pytest.raises(AppError) as failed:
        engine.draw(request_for("a cat", **fields), unwatched)

    assert (failed.value.code, failed.value.facts) == (code, facts)
    assert engine.draw(request_for("a dog"), unwatched).pictures


def test_an_engine_without_a_model_stays_and_says_why():
    """A wrong EASEL_MODEL is no crash loop: every request gets the reason."""
    supervisor = new_supervisor(ModelSource(source="/no/such/model"))
    supervisor.start()
    try:
        assert supervisor.wait_loaded(PATIENCE_S) is None
        pid = supervisor.pid

        with pytest.raises(AppError) as failed:
            supervisor.draw(
                request_for("a cat", model=ModelSource(source="/no/such/model")), unwatched
            )

        assert supervisor.load_failure == "model_not_found"
        assert failed.value.code == "model_not_found"
        assert supervisor.pid == pid
    finally:
        supervisor.stop()


def test_a_killed_engine_fails_its_requests_and_comes_back(supervisor):
    """SIGKILL costs the drawing under way; another child has started within a second."""
    assert supervisor.wait_loaded(PATIENCE_S)
    drawing = Drawing(supervisor, request_for("a cat", steps=ENDLESS_STEPS))
    killed = supervisor.pid

    os.kill(killed, signal.SIGKILL)
    error = drawing.error()
    died_at = time.monotonic()
    wait_until(lambda: supervisor.pid not in {None, killed})
    restart_s = time.monotonic() - died_at

    assert isinstance(error, EngineDied)
    assert error.code == "engine_died"
    assert restart_s < 1
    assert supervisor.draw(request_for("a dog"), unwatched).pictures


def test_a_hung_engine_is_killed_and_replaced():
    """A stopped process says nothing for too long; it is not waited for, and not left behind."""
    supervisor = new_supervisor(hang_timeout_s=5.0)
    supervisor.start()
    try:
        assert supervisor.wait_loaded(PATIENCE_S)
        drawing = Drawing(supervisor, request_for("a cat", steps=ENDLESS_STEPS))
        hung = supervisor.pid

        os.kill(hung, signal.SIGSTOP)

        assert drawing.error().code == "engine_hung"
        assert not psutil.pid_exists(hung)
    finally:
        supervisor.stop()


def test_an_idle_engine_is_not_taken_for_a_hung_one(engine):
    """Silence means something only while somebody waits."""
    child = engine._child
    child.heard_at -= 10 * PATIENCE_S

    assert not engine._is_hung(child)
    assert engine.draw(request_for("a dog"), unwatched).pictures


def test_stopping_ends_the_child_and_tells_who_waits(supervisor):
    """Requests under way get an error that sends them round again; nothing is left running."""
    assert supervisor.wait_loaded(PATIENCE_S)
    drawing = Drawing(supervisor, request_for("a cat", steps=ENDLESS_STEPS))
    pid = supervisor.pid

    supervisor.stop(grace_s=0.1)

    assert drawing.error().code == "engine_stopped"
    assert not psutil.pid_exists(pid)
    with pytest.raises(EngineDied):
        supervisor.draw(request_for("a dog"), unwatched)


def test_a_drained_engine_ends_after_its_step_with_what_it_had_drawn(supervisor, engine):
    """Who waits gets it to go on with; another engine draws the rest, bit for bit the same."""
    assert supervisor.wait_loaded(PATIENCE_S)
    asked = request_for("a cat", steps=12)
    drawing = Drawing(supervisor, asked)
    pid = supervisor.pid

    supervisor.drain(PATIENCE_S)

    drained = drawing.error()
    assert isinstance(drained, EngineDrained)
    assert not psutil.pid_exists(pid)
    with pytest.raises(EngineDrained):
        supervisor.draw(asked, unwatched)
    seen = []
    resumed = asked.model_copy(update={"resume": drained.snapshot})
    rest = engine.draw(resumed, seen.append).pictures[0].rgb
    assert rest == engine.draw(asked, unwatched).pictures[0].rgb
    assert seen[0].step > 1


def test_a_draining_engine_that_does_not_answer_is_killed(supervisor):
    """Its requests go back without anything to go on with."""
    assert supervisor.wait_loaded(PATIENCE_S)
    drawing = Drawing(supervisor, request_for("a cat", steps=ENDLESS_STEPS))
    os.kill(supervisor.pid, signal.SIGSTOP)

    supervisor.drain(0.2)

    drained = drawing.error()
    assert isinstance(drained, EngineDrained)
    assert drained.snapshot == b""


def test_a_suspect_takes_nobody_down_with_it(supervisor):
    """Two die with a poisonous request; alone, the innocent one is drawn and the other one dies."""
    assert supervisor.wait_loaded(PATIENCE_S)
    poison = request_for("a cat", request_id="poison", steps=ENDLESS_STEPS)
    mate = request_for("a dog", request_id="mate", steps=ENDLESS_STEPS)

    def kill(_progress):
        os.kill(supervisor.pid, signal.SIGKILL)

    def draw_both(poison, mate):
        with ThreadPoolExecutor(2) as pool:
            innocent = pool.submit(supervisor.draw, mate, unwatched)
            wait_until(lambda: "mate" in supervisor._inboxes or innocent.done())
            guilty = pool.submit(supervisor.draw, poison, kill)
            return guilty.exception(PATIENCE_S), innocent.exception(PATIENCE_S)

    together = draw_both(poison, mate)
    alone = {"is_solo": True}
    apart = draw_both(
        poison.model_copy(update=alone), mate.model_copy(update={**alone, "steps": 4})
    )

    assert [error.code for error in together] == ["engine_died", "engine_died"]
    assert apart[0].code == "engine_died"
    assert apart[1] is None


def test_silence_is_measured_in_the_engines_own_steps(engine):
    """Ten of the longest, but at least what the settings say; two minutes before the first."""
    child = engine._child
    inboxes, pace_s = engine._inboxes, child.pace_s
    try:
        engine._inboxes = {"r": None}
        hung = {}
        for pace in (None, 0.1, 20.0):
            for silence_s in (100.0, 130.0, 210.0):
                child.pace_s, child.heard_at = pace, time.monotonic() - silence_s
                hung[pace, silence_s] = engine._is_hung(child)
    finally:
        engine._inboxes, child.pace_s, child.heard_at = inboxes, pace_s, time.monotonic()

    assert [key for key, is_hung in hung.items() if is_hung] == [
        (None, 130.0),
        (None, 210.0),
        (0.1, 100.0),
        (0.1, 130.0),
        (0.1, 210.0),
        (20.0, 210.0),
    ]


def test_signals_to_the_group_do_not_reach_the_drawing(engine):
    """Ctrl-C and a service manager's SIGTERM are the worker's to act on."""
    pid = engine.pid

    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)

    assert engine.draw(request_for("a dog"), unwatched).pictures
    assert engine.pid == pid


WORKER = f"""
import logging, time
import structlog
from worker.engine.messages import ModelSource, Start
from worker.engine.supervisor import Supervisor
supervisor = Supervisor(
    Start(model=ModelSource(source={SHIPPED.source!r})), hang_timeout_s=60, load_timeout_s=60
)
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
supervisor.start()
while supervisor.pid is None:
    time.sleep(0.01)
print(supervisor.pid, flush=True)
if {{is_loaded}}:
    supervisor.wait_loaded(60)
    print("loaded", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    "is_loaded", [pytest.param(False, id="loading"), pytest.param(True, id="idle")]
)
def test_a_killed_worker_leaves_no_engine_behind(is_loaded):
    """SIGKILL of the parent closes the pipe, and the child ends with it."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.format(is_loaded=is_loaded)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        text=True,
    )
    with worker:
        engine_pid = int(worker.stdout.readline())
        if is_loaded:
            assert worker.stdout.readline() == "loaded\n"

        worker.kill()

        wait_until(lambda: has_ended(engine_pid))


def test_the_engine_says_nothing_but_its_own_log(capfd):
    """No progress bar, no deprecation, and above all no prompt: too long a one is truncated quietly."""
    supervisor = new_supervisor()
    supervisor.start()
    try:
        supervisor.draw(request_for("a secretword " * 60), unwatched)
    finally:
        supervisor.stop()

    out, err = capfd.readouterr()
    foreign = [line for line in err.splitlines() if "model_loaded" not in line]
    assert foreign == []
    assert "secretword" not in out + err
