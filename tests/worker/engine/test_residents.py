"""What models in memory may keep there."""

import pytest
from torch import nn

from tests.worker.engine.cards import Card
from tests.worker.engine.tiny_diffusion import TINY
from worker.engine.messages import Start
from worker.engine.residents import Residents


def residents(*, is_card, **start):
    made = Residents(Start(model=TINY, **start), lambda _message: None)
    made.device.is_measured = is_card
    return made


def test_on_a_card_forwards_are_recorded_and_what_they_keep_is_booked_with_their_model():
    models = residents(is_card=True)
    models.ledger.admit(TINY, 0, busy=(), evict=lambda _model: None)

    graphs = models._recorder_for(TINY)(nn.Identity(), lambda inputs: inputs["sample"])

    assert graphs._pin(100, graphs.let_go)
    assert models.ledger.pinned == 100
    graphs._cuda = Card()
    assert models.ledger.let_go()
    assert (models.ledger.pinned, graphs._is_over) == (0, True)


@pytest.mark.parametrize(
    ("is_card", "start"),
    [
        pytest.param(False, {}, id="no card"),
        pytest.param(True, {"has_cuda_graphs": False}, id="not wanted"),
    ],
)
def test_elsewhere_nothing_is_recorded(is_card, start):
    assert residents(is_card=is_card, **start)._recorder_for(TINY) is None
