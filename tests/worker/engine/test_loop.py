"""Requests join and leave a running batch; none of them is another's trouble."""

import time

import pytest
import torch

from core.prompts import PromptPart
from tests.worker.engine.loops import Run, tiny_resident
from tests.worker.engine.tiny_diffusion import TINY
from tests.worker.engine.tiny_pipelines import save_unconditional
from tests.worker.engines import SHIPPED, request_for
from worker.engine import lessons
from worker.engine import residents as residents_module
from worker.engine.drawing import Drawing
from worker.engine.families.base import BUCKETS
from worker.engine.messages import (
    DrawFinished,
    DrawProgress,
    ImageInput,
    ModelSource,
    Pace,
    PictureDrawn,
    PictureOrder,
    Ready,
    Start,
)
from worker.engine.pipelines import prepare
from worker.engine.residents import Residents


def loaded(source):
    start = Start(model=source)
    prepare(start)
    return Residents(start, lambda _message: None).get(source, busy=())


@pytest.fixture(scope="module")
def resident():
    return tiny_resident()


@pytest.fixture(scope="module")
def unconditional(tmp_path_factory):
    """A pipeline that shares no steps, loaded once."""
    folder = tmp_path_factory.mktemp("unconditional")
    save_unconditional(folder)
    return loaded(ModelSource(source=str(folder)))


def ask(name, steps=4, *, seed=7, prompts=("a red apple",), **fields):
    defaults = {"request_id": name, "steps": steps, "seed": seed, "model": TINY}
    return request_for(*prompts, **{**defaults, **fields})


def alone(resident, request, **start):
    return Run(resident, **start).go(request).pixels(request.request_id)


def failing(monkeypatch, seed, error):
    """Let one drawing's own step fail, after the forward that it shares."""
    advance = Drawing.advance

    def fail(drawing, prediction):
        if drawing.generator.initial_seed() == seed:
            raise error
        advance(drawing, prediction)

    monkeypatch.setattr(Drawing, "advance", fail)


def out_of_memory_above(monkeypatch, resident, most):
    """Let a forward of more than so many drawings not fit; list the sizes that were tried."""
    predict = resident.family.predict
    sizes = []

    def predicted(drawings, bucket):
        sizes.append(len(drawings))
        if len(drawings) > most:
            raise torch.OutOfMemoryError
        return predict(drawings, bucket)

    monkeypatch.setattr(resident.family, "predict", predicted)
    return sizes


def test_a_request_that_joins_late_and_is_short_leaves_early(resident):
    """It takes its first step beside the long one's next, and is not made to wait for its end."""
    run = Run(resident)
    run.when_step("long", 4, lambda: run.ask(ask("short", 4, seed=8)))

    run.go(ask("long", 20))

    assert run.order() == ["short", "long"]
    steps = run.steps()
    joined = steps.index(("short", 0, 1))
    assert steps.index(("long", 0, 4)) < joined < steps.index(("long", 0, 6))
    assert [step for name, _, step in steps if name == "long"] == list(range(1, 21))


def test_company_changes_no_picture_visibly(resident):
    """Each gets what it gets alone, but for the last bit of rounding."""
    requests = [ask(f"r{seed}", 4 + seed, seed=seed) for seed in range(4)]

    together = Run(resident).go(*requests)

    for request in requests:
        (here,), (there,) = together.pixels(request.request_id), alone(resident, request)
        assert max(abs(a - b) for a, b in zip(here, there, strict=True)) <= 1


def test_in_reproducible_mode_company_changes_not_one_bit(resident):
    """By the request's own wish, or by the engine's setting for all."""
    asked = ask("r", 5, is_reproducible=True)
    others = [ask(f"r{seed}", 4 + seed, seed=seed) for seed in range(2)]

    together = Run(resident).go(*others, asked).pixels("r")

    assert together == alone(resident, asked)
    assert together == alone(resident, ask("r", 5), is_reproducible=True)


