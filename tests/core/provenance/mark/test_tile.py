"""The tile: what a key and an id make of the carriers."""

import hashlib

import numpy as np

from core.contracts.ids import VerifyId
from core.provenance.mark import tile

ID = VerifyId("0123456789abcdef")
LAYOUT = tile.layout_of(bytes(range(32)))
PATTERN = tile.placement_of(LAYOUT, ID).pattern


def payload_of(mark_id):
    return tile.carriers_of(LAYOUT, mark_id)[LAYOUT.sync_count :]


def test_a_key_means_the_same_carriers_in_every_version():
    """Pictures of earlier years must be read: nothing may hang on a library's random numbers."""
    layout = tile.layout_of(bytes(range(32)))

    drawn = np.concatenate([layout.u, layout.v, layout.chip_of, layout.scramble.ravel()])
    digest = hashlib.sha256(drawn.astype("<i8").tobytes()).hexdigest()

    assert digest == "a8c232259b0a124783a50e99a0176b48df830ce95a42f8f86fe4c52a8773b8cc"
    assert tile.placement_of(layout, ID) == tile.Placement(0, (50, 25))


def test_every_carrier_is_slow_enough_for_a_preview_and_none_is_there_twice():
    """Half a plane holds each wave once."""
    distance = np.hypot(LAYOUT.u, LAYOUT.v)
    both = set(zip(LAYOUT.u, LAYOUT.v, strict=True)) | set(zip(-LAYOUT.u, -LAYOUT.v, strict=True))

    assert (distance.min(), distance.max()) >= (8, 8)
    assert distance.max() <= 46
    assert len(both) == 2 * LAYOUT.u.size


def test_an_id_is_read_under_noise_four_times_its_strength():
    """1,408 chips on 5,016 halves: what one carrier says does not matter."""
    random = np.random.default_rng(1)
    payload = payload_of(ID)
    noise = random.normal(0, 2.8, (2, payload.size))

    assert tile.read(LAYOUT, PATTERN, payload + noise[0] + 1j * noise[1]) == ID


def test_noise_alone_reads_as_nothing():
    """Whatever words noise makes, 24 bits of tag do not fit them."""
    random = np.random.default_rng(2)
    noise = random.normal(0, 1, (2, payload_of(ID).size))

    assert tile.read(LAYOUT, PATTERN, (noise[0] + 1j * noise[1]).astype(np.complex64)) is None


def test_another_key_reads_nothing():
    """The tag is the key's word for the id."""
    other = tile.layout_of(bytes(32))

    assert tile.read(other, PATTERN, payload_of(ID)) is None


def test_two_pictures_of_one_key_begin_their_tiles_elsewhere():
    """Averaging pictures blurs what is in the same place in all of them, and this is not."""
    places = {tile.placement_of(LAYOUT, VerifyId(f"{n:016x}")) for n in range(50)}

    assert len({place.origin for place in places}) == 50
    assert len({place.pattern for place in places}) > 10


def test_a_tile_repeats_without_a_seam():
    """It is made of whole periods, of unit variance."""
    drawn = tile.tile_of(LAYOUT, ID)

    assert drawn.shape == (tile.PERIOD, tile.PERIOD)
    assert abs(drawn.std() - 1) < 1e-3
    inside = np.abs(np.diff(drawn, axis=1)).mean()
    assert abs(np.abs(drawn[:, 0] - drawn[:, -1]).mean() - inside) < 0.1 * inside
