"""A drawing that was stopped goes on with the very same bits, and nothing else is believed."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from bench.engine_numerics import ask, is_resumed, picture
from core.errors import AppError
from tests.worker.engine.tiny_diffusion import SIDE, family_sd
from worker.engine import batch, snapshots
from worker.engine.schedulers import SCHEDULERS

# diffusers' own ways of handing tensors to numpy.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must:DeprecationWarning"),
]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_stop_at_every_step_changes_no_bit(scheduler):
    """Each time into a new scheduler and a new generator."""
    assert is_resumed(family_sd(), scheduler)


def test_a_half_inpainted_picture_goes_on():
    """The picture and its mask come from the request again, and the noise from its seed."""
    family = family_sd()
    request = ask("a cat", steps=4, image=picture(SIDE, SIDE, 0.9, is_masked=True))
    through, stopped = family.begin(request, 0), family.begin(request, 0)
    batch.step(family, [stopped])
    resumed = family.thaw(request, 0, family.freeze(stopped))

    for drawing in (through, resumed):
        while not drawing.is_done:
            batch.step(family, [drawing])

    assert torch.equal(resumed.latents, through.latents)


def frozen(request):
    family = family_sd()
    drawing = family.begin(request, 0)
    batch.step(family, [drawing])
    return family.freeze(drawing)


REQUEST = ask("a cat", 3, steps=3, scheduler="PNDMScheduler")


def rewritten(change):
    """Change the header of a good snapshot."""
    tensors = load(frozen(REQUEST))
    header = json.loads(tensors.pop("header").numpy().tobytes())
    change(header, tensors)
    as_bytes = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    return save({**tensors, "header": torch.from_numpy(as_bytes.copy())})


def in_state(name, value):
    return lambda header, _: header["state"].update({name: value})


def in_header(name, value):
    return lambda header, _: header.update({name: value})


def shorten(_header, tensors):
    tensors["0"] = tensors["0"][:1].clone()


def rename_latents(header, _tensors):
    header["latents"] = {"tensor": "nowhere"}


def nest(header, _tensors):
    deep = 0
    for _ in range(300):
        deep = {"list": [deep]}
    header["state"]["counter"] = deep


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(lambda: b"", id="nothing"),
        pytest.param(lambda: b"\x80\x04N.", id="a pickle"),
        pytest.param(lambda: frozen(REQUEST)[:-9], id="cut short"),
        pytest.param(lambda: save({"a": torch.ones(1)}), id="other tensors"),
        pytest.param(lambda: rewritten(in_header("format", "x")), id="another format"),
        pytest.param(lambda: rewritten(in_header("index", 99)), id="a step beyond the last"),
        pytest.param(lambda: rewritten(in_header("index", True)), id="a step that is no number"),
        pytest.param(lambda: rewritten(in_header("latents", 3)), id="latents that are no tensor"),
        pytest.param(lambda: rewritten(in_header("state", [1])), id="a state that is no table"),
        pytest.param(lambda: rewritten(rename_latents), id="a tensor that is not there"),
        pytest.param(lambda: rewritten(in_state("step", 1)), id="a method"),
        pytest.param(lambda: rewritten(in_state("_internal_dict", {"list": []})), id="settings"),
        pytest.param(lambda: rewritten(in_state("counter", "x")), id="a value of another kind"),
        pytest.param(lambda: rewritten(in_state("counter", {"call": 1})), id="an unknown kind"),
        pytest.param(lambda: rewritten(nest), id="a deep nest where a number belongs"),
        pytest.param(lambda: frozen(ask("a dog", 3, steps=3)), id="another picture's"),
        pytest.param(lambda: frozen(REQUEST.model_copy(update={"steps": 4})), id="more steps"),
    ],
)
def test_anything_else_is_refused(damaged):
    with pytest.raises(AppError) as refused:
        family_sd().thaw(REQUEST, 0, damaged())

    assert refused.value.code == "snapshot_unusable"


def test_latents_of_another_shape_are_refused():
    def shrink(header, tensors):
        name = header["latents"]["tensor"]
        tensors[name] = tensors[name][..., :2].contiguous()

    with pytest.raises(AppError, match="snapshot_unusable"):
        family_sd().thaw(REQUEST, 0, rewritten(shrink))


def test_a_scheduler_that_keeps_what_is_not_plain_cannot_be_frozen():
    """Better no snapshot than one that lacks something."""
    drawing = family_sd().begin(ask("a cat"), 0)
    drawing.scheduler.noise_sampler = object()

    with pytest.raises(AppError, match="snapshot_unusable"):
        snapshots.freeze(drawing)


def test_words_are_not_in_a_snapshot():
    assert b"heron" not in frozen(ask("a heron", negative="heron"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"negative": "rain"}, id="negative"),
        pytest.param({"guidance_scale": 2.0}, id="guidance"),
        pytest.param({"is_tile": True}, id="tile"),
        pytest.param({"image": picture(SIDE, SIDE, 0.5)}, id="picture"),
        pytest.param({"image": picture(SIDE, SIDE, 0.6, is_masked=True)}, id="mask"),
    ],
)
def test_what_changes_the_picture_changes_its_fingerprint(change):
    changed = REQUEST.model_copy(update=change)

    assert snapshots.fingerprint(changed, 0) != snapshots.fingerprint(REQUEST, 0)


def test_who_asks_does_not_change_the_fingerprint():
    """A job that was put back into the queue comes with another id and turn."""
    moved = REQUEST.model_copy(update={"request_id": "other", "priority": 3, "owner": "x"})

    assert snapshots.fingerprint(moved, 0) == snapshots.fingerprint(REQUEST, 0)