def test_the_pictures_of_a_request_are_drawn_together(resident):
    """Four pictures take turns with nobody: their steps alternate."""
    run = Run(resident).go(ask("four", 4, prompts=("a cat",) * 4))

    firsts = [picture for _, picture, step in run.steps() if step == 1]
    assert sorted(firsts) == [0, 1, 2, 3]
    assert run.steps().index(("four", 3, 1)) < run.steps().index(("four", 0, 4))
    assert len(run.pixels("four")) == 4


def test_each_picture_says_its_share_of_the_device(resident):
    """Two that share each step have half of it each; the sum is no more than the time itself."""
    began = time.monotonic()

    run = Run(resident).go(ask("a", 8), ask("b", 8, seed=8))

    took_s = time.monotonic() - began
    a, b = (each.gpu_s for each in run.of(PictureDrawn))
    assert 0 < a + b <= took_s
    assert min(a, b) > 0.2 * (a + b)


def test_a_request_that_is_called_back_stops_at_once(resident):
    """Not one more step after the one under way; the others notice nothing."""
    run = Run(resident)
    run.when_step("gone", 3, lambda: run.mailbox.cancelled.add("gone"))

    run.go(ask("gone", 30), ask("stays", 6, seed=8))

    assert run.failures() == {"gone": "cancelled"}
    assert run.steps("gone")[-1] == ("gone", 0, 3)
    assert run.order() == ["stays"]


def test_a_request_is_called_back_in_the_breath_in_which_it_came(resident):
    """It is answered without having begun."""
    run = Run(resident)
    run.mailbox.cancelled.add("gone")

    run.go(ask("gone", 30))

    assert run.failures() == {"gone": "cancelled"}
    assert run.steps() == []


def test_a_request_that_cannot_begin_fails_alone(resident):
    """With its own code, before anybody else's step."""
    run = Run(resident).go(ask("bad", scheduler="NoSuchScheduler"), ask("good", seed=8))

    assert run.failures() == {"bad": "scheduler_unusable"}
    assert run.order() == ["good"]


def test_a_member_that_fails_in_a_step_fails_alone(resident, monkeypatch):
    """Its batch mates take that very step, once, and their pictures are as ever."""
    mates = [ask("m1", 5, seed=1), ask("m2", 5, seed=2)]
    expected = [alone(resident, mate) for mate in mates]
    failing(monkeypatch, 13, RuntimeError("a bug of one scheduler"))

    run = Run(resident).go(mates[0], ask("bad", 5, seed=13), mates[1])

    assert run.failures() == {"bad": "draw_failed"}
    for mate, (before,) in zip(mates, expected, strict=True):
        (after,) = run.pixels(mate.request_id)
        assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 1
        assert [step for *_, step in run.steps(mate.request_id)] == [1, 2, 3, 4, 5]


def test_what_does_not_fit_into_memory_is_drawn_in_smaller_company(resident, monkeypatch):
    """The batch is halved until it fits; nobody fails, and so many are not tried again."""
    sizes = out_of_memory_above(monkeypatch, resident, 2)
    requests = [ask(f"r{seed}", 4, seed=seed) for seed in range(6)]

    run = Run(resident).go(*requests)

    assert run.failures() == {}
    assert sorted(run.order()) == sorted(each.request_id for each in requests)
    assert sum(size > 2 for size in sizes) <= 3


def test_what_does_not_even_fit_alone_fails(resident, monkeypatch):
    """With the code that says so, and the engine goes on."""
    out_of_memory_above(monkeypatch, resident, 0)

    run = Run(resident).go(ask("a"), ask("b", seed=8))

    assert run.failures() == {"a": "out_of_memory", "b": "out_of_memory"}


