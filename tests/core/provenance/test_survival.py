"""What is left of a label is told layer by layer, and nothing is missed that was never there."""

import io
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from core.contracts.label_checks import Fate, Sign
from core.provenance.mark.base import Detected, Effort
from core.provenance.mark.marker import Marker
from core.provenance.stamp import Stamper
from core.provenance.survival import Survival

KEPT, BROKEN, LOST, NOT_GIVEN = Fate.KEPT, Fate.BROKEN, Fate.LOST, Fate.NOT_GIVEN
FULL = ["bytes", "c2pa", "xmp", "mark", "fingerprint"]


class CornerMark(NamedTuple):
    """A method that knows one id by a bright corner: it outlasts everything but a dark one."""

    mark_id: str
    name: str = "corner"

    def detect(self, pixels, *, effort):
        is_marked = np.mean(pixels[:8, :8]) > 200
        return Detected(self.mark_id, self.name, 1, 1.0, False, 9.0) if is_marked else None


@pytest.fixture(scope="module")
def sample(keys, facts):
    image = Image.new("RGB", (320, 256), "white")
    draw = ImageDraw.Draw(image)
    for at in range(4):
        draw.ellipse((60 * at + 20, 40, 60 * at + 70, 200), fill=(60 * at, 90, 200 - 50 * at))
    return Stamper(keys).stamp(image.filter(ImageFilter.GaussianBlur(2)), facts).data


@pytest.fixture(scope="module")
def survival(sample, keys, facts):
    marker = Marker(None, [CornerMark(facts.verify_id)])
    return Survival(sample, keys.anchors, marker)


def saved(data, image_format, change=lambda image: image, **options):
    with Image.open(io.BytesIO(data)) as image:
        out = io.BytesIO()
        change(image.convert("RGB")).save(out, image_format, **options)
    return out.getvalue()


def fates(check):
    return {sign.value: fate for sign, fate in check.fates.items()}


def test_the_very_bytes_have_everything(survival, sample):
    check = survival.of(sample)

    assert fates(check) == dict.fromkeys(FULL, KEPT)
    assert (check.media_type, check.width, check.height) == ("image/png", 320, 256)
    assert check.size_bytes == len(sample)


def test_saved_anew_only_the_pixels_tell(survival, sample):
    """As every preview of a platform is."""
    small = saved(sample, "WEBP", lambda image: image.resize((160, 128)), quality=80)

    check = survival.of(small)

    assert fates(check) == {
        "bytes": LOST, "c2pa": LOST, "xmp": LOST, "mark": KEPT, "fingerprint": KEPT,
    }  # fmt: skip
    assert (check.media_type, check.width, check.height) == ("image/webp", 160, 128)


def test_a_manifest_on_other_bytes_is_broken(survival, sample):
    """It is still there, so it is not lost; it no longer holds."""
    changed = bytearray(sample)
    changed[changed.index(b"IEND") - 5] ^= 1  # The last byte of the pixels' checksum.

    assert fates(survival.of(bytes(changed)))["c2pa"] is BROKEN


def test_another_signers_manifest_is_not_ours(survival, sample, impostor, picture, facts):
    """Whatever id it names."""
    other = Stamper(impostor).stamp(picture, facts).data

    assert fates(survival.of(other))["c2pa"] is BROKEN


def test_another_label_of_ours_is_not_the_samples(survival, keys, facts):
    """A platform that hands out somebody else's picture has lost this one."""
    other = facts.model_copy(update={"verify_id": "fedcba9876543210"})
    dark = Image.new("RGB", (320, 256))
    ImageDraw.Draw(dark).polygon([(0, 256), (160, 0), (320, 256)], fill="green")

    found = fates(survival.of(Stamper(keys).stamp(dark, other).data))

    assert found == {
        "bytes": LOST, "c2pa": BROKEN, "xmp": KEPT, "mark": LOST, "fingerprint": LOST,
    }  # fmt: skip


def test_metadata_that_says_something_else_is_broken(survival, sample):
    """A platform may write its own over ours."""
    packet = b"trainedAlgorithmicMedia"
    at = sample.rindex(packet)  # The first stands in the manifest.
    changed = sample[:at] + b"digitalCapture".ljust(len(packet), b"_") + sample[at + len(packet) :]

    assert fates(survival.of(changed))["xmp"] is BROKEN


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Sign in</html>", id="a page"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="a head alone"),
    ],
)
def test_what_is_no_picture_has_lost_everything(survival, data):
    check = survival.of(data)

    assert set(check.fates.values()) == {LOST}
    assert check.media_type == ""


def test_a_picture_that_can_not_be_decoded_has_lost_its_pixels(survival, sample):
    """Its frame may be whole all the same."""
    at = sample.index(b"IDAT") + 4
    garbled = sample[:at] + bytes(40) + sample[at + 40 :]

    found = fates(survival.of(garbled))

    assert (found["mark"], found["fingerprint"]) == (LOST, LOST)


def test_what_the_sample_never_had_is_not_missed(sample):
    """Marks are turned off; and with strangers' anchors no label of ours is valid."""
    survival = Survival(sample, None, Marker(None, []))

    found = fates(survival.of(saved(sample, "PNG")))

    assert (found["c2pa"], found["mark"]) == (NOT_GIVEN, NOT_GIVEN)
    assert (found["xmp"], found["fingerprint"]) == (LOST, KEPT)


def test_a_mark_that_was_never_there_is_not_searched_for(sample, keys):
    """A thorough search takes seconds for each form."""
    looked = []

    class Looks(NamedTuple):
        name: str = "looks"

        def detect(self, pixels, *, effort):
            looked.append(effort)

    survival = Survival(sample, keys.anchors, Marker(None, [Looks()]))

    assert fates(survival.of(sample))["mark"] is NOT_GIVEN
    assert looked == [Effort.QUICK]


def test_every_sign_of_a_file_is_looked_for(survival, sample):
    """The three others are of the message around it."""
    around = {Sign.VISIBLE, Sign.ALT_TEXT, Sign.FILE_NAME}

    assert set(survival.of(sample).fates) == set(Sign) - around
