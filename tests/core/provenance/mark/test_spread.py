"""Our own mark, on one small picture, through what platforms and people do to pictures."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretBytes

from core.contracts.ids import VerifyId
from core.contracts.registry import MarkFacts, MarkState
from core.provenance.mark.base import Effort
from core.provenance.mark.keys import MarkKey, MarkKeys
from core.provenance.mark.spread import SpreadSpectrum

MARK_ID = VerifyId("0123456789abcdef")
OTHER_ID = VerifyId("fedcba9876543210")


def encoded(pixels, kind, quality):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def resized(pixels, width, height):
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def screenshot(pixels):
    side = round(pixels.shape[0] * 1.27)
    shown = resized(pixels, side, side)
    return encoded(shown[31:-40, 22:-17], "JPEG", 80)


def banner(pixels):
    return encoded(np.concatenate([np.full((90, 512, 3), 250, np.uint8), pixels]), "JPEG", 80)


def looked_for(method, pixels):
    return method.detect(pixels, effort=Effort.QUICK) or method.detect(pixels, effort=Effort.FULL)


def test_a_marked_picture_looks_like_itself(embedded, picture):
    """The least strength that lasts was enough, and the facts are what it takes to write again."""
    error = np.mean((embedded.pixels.astype(float) - picture) ** 2)

    assert 10 * np.log10(255**2 / error) > 44
    assert embedded.facts == MarkFacts(
        state=MarkState.MARKED,
        backend="easel.ss64",
        mark_id=MARK_ID,
        key_version=1,
        strength_db=embedded.facts.strength_db,
    )
    assert embedded.facts.strength_db in {48.0, 45.0}


@pytest.mark.parametrize(
    ("distort", "effort"),
    [
        pytest.param(lambda p: p, Effort.QUICK, id="as it is"),
        pytest.param(lambda p: encoded(p, "JPEG", 50), Effort.QUICK, id="jpeg 50"),
        pytest.param(lambda p: encoded(p, "WEBP", 80), Effort.QUICK, id="webp 80"),
        pytest.param(lambda p: resized(p, 256, 256), Effort.QUICK, id="half the sides"),
        pytest.param(lambda p: p[:, ::-1], Effort.QUICK, id="mirrored"),
        pytest.param(lambda p: p[70:443, 101:474], Effort.QUICK, id="about half cut off"),
        pytest.param(banner, Effort.QUICK, id="a banner above"),
        pytest.param(screenshot, Effort.FULL, id="off a screen"),
        pytest.param(lambda p: screenshot(p)[:, ::-1], Effort.FULL, id="off a screen, mirrored"),
    ],
)
def test_the_id_is_read_after(method, embedded, distort, effort):
    """Exactly: an id that is nearly right is no id."""
    found = method.detect(distort(embedded.pixels), effort=effort)

    assert found is not None
    assert (found.mark_id, found.key_version, found.backend) == (MARK_ID, 1, "easel.ss64")


def test_a_finding_says_how_the_picture_was_changed(method, embedded):
    """Scale, side and where the cut began, modulo a tile."""
    cut = np.ascontiguousarray(embedded.pixels[37:437, 300:500])
    scaled = resized(cut, 274, 548)[:, ::-1]

    found = looked_for(method, scaled)

    assert found.is_mirrored
    assert found.scale == pytest.approx(1.37, rel=0.003)
    assert found.period == 256
    assert found.origin == (pytest.approx(300 - 256, abs=1.5), pytest.approx(37, abs=1.5))


@pytest.mark.parametrize("effort", list(Effort))
def test_no_mark_is_found_where_none_is_or_another_key_wrote_it(embedded, picture, effort):
    """A stranger's Easel is not this one."""
    stranger = SpreadSpectrum(MarkKeys((MarkKey(1, SecretBytes(bytes(32))),)))

    assert stranger.detect(embedded.pixels[:320, :320], effort=effort) is None
    assert stranger.detect(picture[-320:, -320:], effort=effort) is None


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(np.zeros((300, 300, 3), np.uint8), id="black"),
        pytest.param(np.full((97, 1000, 3), 255, np.uint8), id="a white strip"),
        pytest.param(np.full((40, 40, 3), 90, np.uint8), id="too small to hold any"),
        pytest.param(np.full((1, 5000, 3), 90, np.uint8), id="a stroke"),
        pytest.param(
            np.indices((300, 300)).sum(0)[..., None].repeat(3, 2).astype(np.uint8) // 8 * 8 % 255,
            id="stripes",
        ),
    ],
)
def test_empty_and_regular_pictures_are_looked_at_in_peace(method, pixels):
    """No division by nothing, and stripes are not a pattern of ours."""
    assert looked_for(method, pixels) is None