def test_what_only_makes_steps_quicker_goes_before_anything_else(resident, monkeypatch):
    """Once it is gone the same step is taken again, and no later one is smaller for it."""
    run = Run(resident)
    kept = [1]
    run.loop._residents.ledger.pin(TINY, 1, kept.clear)
    predict = resident.family.predict

    def predicted(drawings, bucket):
        if kept:
            raise torch.OutOfMemoryError
        return predict(drawings, bucket)

    monkeypatch.setattr(resident.family, "predict", predicted)

    run.go(ask("r", prompts=("a", "b")))

    assert run.order() == ["r"]
    assert {times.cap for times in run.loop._stepper.timing._times.values()} == {BUCKETS[-1]}


def test_a_model_that_can_not_fit_is_refused_before_it_is_loaded():
    """Its weights are counted from its files."""
    run = Run(memory_gib=0.001, model=SHIPPED).go(ask("a", model=SHIPPED))

    assert run.failures() == {"a": "model_too_large"}
    assert run.of(Ready) == []


def test_a_second_model_is_loaded_beside_the_first(resident, unconditional, monkeypatch):
    """Both stay, and requests of the first one need not load it again."""
    loads = []
    load = residents_module.pipelines.load
    monkeypatch.setattr(
        residents_module.pipelines,
        "load",
        lambda source, *args: loads.append(source) or load(source, *args),
    )
    other = unconditional.model.source

    run = Run(resident).go(ask("a"), ask("b", model=other), ask("c", seed=8))

    assert sorted(run.order()) == ["a", "b", "c"]
    assert loads == [other]


def test_a_drained_engine_hands_over_what_it_had_drawn(resident):
    """Another one goes on: finished pictures ride along, half-drawn ones come out bitwise the same."""
    order = PictureOrder(parts=(PromptPart("a cat", 1.0),), seed=9)
    asked = ask("r", 12, is_reproducible=True)
    asked = asked.model_copy(update={"pictures": (*asked.pictures, order)})
    expected = alone(resident, asked)
    first = Run(resident)
    first.when_step("r", 7, lambda: setattr(first.mailbox, "is_draining", True))

    first.go(asked, ask("other", 12, seed=3))
    again = asked.model_copy(update={"resume": first.snapshot("r"), "request_id": "again"})
    second = Run(resident).go(again)

    assert first.order() == []
    assert second.pixels("again") == expected
    assert min(step for *_, step in second.steps("again")) >= 7
    assert len(first.snapshot("other")) > 0


def test_finished_pictures_ride_along(resident):
    """They are handed over again at once, and not drawn again."""
    asked = ask("r", 4, prompts=("a cat", "a dog"))
    expected = alone(resident, asked)
    first = Run(resident)
    first.hooks.append(
        (
            lambda message: isinstance(message, PictureDrawn),
            lambda: setattr(first.mailbox, "is_draining", True),
        )
    )

    first.go(asked)
    (drawn,) = first.of(PictureDrawn)
    second = Run(resident).go(asked.model_copy(update={"resume": first.snapshot("r")}))

    assert second.pixels("r")[drawn.picture] == drawn.rgb == expected[drawn.picture]
    assert not [step for step in second.steps() if step[1] == drawn.picture]


def test_a_request_that_had_not_begun_is_handed_back_as_it_came(resident):
    """With what yet another engine had drawn of it."""
    run = Run(resident)
    run.mailbox.is_draining = True

    run.go(ask("new"), ask("resumed", resume=b"what it brought", seed=8))

    assert run.snapshot("new") == b""
    assert run.snapshot("resumed") == b"what it brought"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda asked, snapshot: (asked, snapshot[:-1]), id="cut short"),
        pytest.param(lambda asked, snapshot: (asked, b"\xff" * 30), id="nonsense"),
        pytest.param(
            lambda asked, snapshot: (asked.model_copy(update={"steps": 13}), snapshot),
            id="of another request",
        ),
    ],
)
def test_a_snapshot_that_can_not_be_used_is_dropped(resident, change):
    """The request begins anew, and gets its picture."""
    asked = ask("r", 12)
    first = Run(resident)
    first.when_step("r", 5, lambda: setattr(first.mailbox, "is_draining", True))
    first.go(asked)
    asked, snapshot = change(asked, first.snapshot("r"))

    second = Run(resident).go(asked.model_copy(update={"resume": snapshot}))

    assert second.pixels("r") == alone(resident, asked)
    assert second.steps()[0] == ("r", 0, 1)


