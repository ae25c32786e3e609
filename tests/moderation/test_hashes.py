"""A picture is known again after what usually happens to pictures, and others are not taken for it."""

import io
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from core.errors import UserError
from moderation.hashes import (
    MAX_DISTANCE,
    DenyList,
    hashes_for_list,
    picture_hash,
    read_deny_file,
)

SHEET = Path(__file__).resolve().parents[2] / "worker/models/easel-small/samples.png"


def tiles(count):
    """Cut pictures of the shipped model out of its sample sheet: rows of fourteen."""
    sheet = Image.open(SHEET).convert("RGB")
    corners = [(3 + 99 * (at % 14), 3 + 122 * (at // 14)) for at in range(count)]
    return [
        sheet.crop((x, y, x + 96, y + 96)).resize((384, 384), Image.Resampling.BICUBIC)
        for x, y in corners
    ]


@pytest.fixture(scope="module")
def drawn():
    return tiles(28)


def jpeg(image, quality):
    held = io.BytesIO()
    image.save(held, "JPEG", quality=quality)
    return Image.open(held)


def cropped(image, share):
    inset = round(image.width * share)
    return image.crop((inset, inset, image.width - inset, image.height - inset))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda each: jpeg(each, 80), id="jpeg 80"),
        pytest.param(lambda each: jpeg(each, 20), id="jpeg 20"),
        pytest.param(lambda each: each.resize((192, 192)), id="half"),
        pytest.param(lambda each: each.resize((800, 800)), id="twice"),
        pytest.param(lambda each: ImageEnhance.Brightness(each).enhance(1.1), id="brighter"),
    ],
)
def test_a_picture_is_known_again(drawn, change):
    for image in drawn:
        hashed = picture_hash(image)
        if hashed.is_reliable:
            assert hashed.distance(picture_hash(change(image))) <= MAX_DISTANCE


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda each: cropped(each, 0.02), id="cropped 2 %"),
        pytest.param(lambda each: cropped(each, 0.035), id="cropped 3.5 %"),
        pytest.param(lambda each: each.transpose(Image.Transpose.FLIP_LEFT_RIGHT), id="mirrored"),
        pytest.param(lambda each: jpeg(cropped(each, 0.03).resize((200, 200)), 60), id="all"),
    ],
)
def test_an_entry_of_the_list_is_known_again_cropped_and_mirrored(drawn, change):
    known = [
        min(each.distance(picture_hash(change(image))) for each in hashes) <= MAX_DISTANCE
        for image in drawn
        if (hashes := hashes_for_list(image))
    ]

    assert sum(known) >= 0.9 * len(known) >= 20


def test_different_pictures_are_not_one(drawn):
    hashes = [hashed for hashed in map(picture_hash, drawn) if hashed.is_reliable]

    assert len(hashes) > 20
    assert min(one.distance(other) for one, other in combinations(hashes, 2)) > MAX_DISTANCE


def test_the_hash_is_the_one_that_pdq_s_own_program_writes():
    """A picture made of whole numbers; its hash was computed with the package `pdqhash` 0.2.8."""
    x, y = np.mgrid[0:128, 0:128]
    pixels = np.stack([(x * x + 3 * y) % 256, (5 * y + x * y // 16) % 256, (x ^ y) * 2 % 256], -1)

    hashed = picture_hash(Image.fromarray(pixels.astype(np.uint8)))

    assert (hashed.digits, hashed.quality) == (PDQ_DIGITS, 100)


PDQ_DIGITS = "aaaa52bb565cd7d6b7c0b553a6787454e155dab585b9092637621c61f0e907e0"


def test_a_picture_with_nothing_in_it_is_compared_with_nothing(tmp_path):
    plain = Image.new("RGB", (64, 64), "red")
    hashed = picture_hash(plain)
    path = tmp_path / "deny.txt"
    path.write_text(f"{hashed.digits} gore_graphic\n", "utf-8")

    assert not hashed.is_reliable
    assert hashes_for_list(plain) == []
    assert DenyList(path).matches(hashed) == []


def test_a_list_names_category_and_note(tmp_path, drawn):
    hashed = picture_hash(drawn[0])
    path = tmp_path / "deny.txt"
    path.write_text(f"# ours\n\n{hashed.digits.upper()}  gore_graphic  seen in May\n", "utf-8")

    (found,) = DenyList(path).matches(hashed)

    assert (found.category, found.note) == ("gore_graphic", "seen in May")
    assert DenyList(path).matches(picture_hash(drawn[1])) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("abc gore_graphic", "line 2: not a hash", id="short"),
        pytest.param("0" * 64, "line 2: not a hash", id="no category"),
        pytest.param("0" * 64 + " blood", "line 2: unknown category", id="unknown category"),
    ],
)
def test_a_list_with_a_fault_is_refused_whole(tmp_path, line, reason):
    path = tmp_path / "deny.txt"
    path.write_text(f"{'1' * 64} gore_graphic\n{line}\n", "utf-8")

    with pytest.raises(UserError) as caught:
        DenyList(path)

    assert caught.value.code == "file_unreadable"
    assert str(caught.value.facts["reason"]).startswith(reason)


def test_a_list_that_is_not_there_or_not_text_is_refused(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\xff\xd8\xff")

    for name in ("nowhere.txt", "picture.png"):
        with pytest.raises(UserError):
            read_deny_file(tmp_path / name)
    with pytest.raises(UserError):
        DenyList(tmp_path / "nowhere.txt")


def test_what_moderators_add_counts_at_once_and_a_broken_list_fails(tmp_path, drawn):
    hashed = picture_hash(drawn[2])
    path = tmp_path / "deny.txt"
    path.write_text("", "utf-8")
    deny = DenyList(path)
    assert deny.matches(hashed) == []

    path.write_text(f"{hashed.digits} gore_graphic\n", "utf-8")
    assert [each.category for each in deny.matches(hashed)] == ["gore_graphic"]

    path.write_text("half a li", "utf-8")
    with pytest.raises(UserError):
        deny.matches(hashed)
