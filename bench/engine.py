"""Measure the engine: its batch, its turns, its numbers, and how it stops and comes again.

    python -m bench.engine [--rounds 2] [--requests 120] [--jobs 20]

Turns are measured in processor time of the real loop on one core, so that a busy neighbour does
not change them; what the machine draws by the wall clock on all of its cores, and on one beside
it; stops and restarts in time that people wait, with a step's own time taken off where the promise
is one step and a little.
"""

import argparse
import os
import time
from typing import Any

from bench.report import Figure, publish

# Before torch is there: two threads that spin beside a busy neighbour take fifty times as long.
os.environ.update({"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"})
os.environ.update({"TRANSFORMERS_VERBOSITY": "error", "DIFFUSERS_VERBOSITY": "error"})


def loaded() -> Any:
    """Load the shipped model into this process, as the engine does."""
    from bench.engine_numerics import MODEL
    from worker.engine.messages import Start
    from worker.engine.pipelines import prepare
    from worker.engine.residents import Residents

    start = Start(model=MODEL, device="cpu", cpu_parts=1)
    prepare(start)
    resident = Residents(start, lambda _message: None).get(MODEL, busy=())
    if resident is None:
        raise RuntimeError("the shipped model does not fit into this machine")
    return resident


def measured(rounds: int, requests: int, jobs: int) -> dict[str, dict[str, Any]]:
    """Run every part, and tell how long each took."""
    from bench import engine_celery, engine_load, engine_numerics, engine_process

    began = time.monotonic()
    resident = loaded()
    parts: dict[str, dict[str, Any]] = {}

    def run(name: str, part: Any, *arguments: Any) -> dict[str, Any]:
        parts[name] = part(*arguments)
        print(f"{name}: done after {time.monotonic() - began:.0f} s", flush=True)
        return parts[name]

    run("throughput", engine_load.throughput, resident, rounds)
    run("short_jobs", engine_load.short_jobs, resident, requests)
    run("numerics", engine_numerics.difference_share, 1)
    run("process", engine_process.measure)
    run("celery", engine_celery.measure, jobs)
    return parts


def figures_of(parts: dict[str, dict[str, Any]]) -> list[Figure]:
    """Hold what was measured against what was promised."""
    numerics, process = parts["numerics"], parts["process"]
    bitwise = {
        key: sum(numerics[key].values()) / len(numerics[key])
        for key in ("bitwise_reproducible", "bitwise_resume")
    }
    return [
        Figure(
            "throughput_ratio_8_slots", "eight slots against sequential pipeline calls",
            parts["throughput"]["throughput_ratio_8_slots"], "x", 1.7, higher_is_better=True,
        ),
        Figure(
            "throughput_ratio_one_core", "the same on one core, in processor time",
            parts["throughput"]["throughput_ratio_one_core"], "x", None, higher_is_better=True,
        ),
        Figure(
            "short_job_p95_ratio", "4-step p95 at load 0.8 against order of arrival",
            parts["short_jobs"]["short_job_p95_ratio"], "x", 0.25,
        ),
        Figure(
            "celery_overhead_p95_ms", "way through broker and database, p95",
            parts["celery"]["celery_overhead_p95_ms"], "ms", 30.0,
        ),
        Figure(
            "max_8bit_diff_percent", "8-bit values that differ from the stock pipeline's",
            100 * numerics["max_8bit_diff_share"], "%", 0.1,
        ),
        Figure(
            "max_8bit_diff_share", "the same as a share", numerics["max_8bit_diff_share"], "",
            0.001,
        ),
        Figure("max_8bit_diff", "by how much at most", numerics["max_8bit_diff"], "", 1.0),
        Figure(
            "bitwise_reproducible_share", "schedulers bitwise the same in any company",
            bitwise["bitwise_reproducible"], "", 1.0, higher_is_better=True,
        ),
        Figure(
            "bitwise_resume_share", "schedulers bitwise the same after a stop",
            bitwise["bitwise_resume"], "", 1.0, higher_is_better=True,
        ),
        Figure(
            "cancel_p95_ms", "cancel beyond the step, p95", process["cancel_p95_ms"], "ms", 50.0,
        ),
        Figure("drain_s", "drain, beyond the step", process["drain_s"], "s", 1.0),
        Figure(
            "engine_restart_s", "killed engine at work again, beyond loading",
            process["engine_restart_s"], "s", 1.0,
        ),
    ]  # fmt: skip


def main() -> None:
    """Measure everything, print the table and write it down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=2, help="repeats of the throughput")
    parser.add_argument("--requests", type=int, default=120, help="requests for the turns")
    parser.add_argument("--jobs", type=int, default=20, help="jobs sent through the broker")
    asked = parser.parse_args()
    parts = measured(asked.rounds, asked.requests, asked.jobs)
    publish("engine", figures_of(parts), parts)


if __name__ == "__main__":
    main()
