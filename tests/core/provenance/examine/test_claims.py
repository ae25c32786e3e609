"""Plain metadata that speaks of AI is found where programs write it, and nowhere else."""

import io
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.contracts.examination import UnsignedClaim
from core.provenance.examine.claims import MAX_BLOCK_BYTES, unsigned_claims
from core.provenance.read import read
from tests.core.provenance.png import chunk, insert_before_pixels

USER_COMMENT = 0x9286


def claims(data):
    return unsigned_claims(data, read(data, anchors=None))


def png(*texts):
    info, out = PngInfo(), io.BytesIO()
    for key, value in texts:
        info.add_text(key, value)
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def with_comment(kind, comment):
    """Write an EXIF user comment as the A1111 web UI does."""
    exif, out = Image.Exif(), io.BytesIO()
    exif.get_ifd(0x8769)[USER_COMMENT] = comment
    Image.new("RGB", (8, 8)).save(out, kind, exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(
    ("key", "value", "claim"),
    [
        ("parameters", "a cat", UnsignedClaim.PARAMETERS),
        ("prompt", "{}", UnsignedClaim.COMFYUI),
        ("workflow", "{}", UnsignedClaim.COMFYUI),
        ("AIGC", '{"Label": "1"}', UnsignedClaim.AIGC),
        ("Software", "NovelAI", UnsignedClaim.SOFTWARE),
        ("invokeai_metadata", "{}", UnsignedClaim.SOFTWARE),
    ],
)
def test_png_text_is_known_by_its_keyword(key, value, claim):
    assert claims(png((key, value))) == (claim,)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Comment", "my holiday"),
        ("Parameters", "shutter 1/60"),
        ("Software", "GIMP"),
        ("Title", "workflow of a bakery"),
    ],
)
def test_other_text_claims_nothing(key, value):
    assert claims(png((key, value))) == ()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_user_comment_in_two_bytes_a_letter_is_read(kind):
    words = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7"
    comment = b"UNICODE\0" + words.encode("utf-16-be")

    assert claims(with_comment(kind, comment)) == (UnsignedClaim.PARAMETERS,)


def test_comfyui_in_a_webp_is_read():
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F] = 'workflow:{"nodes": []}'
    Image.new("RGB", (8, 8)).save(out, "WEBP", exif=exif)

    assert claims(out.getvalue()) == (UnsignedClaim.COMFYUI,)


def test_iptc_terms_in_xmp_are_a_claim(stamped):
    """Also those of a labelled file: the signature is another matter."""
    assert UnsignedClaim.XMP in claims(stamped.data)


def test_several_claims_are_named_once_each():
    found = claims(png(("prompt", "{}"), ("workflow", "{}"), ("parameters", "a cat")))

    assert found == (UnsignedClaim.PARAMETERS, UnsignedClaim.COMFYUI)


def test_text_that_unfolds_is_cut_off():
    """A word behind a megabyte of nothing is not looked for."""
    packed = zlib.compress(b" " * (50 * MAX_BLOCK_BYTES) + b"Steps: 20, Sampler: Euler", 9)
    data = insert_before_pixels(png(), chunk(b"zTXt", b"Comment\0\0" + packed))

    assert len(packed) < 100_000
    assert claims(data) == ()


@pytest.mark.parametrize("cut", [9, 30, 60, 70])
def test_file_that_ends_early_claims_nothing(cut):
    data = png(("Comment", "x"))[:cut]

    assert unsigned_claims(data, read(png(), anchors=None)) == ()
