"""What is finished between steps gives way to them, and waits for nothing else to be finished."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from tests.worker.engine.loops import Run, tiny_resident
from tests.worker.engine.tiny_diffusion import TINY
from tests.worker.engines import request_for
from worker.engine import completion, enlarge
from worker.engine.enlarge import FACTOR, Enlarger
from worker.engine.messages import DrawFinished, DrawProgress, ImageInput, Pace, PictureDrawn

TILES = 6 * 6
TILE_S = 1000.0


@pytest.fixture(scope="module")
def resident():
    return tiny_resident()


@pytest.fixture
def tiles(monkeypatch):
    """Note each tile beside what the engine says; each seems to take longer than any step."""
    noted = []
    clock = SimpleNamespace(monotonic=lambda: TILE_S * noted.count("tile"))

    def through(_enlarger, rgb):
        noted.append("tile")
        return rgb.repeat(FACTOR, axis=0).repeat(FACTOR, axis=1)

    monkeypatch.setattr(enlarge, "TILE", 4)
    monkeypatch.setattr(Enlarger, "_through", through)
    monkeypatch.setattr(completion, "time", clock)
    return noted


def ask(name, steps=4, **fields):
    fields = {"request_id": name, "steps": steps, "model": TINY, **fields}
    return request_for("a red apple", **fields)


def upscale(name="upscale", **fields):
    rgb = np.random.default_rng(7).integers(0, 256, (24, 24, 3), np.uint8).tobytes()
    return ask(name, image=ImageInput(rgb=rgb, width=24, height=24), upscale=4, **fields)


def noting(run, tiles):
    """Write down steps and ends among the tiles, in their order."""
    hear = run.hear

    def noted(message):
        if isinstance(message, DrawProgress | DrawFinished):
            what = "step" if isinstance(message, DrawProgress) else "done"
            tiles.append(f"{what} {message.request_id}")
        hear(message)

    run.loop._say = run.loop._reports._say = noted
    return run


def test_the_steps_of_others_go_on_between_the_tiles_of_an_upscale(resident, tiles):
    """One tile, one step, though the upscale came first and has many left."""
    noting(Run(resident), tiles).go(upscale(), ask("drawn", 5))

    both = tiles[: tiles.index("done drawn")]
    steps = [index for index, each in enumerate(both) if each == "step drawn"]
    between = [both[here:there].count("tile") for here, there in itertools.pairwise(steps)]
    assert len(steps) == 5
    assert between == [1] * 4
    assert tiles.count("tile") == TILES
    assert tiles[-1] == "done upscale"


def test_a_picture_that_was_drawn_does_not_wait_for_an_upscale_nor_the_other_way_round(
    resident, tiles
):
    """A piece of each between the same two steps."""
    run = noting(Run(resident), tiles).go(upscale(), ask("first", 2), ask("second", 4))

    assert run.order() == ["first", "second", "upscale"]
    assert tiles.count("tile") == TILES
    done = tiles.index("done first")
    assert tiles[done - 1].startswith("step")
    assert tiles[done + 1] == "tile"


def test_interruptions_change_no_pixel(resident, tiles):
    alone = Run(resident).go(upscale()).pixels("upscale")

    among = Run(resident).go(upscale(), ask("drawn", 5)).pixels("upscale")

    assert among == alone


def test_an_upscale_that_is_called_back_stops_at_the_next_tile(resident, tiles):
    run = noting(Run(resident), tiles)
    run.when_step("drawn", 3, lambda: run.mailbox.cancelled.add("upscale"))

    run.go(upscale(), ask("drawn", 5))

    assert run.failures() == {"upscale": "cancelled"}
    assert tiles.count("tile") <= 3
    assert run.order() == ["drawn"]


def test_a_request_that_comes_during_an_upscale_begins_before_its_end(resident, tiles):
    """The engine looks at what has come between any two tiles, with nothing else to do."""
    run = noting(Run(resident), tiles)
    through = Enlarger._through

    def asking(enlarger, rgb):
        if tiles.count("tile") == 2:
            run.ask(ask("late", 2))
        return through(enlarger, rgb)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Enlarger, "_through", asking)
        run.go(upscale())

    assert run.order() == ["late", "upscale"]


def test_an_upscale_that_breaks_half_way_fails_alone(resident, tiles):
    through = Enlarger._through

    def breaking(enlarger, rgb):
        if tiles.count("tile") == 2:
            raise RuntimeError
        return through(enlarger, rgb)

    run = Run(resident)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Enlarger, "_through", breaking)
        run.go(upscale(), ask("drawn", 5))

    assert run.failures() == {"upscale": "draw_failed"}
    assert run.order() == ["drawn"]


def test_the_device_s_time_is_that_of_all_tiles(resident, tiles):
    """And the longest silence is a tile, not the whole."""
    run = Run(resident).go(upscale())

    (picture,) = run.of(PictureDrawn)
    assert picture.gpu_s == TILES * TILE_S
    assert [each.longest_s for each in run.of(Pace)] == [TILE_S]
