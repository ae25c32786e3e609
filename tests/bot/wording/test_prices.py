"""What a request costs is told no finer than it is known."""

import pytest
from inline_snapshot import snapshot

from bot import wording
from core.contracts.actors import Platform, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import ChannelId, CommunityId, DraftId, MemberId
from core.contracts.personal import Draft
from tests.core.storage.samples import START

DRAFT = Draft(
    draft_id=DraftId("d1"),
    community_id=CommunityId("local"),
    member_id=MemberId("web:ada"),
    address=ReplyAddress(platform=Platform.WEB, channel_id=ChannelId("general")),
    spec=GenerationSpec(prompt="a cat", steps=150, count=4),
    price_gpu_s=312.4,
    created_at=START,
)


@pytest.mark.parametrize(
    ("price", "words"),
    [
        pytest.param(0.0, "less than a GPU-second", id="nothing"),
        pytest.param(0.94, "less than a GPU-second", id="little"),
        pytest.param(1.04, "about 1 GPU-second", id="one"),
        pytest.param(2.46, "about 2.5 GPU-seconds", id="a few"),
        pytest.param(75.6, "about 76 GPU-seconds", id="many"),
    ],
)
def test_a_price_is_rounded_to_what_is_known(price, words):
    assert wording.gpu_seconds(price) == words


def test_a_large_request_is_shown_with_its_price_and_what_is_left(told):
    assert told(wording.price_asked(DRAFT, 3000.4)) == snapshot("""\
(card, private) This is a large request
/imagine a cat --steps 150 --n 4
It takes about 312 GPU-seconds, while others wait.
3000 GPU-seconds are left to you today.
Draw it? The question stands for 15 minutes.
<Draw it>
<Cancel>\
""")


def test_nothing_is_said_of_a_limit_that_is_not_there():
    assert not any("left" in line for line in wording.price_asked(DRAFT, None).lines)


def test_a_no_is_confirmed(told):
    assert told(wording.draft_declined(DRAFT)) == snapshot("""\
(card, private) Not drawn
Nothing was begun, and nothing was counted.
/imagine a cat --steps 150 --n 4\
""")
