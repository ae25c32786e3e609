"""What is moved out of a card's memory and back goes on with the very same bits."""

import pytest
import torch

from bench.engine_numerics import ask, picture
from tests.worker.engine.loops import Run, tiny_resident
from tests.worker.engine.tiny_diffusion import SIDE, TINY, family_inpaint, family_sd
from tests.worker.engine.tiny_flux import tiny_flux
from tests.worker.engines import request_for
from worker.engine import batch
from worker.engine.families.flow import Flux
from worker.engine.parking import CardAndHost, Parking
from worker.engine.schedulers import SCHEDULERS
from worker.engine.stepping import Stepper

# diffusers' own ways of handing tensors to numpy.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must:DeprecationWarning"),
]


class Yard:
    """A card of which no bit can be used while it is parked: out there, all of them are turned.

    Tables of numbers never lie on it, as those of schedulers do not.
    """

    room = None
    """Tensors that still fit when they come back; None: any number."""

    def is_inside(self, tensor):
        return tensor.ndim >= 2

    def out(self, tensor):
        return _turned(tensor)

    def back(self, tensor):
        if self.room is not None:
            if self.room == 0:
                raise torch.OutOfMemoryError
            self.room -= 1
        return _turned(tensor)


def _turned(tensor):
    return (~tensor.contiguous().view(torch.uint8)).view(tensor.dtype)


def nobody(_drawing):
    return False


def begun(family, request):
    return family.begin(request, 0)


def drawn(family, drawing, between=lambda: None):
    while not drawing.is_done:
        batch.step(family, [drawing])
        between()
    return drawing.latents


def parked_between_steps(family, request):
    """Park a drawing after each of its steps, and bring it back for the next."""
    drawing = begun(family, request)
    parking = Parking(Yard(), lambda: [drawing])

    def park():
        before = drawing.latents
        assert parking.park(nobody)
        assert not torch.equal(drawing.latents, before)
        parking.bring_back([drawing])

    return drawn(family, drawing, park)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_drawing_parked_after_every_step_comes_out_the_same(scheduler):
    request = ask("a cat", 3, steps=4, scheduler=scheduler)

    made = parked_between_steps(family_sd(), request)

    assert torch.equal(made, drawn(family_sd(), begun(family_sd(), request)))


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(family_sd, id="what is kept outside a mask"),
        pytest.param(family_inpaint, id="channels of mask and picture"),
        pytest.param(lambda: Flux(tiny_flux(), TINY), id="a row of patches"),
    ],
)
def test_a_picture_to_go_on_from_is_parked_with_it(family):
    family = family()
    request = ask("a cat", 3, image=picture(SIDE, SIDE, 0.9, is_masked=True))

    made = parked_between_steps(family, request)

    assert torch.equal(made, drawn(family, begun(family, request)))


def test_everything_on_the_card_is_moved_and_nothing_else():
    """A scheduler's tables are indexed at every step, and lie with the processor."""
    family = family_sd()
    request = ask("a cat", 3, scheduler="DPMSolverMultistepScheduler", image=picture(16, 16, 0.9))
    drawing = begun(family, request)
    batch.step(family, [drawing])
    sigmas, words, past = drawing.scheduler.sigmas, drawing.rows, drawing.scheduler.model_outputs

    Parking(Yard(), lambda: [drawing]).park(nobody)

    assert drawing.scheduler.sigmas is sigmas
    told = drawing.rows["encoder_hidden_states"]
    assert not torch.equal(told, words["encoder_hidden_states"])
    assert not torch.equal(drawing.scheduler.model_outputs[-1], past[-1])
    assert drawing.estimate is None


def test_who_stays_and_who_is_away_already_is_not_moved():
    family = family_sd()
    stays, goes = (begun(family, ask("a cat", seed)) for seed in (3, 4))
    parking = Parking(Yard(), lambda: [stays, goes])

    assert parking.park(lambda drawing: drawing is stays)

    away = goes.latents
    assert not parking.park(lambda drawing: drawing is stays)
    parking.bring_back([stays])
    assert goes.latents is away


