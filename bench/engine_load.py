"""Load the engine's real loop, on a clock that only runs while it works.

Who waits for whom is measured on one core, by this process's processor time with idle stretches
skipped. So a neighbour that wants the same cores stretches the run, but not the figures, and
arrivals come as they would on a machine of one's own. How much the machine draws is measured by
the wall clock, for all its cores take part; the same on one core stands beside it.
"""

import dataclasses
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import UNet2DConditionModel

from bench.engine_numerics import MODEL
from bench.report import percentile
from core.prompts import weigh
from worker.engine.families.choice import family_of
from worker.engine.families.side_by_side import SideBySide, available_parts
from worker.engine.loop import Loop
from worker.engine.messages import DrawFinished, DrawRequest, FromEngine, PictureOrder, Start
from worker.engine.pixels import to_pixels
from worker.engine.residents import Resident
from worker.engine.turns import Candidate, Room, Turns
from worker.engine.whole import Whole

SLOTS = 8
LOAD = 0.8
SHORT_STEPS, LONG_STEPS = 4, 30
PROMPTS = ("a red apple on a blue background", "a rocket", "a cat in space", "a green heart")


wall_s = time.monotonic
"""The wall clock, as it was before anybody replaced it."""


class Clock:
    """What a clock tells, and what was skipped."""

    def __init__(self, read_s: Callable[[], float]) -> None:
        self._read_s = read_s
        self._skipped_s = -read_s()

    def __call__(self) -> float:
        """Read it, in seconds."""
        return self._read_s() + self._skipped_s

    def skip_to(self, moment: float) -> None:
        """Go on to a moment at which there is something to do."""
        self._skipped_s += max(0.0, moment - self())


@contextmanager
def own_clock(read_s: Callable[[], float]) -> Iterator[Clock]:
    """Let the engine's modules measure with a clock of this kind."""
    clock, monotonic = Clock(read_s), time.monotonic
    time.monotonic = clock  # type: ignore[assignment] # a callable without arguments, as it was.
    try:
        yield clock
    finally:
        time.monotonic = monotonic


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request, and when it comes."""

    at: float
    request: DrawRequest


class Mailbox:
    """Bring requests as they are due, no more than so many at a time; close after the last one."""

    def __init__(self, clock: Clock, arrivals: Sequence[Arrival], most: int) -> None:
        self._clock = clock
        self._due = sorted(arrivals, key=lambda each: each.at)
        self._most = most
        self._open = 0
        self.finished_at: dict[str, float] = {}
        self.is_draining = False
        self.is_closing = False

    def wait(self, _timeout_s: float | None = None) -> None:
        """Skip to the next arrival."""
        if self._due:
            self._clock.skip_to(self._due[0].at)
        else:
            self.is_closing = True

    def take(self) -> tuple[list[DrawRequest], set[str]]:
        """Take what is due."""
        arrived = []
        while self._due and self._due[0].at <= self._clock() and self._open < self._most:
            arrived.append(self._due.pop(0).request)
            self._open += 1
        return arrived, set()

    def hear(self, message: FromEngine) -> None:
        """Listen as the worker does; writing a message down is part of the engine's work."""
        message.model_dump_json()
        if isinstance(message, DrawFinished):
            self.finished_at[message.request_id] = self._clock()
            self._open -= 1


class FirstComeFirstServed:
    """Continuous batching with no other idea than the order of arrival: what it is held against."""

    def order(self, waiting: list[Candidate], _now: float) -> list[Candidate]:
        """List who waits, the earliest first."""
        return sorted(waiting, key=lambda each: (each.arrived_at, each.request_id, each.picture))

    def choose(self, waiting: list[Candidate], now: float, room: Room) -> list[Candidate]:
        """Take the earliest, and whoever may go with it."""
        ready = [each for each in self.order(waiting, now) if each.is_ready]
        of_key = [each for each in ready if each.key == ready[0].key]
        return of_key[: max(1, room(of_key[0].key, len(of_key)))] if of_key else []

    def charge(self, chosen: list[Candidate], took_s: float) -> None:
        """Keep no accounts."""