def test_whole_pictures_leave_room_between_their_steps(resident, unconditional):
    """A short request of another model need not wait for a long whole picture's end."""
    source = unconditional.model.source
    run = Run(resident)
    run.adopt(unconditional)
    run.when_step("whole", 3, lambda: run.ask(ask("short", 4)))

    run.go(ask("whole", 40, model=source))

    assert run.order() == ["short", "whole"]
    assert [step for *_, step in run.steps("whole")] == list(range(1, 41))
    (whole,) = run.of(PictureDrawn, "whole")
    assert 0 < whole.gpu_s < whole.duration_s


def test_a_whole_picture_is_called_back_at_its_next_step(unconditional):
    source = unconditional.model.source
    run = Run(unconditional, model=source)
    run.when_step("gone", 3, lambda: run.mailbox.cancelled.add("gone"))

    run.go(ask("gone", 40, model=source), ask("stays", 4, model=source, seed=8))

    assert run.failures() == {"gone": "cancelled"}
    assert run.steps("gone")[-1] == ("gone", 0, 3)
    assert run.order() == ["stays"]


def test_a_drain_breaks_a_whole_picture_off(unconditional):
    """There is nothing of it to keep; it begins anew elsewhere."""
    source = unconditional.model.source
    run = Run(unconditional, model=source)
    run.when_step("r", 3, lambda: setattr(run.mailbox, "is_draining", True))

    run.go(ask("r", 40, model=source))

    assert run.snapshot("r") == b""
    assert run.steps()[-1] == ("r", 0, 3)


def test_previews_come_no_more_often_than_asked(resident):
    """The first step of each picture shows; with an hour between them there is no second."""
    asked = ask("r", 6, prompts=("a cat", "a dog"))

    run = Run(resident, preview_interval_s=3600).go(asked, ask("blind", has_previews=False))

    shown = [(each.picture, each.step) for each in run.of(DrawProgress, "r") if each.preview_jpeg]
    assert sorted(shown) == [(0, 1), (1, 1)]
    assert not any(each.preview_jpeg for each in run.of(DrawProgress, "blind"))


def test_pictures_are_enlarged_where_that_is_asked_for(resident):
    """For posting, after they were drawn; and what somebody brought, without any drawing."""
    brought = ImageInput(rgb=bytes(range(192)), width=16, height=4)

    run = Run(resident).go(
        ask("posted", enlarge_to=64), ask("upscale", image=brought, upscale=4, seed=8)
    )

    sizes = {each.request_id: (each.width, each.height) for each in run.of(PictureDrawn)}
    assert sizes == {"posted": (64, 64), "upscale": (64, 16)}
    assert run.steps("upscale") == []
    facts = {each.request_id: each for each in run.of(DrawFinished)}
    assert (facts["upscale"].model_sha256, facts["upscale"].steps) == ("", 0)
    assert facts["posted"].model_sha256 == resident.model.sha256


def test_idle_moments_teach_how_many_to_draw_together(resident, monkeypatch):
    """Each size of a step is timed before anybody asks, and the longest is told to the worker."""
    monkeypatch.setattr(lessons, "_STEP_MAX_S", 60.0)  # However busy the machine is.
    run = Run(resident)
    run.loop._lessons._counts.extend([1, 2, 4, 8])

    run.go()

    (times,) = run.loop._stepper.timing._times.values()
    assert sorted(times.known) == [1, 2, 4, 8]
    assert run.of(Pace)[-1].longest_s >= times.known[8]