def test_what_does_not_fit_when_it_comes_back_is_whole_where_it_was():
    """And comes back once there is room."""
    family, request, yard = family_sd(), ask("a cat", 3, steps=3), Yard()
    drawing = begun(family, request)
    batch.step(family, [drawing])
    parking = Parking(yard, lambda: [drawing])
    parking.park(nobody)
    yard.room = 1

    with pytest.raises(torch.OutOfMemoryError):
        parking.bring_back([drawing])
    yard.room = None
    parking.bring_back([drawing])

    assert torch.equal(drawn(family, drawing), drawn(family, begun(family, request)))


def test_without_a_card_nothing_is_ever_moved():
    drawing = begun(family_sd(), ask("a cat", 3))

    assert not Parking(CardAndHost("cpu"), lambda: [drawing]).park(nobody)


@pytest.fixture(scope="module")
def resident():
    return tiny_resident()


def ask_loop(name, steps, **fields):
    fields = {"request_id": name, "steps": steps, "model": TINY, **fields}
    return request_for("a red apple", **fields)


def of_two_kinds():
    """Two requests that cannot share a step."""
    return ask_loop("plain", 4), ask_loop("tile", 4, seed=8, is_tile=True)


def room_for_one(run, resident, monkeypatch):
    """Let a step fit only while no other drawing lies on the card; count those that did not."""
    predict = resident.family.predict
    refused = []
    run.loop._parking._yard = Yard()

    def predicted(drawings, bucket):
        others = [each for each in run.loop._desk.under_way() if each not in drawings]
        if not all(each.parked for each in others):
            refused.append(len(others))
            raise torch.OutOfMemoryError
        return predict(drawings, bucket)

    monkeypatch.setattr(resident.family, "predict", predicted)
    return refused


def test_two_that_do_not_fit_together_are_drawn_in_turns(resident, monkeypatch):
    """Neither fails, neither begins anew, and no bit is another."""
    expected = {each.request_id: Run(resident).go(each) for each in of_two_kinds()}
    run = Run(resident)
    refused = room_for_one(run, resident, monkeypatch)

    run.go(*of_two_kinds())

    assert refused
    assert run.failures() == {}
    for name, alone in expected.items():
        assert run.pixels(name) == alone.pixels(name)
        assert [step for _, _, step in run.steps(name)] == [1, 2, 3, 4]


def test_a_parked_drawing_is_handed_over_like_any_other(resident, monkeypatch):
    plain, tile = of_two_kinds()
    expected = {each.request_id: Run(resident).go(each) for each in (plain, tile)}
    run = Run(resident)
    room_for_one(run, resident, monkeypatch)
    parked = []

    def drain():
        run.mailbox.is_draining = True
        parked.extend(each for each in run.loop._desk.under_way() if each.parked)

    run.when_step("plain", 2, drain)
    run.go(plain, tile)
    monkeypatch.undo()
    left = [
        each.model_copy(update={"resume": run.snapshot(each.request_id)}) for each in (plain, tile)
    ]

    again = Run(resident).go(*left)

    assert len(parked) == 1
    assert all(each.resume for each in left)
    for name, alone in expected.items():
        assert again.pixels(name) == alone.pixels(name)
    assert len(again.steps()) < len(expected) * 4


class Books:
    """A ledger by which one drawing fits, and more once others are parked."""

    def __init__(self, drawing):
        self._drawing = drawing

    def room(self, _key, count):
        return count if self._drawing.parked else 1


def test_drawings_of_another_key_make_room_before_a_step_is_cut_short():
    family = family_sd()
    other = begun(family, ask("a cat", 3, is_tile=True))
    key = begun(family, ask("a cat", 4)).key
    parking = Parking(Yard(), lambda: [other])
    stepper = Stepper(CardlessDevice(), Books(other), parking, lambda: False)

    assert stepper.room(key, 4) == 4
    assert other.parked


class CardlessDevice:
    is_measured = False