def ask(name: str, steps: int, count: int, seed: int) -> DrawRequest:
    """Ask for some pictures, as a stranger to all others."""
    orders = (
        PictureOrder(parts=weigh(PROMPTS[(seed + index) % len(PROMPTS)]), seed=seed + index)
        for index in range(count)
    )
    return DrawRequest(
        request_id=name,
        model=MODEL,
        pictures=tuple(orders),
        steps=steps,
        guidance_scale=4.0,
        has_previews=False,
        owner=name,
    )


def run(
    resident: Resident,
    arrivals: Callable[[Clock], Sequence[Arrival]],
    *,
    most: int = 1000,
    turns: Any = None,
    read_s: Callable[[], float] = time.process_time,
) -> tuple[dict[str, float], float]:
    """Let a loop serve arrivals; tell when each was finished, and what it took in all."""
    with own_clock(read_s) as clock:
        start = Start(model=MODEL, preview_interval_s=3600)
        mailbox = Mailbox(clock, (), most)
        loop = Loop(mailbox, start, mailbox.hear, turns)  # type: ignore[arg-type] # of its shape.
        adopt(loop, resident)
        learn(loop)
        began = clock()
        mailbox = Mailbox(clock, arrivals(clock), most)
        loop._mailbox, loop._say, loop._reports._say = mailbox, mailbox.hear, mailbox.hear  # noqa: SLF001
        loop.run()
        return mailbox.finished_at, clock() - began


def adopt(loop: Loop, resident: Resident) -> None:
    """Have a model in memory that was loaded before."""
    residents = loop._residents  # noqa: SLF001 - loading is not what is measured.
    residents.ledger.admit(MODEL, 0, busy=(), evict=lambda _: None)
    residents._models[MODEL] = resident  # noqa: SLF001


def learn(loop: Loop) -> None:
    """Take the lessons of idle moments before the load begins."""
    while not loop._lessons.are_over:  # noqa: SLF001
        loop._lessons.learn_one()  # noqa: SLF001


def throughput(resident: Resident, rounds: int) -> dict[str, Any]:
    """Compare a mixed load in eight slots with the stock pipeline, one call after another.

    The stock pipeline gets as many threads as serve it best: one, or one for each core.
    """
    chance = random.Random(5)
    steps = [chance.choice((4, 8, 12, 20, 30)) for _ in range(6 * SLOTS)]
    requests = [ask(f"r{index}", count, 1, index) for index, count in enumerate(steps)]
    cores = available_parts(1)
    everywhere = spread(resident, cores)

    def engine_s(asked: Resident, read_s: Callable[[], float]) -> float:
        arrivals = [Arrival(0.0, each) for each in requests]
        return run(asked, lambda _: arrivals, most=SLOTS, read_s=read_s)[1]

    def stock_s(threads: int, read_s: Callable[[], float]) -> float:
        torch.set_num_threads(threads)
        began = read_s()
        for request in requests:
            call(resident.model.pipeline, request)
        torch.set_num_threads(1)
        return read_s() - began

    taken: dict[str, list[float]] = {
        name: [] for name in ("engine_s", "stock_s", "one_core_s", "stock_one_core_s")
    }
    by_threads = {threads: stock_s(threads, wall_s) for threads in {1, cores}}
    best = min(by_threads, key=lambda threads: by_threads[threads])
    for _ in range(rounds):
        taken["engine_s"].append(engine_s(everywhere, wall_s))
        taken["stock_s"].append(stock_s(best, wall_s))
        taken["one_core_s"].append(engine_s(resident, time.process_time))
        taken["stock_one_core_s"].append(stock_s(1, time.process_time))
    ratios = {
        name: [a / b for a, b in zip(taken[stock], taken[own], strict=True)]
        for name, stock, own in (
            ("all_cores", "stock_s", "engine_s"),
            ("one_core", "stock_one_core_s", "one_core_s"),
        )
    }
    return {
        "requests": len(requests),
        "evaluations": sum(steps),
        "cores": cores,
        "stock_threads": best,
        "stock_by_threads_s": by_threads,
        **taken,
        "ratios": ratios,
        "throughput_ratio_8_slots": statistics.median(ratios["all_cores"]),
        "throughput_ratio_one_core": statistics.median(ratios["one_core"]),
        "evaluation_s": statistics.median(taken["engine_s"]) / sum(steps),
    }


