"""What a drained engine had drawn is read back as it was, or not at all."""

import dataclasses

import pytest

from core.errors import AppError
from worker.engine.carryover import Half, Identity, pack, unpack
from worker.engine.messages import PictureDrawn

IDENTITY = Identity(model_sha256="ab" * 32, fingerprints=("one", "two", "three"))
DRAWN = PictureDrawn(
    request_id="first",
    picture=1,
    width=2,
    height=1,
    rgb=bytes(range(6)),
    seed=7,
    duration_s=1.5,
    gpu_s=0.5,
)
HALVES = [Half(0, b"\x00state", 0.25, 0.75), Half(2, b"", 0.0, 0.0)]


def test_it_comes_back_as_it_was_packed():
    """Pixels and states bit for bit, under the name of the request that asks for them now."""
    packed = pack(IDENTITY, [DRAWN], HALVES)

    drawn, halves = unpack(packed, IDENTITY, "second")

    assert drawn == [DRAWN.model_copy(update={"request_id": "second"})]
    assert halves == HALVES


def test_where_nothing_was_drawn_nothing_is_packed():
    assert pack(IDENTITY, [], []) == b""


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"model_sha256": "cd" * 32}, id="other weights"),
        pytest.param({"fingerprints": ("one", "two")}, id="another request"),
    ],
)
def test_what_belongs_to_something_else_is_refused(changes):
    packed = pack(IDENTITY, [DRAWN], HALVES)

    with pytest.raises(AppError, match="snapshot_unusable"):
        unpack(packed, dataclasses.replace(IDENTITY, **changes), "second")


@pytest.mark.parametrize("length", [0, 7, 8, 30, -1])
def test_what_is_cut_short_is_refused(length):
    packed = pack(IDENTITY, [DRAWN], HALVES)

    with pytest.raises(AppError, match="snapshot_unusable"):
        unpack(packed[:length], IDENTITY, "second")


def test_what_is_longer_than_it_says_is_refused():
    packed = pack(IDENTITY, [DRAWN], HALVES)

    with pytest.raises(AppError, match="snapshot_unusable"):
        unpack(packed + b"\x00", IDENTITY, "second")
