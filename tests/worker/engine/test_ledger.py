"""What does not fit is known before it is tried, and what is idle makes room."""

import json

import pytest
import torch
from safetensors.torch import save_file

from core.errors import UserError
from tests.worker.engines import SHIPPED
from worker.engine.ledger import Device, Ledger, weight_bytes
from worker.engine.weights import folder_of

GIB = 1024**3


class Memory:
    """A device of which so much is taken."""

    def __init__(self, capacity_gib, held_gib=0.0):
        self._capacity, self.held_gib = int(capacity_gib * GIB), held_gib

    def capacity(self):
        return self._capacity

    def held(self):
        return int(self.held_gib * GIB)


class Shelf:
    """A ledger and the list of what left memory."""

    def __init__(self, capacity_gib, **kwargs):
        self.ledger = Ledger(Memory(capacity_gib), **kwargs)
        self.gone = []

    def admit(self, model, size_gib, busy=()):
        return self.ledger.admit(model, int(size_gib * GIB), busy=busy, evict=self.gone.append)


def test_the_headers_say_what_the_weights_will_take():
    """As many bytes as the loaded model's parameters have, without loading it."""
    from diffusers import DiffusionPipeline

    counted = weight_bytes(folder_of(SHIPPED.source), "fp32")

    pipeline = DiffusionPipeline.from_pretrained(SHIPPED.source, dtype=torch.float32)
    modules = [each for each in pipeline.components.values() if isinstance(each, torch.nn.Module)]
    loaded = sum(
        tensor.numel() * tensor.element_size()
        for module in modules
        for tensor in module.state_dict().values()
    )
    assert counted == pytest.approx(loaded, rel=0.01)
    assert weight_bytes(folder_of(SHIPPED.source), "bf16") == pytest.approx(loaded / 2, rel=0.01)


def test_only_what_is_loaded_counts(tmp_path):
    """Not a second variant of the same weights, nor a single-file copy beside the folders."""
    tensors = {
        "a": torch.zeros(10, 10, dtype=torch.float16),
        "b": torch.zeros(3, dtype=torch.int64),
    }
    for name in ("unet/model.safetensors", "unet/model.fp16.safetensors", "whole.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save_file(tensors, tmp_path / name)
    save_file(tensors, tmp_path / "unet" / "other.bf16.safetensors")
    (tmp_path / "model_index.json").write_text('{"_class_name": "P", "unet": ["d", "U"]}')

    assert weight_bytes(tmp_path, "fp32") == 100 * 4 + 3 * 8


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff" * 20, id="a length beyond reason"),
        pytest.param((5).to_bytes(8, "little") + b"{oops", id="no JSON"),
        pytest.param(
            (len(header := json.dumps({"a": {"dtype": "F32"}}).encode())).to_bytes(8, "little")
            + header,
            id="no shape",
        ),
    ],
)
def test_a_damaged_file_is_named_before_it_is_loaded(tmp_path, data):
    (tmp_path / "model.safetensors").write_bytes(data)

    with pytest.raises(UserError, match="model_unreadable"):
        weight_bytes(tmp_path, "fp32")


def test_several_models_stay_while_there_is_room():
    shelf = Shelf(10)

    assert shelf.admit("a", 4)
    assert shelf.admit("b", 4)

    assert shelf.gone == []
    assert shelf.ledger.held == 8 * GIB


def test_the_one_that_was_used_least_recently_goes_first():
    shelf = Shelf(10)
    shelf.admit("a", 3)
    shelf.admit("b", 3)
    shelf.ledger.use("a")

    assert shelf.admit("c", 5)

    assert shelf.gone == ["b"]
    assert shelf.ledger.held == 8 * GIB


def test_what_is_drawing_stays_and_the_new_one_waits():
    """Nothing is evicted in vain either."""
    shelf = Shelf(10)
    shelf.admit("a", 6)
    shelf.admit("b", 2)

    assert not shelf.admit("c", 5, busy={"a"})

    assert shelf.gone == []
    assert shelf.admit("c", 5)
    assert shelf.gone == ["a"]


def test_what_can_never_fit_is_refused_with_the_figures():
    """And nothing is thrown out for it."""
    shelf = Shelf(10)
    shelf.admit("a", 4)

    with pytest.raises(UserError) as refused:
        shelf.admit("b", 9.9)

    assert refused.value.code == "model_too_large"
    assert refused.value.facts == {"needs_gib": 10.89, "has_gib": 10.0}
    assert shelf.gone == []


def test_the_budget_is_what_was_set_but_no_more_than_there_is():
    assert Shelf(10, budget_gib=2).ledger.budget == 2 * GIB
    assert Shelf(10, budget_gib=20).ledger.budget == 10 * GIB


def test_a_step_takes_along_as_many_as_fit():
    """By what was measured, or in proportion to it; where nothing is known it is tried."""
    memory = Memory(10, held_gib=6)
    ledger = Ledger(memory)

    assert ledger.room("key", 8) == 8
    ledger.note_step("key", 2, int(1.5 * GIB))
    assert ledger.room("key", 8) == 4
    ledger.note_step("key", 4, int(5 * GIB))
    assert ledger.room("key", 8) == 2
    memory.held_gib = 9.9
    assert ledger.room("key", 8) == 1


class Pins:
    """What models keep between steps, and which of them had to let go."""

    def __init__(self, shelf):
        self._ledger = shelf.ledger
        self.gone = []

    def pin(self, model, size_gib):
        return self._ledger.pin(model, int(size_gib * GIB), lambda: self.gone.append(model))


def test_what_is_kept_between_steps_leaves_less_room_for_them():
    shelf = Shelf(10)
    pins = Pins(shelf)
    shelf.admit("a", 4)
    shelf.ledger.note_step("key", 1, GIB)

    assert pins.pin("a", 4)
    assert shelf.ledger.room("key", 8) == 2
    assert pins.pin("a", 2), "all that it keeps, not more of it"
    assert shelf.ledger.room("key", 8) == 4
    assert pins.pin("a", 0)

    assert shelf.ledger.pinned == 0
    assert not shelf.ledger.let_go()


def test_what_does_not_fit_is_not_kept():
    shelf = Shelf(10)
    pins = Pins(shelf)
    shelf.admit("a", 4)
    pins.pin("a", 1)

    assert not pins.pin("a", 7)

    assert shelf.ledger.pinned == 0


def test_a_new_model_takes_what_was_kept_before_it_takes_another_models_place():
    shelf = Shelf(10)
    pins = Pins(shelf)
    shelf.admit("a", 4)
    pins.pin("a", 3)

    assert shelf.admit("b", 4)

    assert (pins.gone, shelf.gone) == (["a"], [])
    assert shelf.ledger.pinned == 0


def test_a_model_that_goes_keeps_nothing():
    shelf = Shelf(10)
    pins = Pins(shelf)
    shelf.admit("a", 4)
    pins.pin("a", 1)

    shelf.ledger.release("a")

    assert shelf.ledger.pinned == 0


def test_all_let_go_at_once_and_only_once():
    """Who runs out of memory then tries something else."""
    shelf = Shelf(10)
    pins = Pins(shelf)
    for model in ("a", "b"):
        shelf.admit(model, 1)
        pins.pin(model, 1)

    assert shelf.ledger.let_go()
    assert not shelf.ledger.let_go()

    assert pins.gone == ["a", "b"]


def test_a_cpu_has_a_share_of_the_machines_memory():
    """Nothing there tells what tensors take, so nothing is measured."""
    device = Device("cpu")

    assert device.capacity() > 0
    assert (device.held(), device.peak()) == (0, 0)