def test_a_search_ends_when_its_time_is_over(method, picture, monkeypatch):
    """Noise on noise makes many guesses; the bound is on the thread's own seconds."""
    now = iter(np.arange(0, 1e6, 0.5))
    monkeypatch.setattr(time, "thread_time", lambda: next(now))

    assert method.detect(picture, effort=Effort.FULL) is None
    assert next(now) < 10


def test_marking_is_the_same_each_time_and_leaves_its_input_alone(method, embedded, picture):
    """What was drawn again is compared with what was posted."""
    before = picture.copy()

    again = method.embed(picture, MARK_ID)
    as_told = method.embed_as(picture, embedded.facts)

    assert (picture == before).all()
    assert (again.pixels == embedded.pixels).all()
    assert (as_told == embedded.pixels).all()


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"backend": "trustmark"}, id="another method"),
        pytest.param({"key_version": 9}, id="a key that is gone"),
        pytest.param({"mark_id": None}, id="no id"),
        pytest.param({"strength_db": None}, id="no strength"),
    ],
)
def test_a_mark_that_cannot_be_written_again_is_no_silent_guess(method, embedded, picture, facts):
    """The caller would compare with the wrong pixels."""
    with pytest.raises(ValueError):
        method.embed_as(picture, embedded.facts.model_copy(update=facts))


def test_after_a_rotation_the_new_key_writes_and_the_old_one_reads(keys, embedded, picture):
    """Nothing that was posted is lost."""
    rotated = SpreadSpectrum(MarkKeys((*keys.versions, MarkKey(2, SecretBytes(b"\x07" * 32)))))

    assert rotated.detect(embedded.pixels, effort=Effort.QUICK).key_version == 1
    assert rotated.embed(picture, OTHER_ID).facts.key_version == 2
    assert (rotated.embed_as(picture, embedded.facts) == embedded.pixels).all()


def test_an_enlargement_marked_anew_is_known_by_its_new_id(method, embedded):
    """At every size: halved, the earlier mark would lie at its own size again."""
    enlarged = resized(embedded.pixels, 1024, 1024)

    anew = method.embed(enlarged, OTHER_ID)

    assert looked_for(method, enlarged).mark_id == MARK_ID
    assert looked_for(method, anew.pixels).mark_id == OTHER_ID
    assert looked_for(method, resized(anew.pixels, 512, 512)).mark_id == OTHER_ID


def test_a_picture_marked_twice_is_known_by_the_second_id(method, embedded):
    """What an edited picture was before is the registry's to tell."""
    anew = method.embed(embedded.pixels, OTHER_ID)

    assert looked_for(method, encoded(anew.pixels, "JPEG", 70)).mark_id == OTHER_ID


def test_a_picture_smaller_than_a_tile_comes_back_as_it_is(method, picture):
    """The facts say why."""
    small = picture[:255, :400]

    embedded = method.embed(small, MARK_ID)

    assert embedded.facts == MarkFacts(state=MarkState.TOO_SMALL)
    assert (embedded.pixels == small).all()


def test_a_picture_that_no_strength_saves_is_called_weak(method):
    """Black and white squares of four pixels: loud where the mark is, and half of it is cut off."""
    random = np.random.default_rng(5)
    squares = np.kron(np.where(random.random((64, 64)) < 0.5, 0, 255), np.ones((4, 4)))
    pixels = squares[..., None].repeat(3, 2).astype(np.uint8)

    embedded = method.embed(pixels, MARK_ID)

    assert embedded.facts.state is MarkState.WEAK
    assert looked_for(method, encoded(embedded.pixels, "JPEG", 80)).mark_id == MARK_ID