def spread(resident: Resident, cores: int) -> Resident:
    """Have the same model drawn on all cores."""
    model = resident.model
    family = family_of(model.pipeline, MODEL, None, SideBySide(cores))
    return dataclasses.replace(resident, family=family)


@torch.inference_mode()
def call(pipeline: Any, request: DrawRequest) -> None:
    """Draw with diffusers' own pipeline."""
    order = request.pictures[0]
    width, height = 2 * (request.model.native_size or pipeline.unet.config.sample_size,)
    images = pipeline(
        prompt=order.parts[0].text,
        num_inference_steps=request.steps,
        guidance_scale=request.guidance_scale,
        width=width if request.model.native_size else None,
        height=height if request.model.native_size else None,
        generator=torch.Generator("cpu").manual_seed(order.seed),
        output_type="np",
    ).images
    to_pixels(images[0])


def narrowed(resident: Resident) -> Resident:
    """Give the shipped model a narrow UNet of random weights.

    Who waits for whom does not depend on what is drawn, and a percentile needs many requests.
    """
    pipeline = resident.model.pipeline
    config = {**pipeline.unet.config, "block_out_channels": (32, 32), "norm_num_groups": 8}
    torch.manual_seed(0)
    unet = UNet2DConditionModel.from_config(config).eval()  # type: ignore[no-untyped-call] # diffusers'.
    narrow = type(pipeline)(**{**pipeline.components, "unet": unet}, requires_safety_checker=False)
    narrow.set_progress_bar_config(disable=True)
    model = dataclasses.replace(resident.model, pipeline=narrow)
    return Resident(model, family_of(narrow, MODEL), Whole(narrow, MODEL))


def work_s(resident: Resident) -> float:
    """Measure what one evaluation takes in good company, with all that belongs to a picture."""
    requests = [
        ask(f"w{index}", (SHORT_STEPS, LONG_STEPS)[index % 2], 1, index) for index in range(32)
    ]
    _, took_s = run(resident, lambda _: [Arrival(0.0, each) for each in requests], most=SLOTS)
    return took_s / sum(request.steps for request in requests)


def short_jobs(shipped: Resident, count: int) -> dict[str, Any]:
    """Compare how long 4-step requests take among long ones, in turns and in order of arrival."""
    resident = narrowed(shipped)
    mean_s = (SHORT_STEPS + LONG_STEPS * 2.5) / 2 * work_s(resident)
    chance = random.Random(3)
    plan: list[tuple[float, DrawRequest]] = []
    at = 0.0
    for index in range(count):
        at += chance.expovariate(LOAD / mean_s)
        is_short = chance.random() < 0.5
        steps, pictures = (SHORT_STEPS, 1) if is_short else (LONG_STEPS, chance.randint(1, 4))
        plan.append((at, ask(f"{'short' if is_short else 'long'}{index}", steps, pictures, index)))

    def arrivals(clock: Clock) -> list[Arrival]:
        begins = clock()
        return [Arrival(begins + at, request) for at, request in plan]

    p95 = {}
    detail: dict[str, Any] = {"requests": count, "load": LOAD, "mean_work_s": mean_s}
    for name, turns in (("turns", Turns()), ("arrival", FirstComeFirstServed())):
        took = waits(resident, arrivals, turns)
        short = [wait for request_id, wait in took.items() if request_id.startswith("short")]
        long = [wait for request_id, wait in took.items() if request_id.startswith("long")]
        p95[name] = percentile(short, 0.95)
        detail[name] = {
            "short_p50_s": statistics.median(short),
            "short_p95_s": p95[name],
            "long_p95_s": percentile(long, 0.95),
            "mean_s": statistics.mean(took.values()),
        }
    return {**detail, "short_job_p95_ratio": p95["turns"] / p95["arrival"]}


def waits(
    resident: Resident, arrivals: Callable[[Clock], Sequence[Arrival]], turns: Any
) -> dict[str, float]:
    """Tell how long each request took from its arrival to its end."""
    came: dict[str, float] = {}

    def noted(clock: Clock) -> Sequence[Arrival]:
        planned = arrivals(clock)
        came.update({each.request.request_id: each.at for each in planned})
        return planned

    finished, _ = run(resident, noted, turns=turns)
    return {name: finished[name] - at for name, at in came.items()}
