"""Measure the engine as a process: how soon it stops, hands its work back, and comes again."""

import os
import signal
import statistics
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from bench.engine_load import ask
from bench.engine_numerics import MODEL
from bench.report import percentile
from core.errors import AppError
from worker.engine.messages import DrawProgress, DrawRequest, Start
from worker.engine.supervisor import Supervisor

ENDLESS_STEPS = 900
PATIENCE_S = 180.0
CANCELS = 12
OPEN_AT_DRAIN = 4


class Drawing:
    """A draw under way in a thread, and when its steps came."""

    def __init__(self, supervisor: Supervisor, request: DrawRequest, pool: ThreadPoolExecutor):
        self.steps_at: list[float] = []
        self.has_begun = threading.Event()
        self.ended_at = 0.0
        self.outcome: Future[Exception | None] = pool.submit(self._draw, supervisor, request)

    def _draw(self, supervisor: Supervisor, request: DrawRequest) -> Exception | None:
        try:
            supervisor.draw(request, self._hear)
        except AppError as error:
            return error
        finally:
            self.ended_at = time.monotonic()
        return None

    def _hear(self, progress: DrawProgress) -> None:
        self.steps_at.append(time.monotonic())
        if progress.step >= 3:
            self.has_begun.set()

    def step_s(self) -> float:
        """Tell the longest of its steps: a cancel may fall into that one."""
        gaps = [
            after - before for before, after in zip(self.steps_at, self.steps_at[1:], strict=False)
        ]
        return max(gaps, default=0.0)


def measure() -> dict[str, Any]:
    """Cancel, kill and drain real engines with the shipped model."""
    started = time.monotonic()
    supervisor = Supervisor(
        Start(model=MODEL, preview_interval_s=3600), hang_timeout_s=60, load_timeout_s=PATIENCE_S
    )
    supervisor.start()
    try:
        if supervisor.wait_loaded(PATIENCE_S) is None:
            raise RuntimeError(supervisor.load_failure or "not loaded in time")
        load_s = time.monotonic() - started
        with ThreadPoolExecutor(OPEN_AT_DRAIN) as pool:
            cancels = [_cancel(supervisor, pool, index) for index in range(CANCELS)]
            restart_s = _kill(supervisor, pool, load_s)
            drain = _drain(supervisor, pool)
    finally:
        supervisor.stop()
    over_ms = [(latency_s - step_s) * 1000 for latency_s, step_s in cancels]
    return {
        "cancel_p95_ms": percentile(over_ms, 0.95),
        "cancel_over_a_step_ms": over_ms,
        "cancel_step_p50_ms": statistics.median(step_s for _, step_s in cancels) * 1000,
        "engine_load_s": load_s,
        **restart_s,
        **drain,
    }


def _cancel(supervisor: Supervisor, pool: ThreadPoolExecutor, index: int) -> tuple[float, float]:
    """Call one back in the middle; tell how long it took, and how long its steps were."""
    request = ask(f"cancel{index}", ENDLESS_STEPS, 1, index)
    drawing = Drawing(supervisor, request, pool)
    drawing.has_begun.wait(PATIENCE_S)
    told_at = time.monotonic()
    supervisor.cancel(request.request_id)
    drawing.outcome.result(PATIENCE_S)
    return drawing.ended_at - told_at, drawing.step_s()


def _kill(supervisor: Supervisor, pool: ThreadPoolExecutor, load_s: float) -> dict[str, float]:
    """Kill the engine; tell when what it drew takes steps again, and what that owes to loading."""
    first = Drawing(supervisor, ask("killed", ENDLESS_STEPS, 1, 0), pool)
    first.has_begun.wait(PATIENCE_S)
    victim = supervisor.pid
    killed_at = time.monotonic()
    os.kill(victim or 0, signal.SIGKILL)
    first.outcome.result(PATIENCE_S)
    told_s = time.monotonic() - killed_at
    while supervisor.pid in {None, victim}:
        time.sleep(0.001)
    spawned_s = time.monotonic() - killed_at
    second = Drawing(supervisor, ask("again", ENDLESS_STEPS, 1, 0), pool)
    ready = supervisor.wait_loaded(PATIENCE_S)
    ready_at = time.monotonic()
    second.has_begun.wait(PATIENCE_S)
    first_step_s = second.steps_at[0] - ready_at
    supervisor.cancel("again")
    second.outcome.result(PATIENCE_S)
    return {
        # What is not loading: noticing, a new process, and from loaded to the first step.
        "engine_restart_s": spawned_s + max(0.0, first_step_s),
        "engine_death_noticed_s": told_s,
        "engine_back_s": time.monotonic() - killed_at,
        "engine_reload_s": 0.0 if ready is None else ready_at - killed_at - spawned_s,
        "engine_first_load_s": load_s,
    }


def _drain(supervisor: Supervisor, pool: ThreadPoolExecutor) -> dict[str, float]:
    """Drain it with several under way; tell how long beyond a step until all have their answer."""
    drawings = [
        Drawing(supervisor, ask(f"drain{index}", ENDLESS_STEPS, 1, index), pool)
        for index in range(OPEN_AT_DRAIN)
    ]
    for drawing in drawings:
        drawing.has_begun.wait(PATIENCE_S)
    told_at = time.monotonic()
    supervisor.drain(PATIENCE_S)
    ended_s = time.monotonic() - told_at
    errors = [drawing.outcome.result(PATIENCE_S) for drawing in drawings]
    kept = [len(getattr(error, "snapshot", b"")) for error in errors]
    step_s = max(drawing.step_s() for drawing in drawings)
    return {
        "drain_s": max(0.0, ended_s - step_s),
        "drain_step_s": step_s,
        "drain_kept": sum(size > 0 for size in kept),
        "drain_snapshot_bytes": max(kept),
    }
