"""Stamping changes no pixel, adds little, and puts nothing into a file but the label."""

import hashlib
import io
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import ValidationError

from core.contracts.provenance import Recipe, StampFacts
from core.provenance.read import read
from core.provenance.stamp import Stamper
from tests.core.provenance.png import chunks

PROMPT = "a violet heron on a bicycle <&>"
RECIPE = Recipe(
    prompt=PROMPT, negative=("fog",), seed=424242, steps=20, guidance_scale=7.5, scheduler="DDIM"
)


def _kinds(data) -> list[bytes]:
    return [kind for kind, _ in chunks(data)]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_pixels_survive_unchanged(keys, picture, facts, mode):
    image = picture.convert(mode)

    stamped = Stamper(keys).stamp(image, facts)
    decoded = Image.open(io.BytesIO(stamped.data))

    assert (decoded.mode, decoded.size) == (mode, image.size)
    assert decoded.tobytes() == image.tobytes()
    assert (stamped.width, stamped.height, stamped.media_type) == (96, 64, "image/png")


def test_same_pixels_are_encoded_to_the_same_bytes(keys, picture, facts):
    """Only the signature differs between two stamps of one picture."""
    stamper = Stamper(keys)

    first, second = (stamper.stamp(picture, facts) for _ in range(2))

    assert first.data != second.data
    pixels = [
        [body for kind, body in chunks(one.data) if kind == b"IDAT"] for one in (first, second)
    ]
    assert pixels[0] == pixels[1]


def test_hash_is_of_the_exact_bytes(stamped):
    assert stamped.sha256 == hashlib.sha256(stamped.data).hexdigest()


def test_file_holds_the_label_and_nothing_else(stamped):
    assert set(_kinds(stamped.data)) == {b"IHDR", b"caBX", b"iTXt", b"IDAT", b"IEND"}
    assert _kinds(stamped.data).count(b"iTXt") == 1


def test_what_an_image_carries_along_stays_out(keys, picture, facts):
    """A pipeline or an upload may leave prompts, profiles and times in `Image.info`."""
    laden = picture.copy()
    laden.info = {
        "parameters": PROMPT,
        "icc_profile": b"profile",
        "exif": b"Exif\0\0",
        "dpi": (72, 72),
    }
    laden.text = {"parameters": PROMPT}

    data = Stamper(keys).stamp(laden, facts).data

    assert set(_kinds(data)) == {b"IHDR", b"caBX", b"iTXt", b"IDAT", b"IEND"}
    assert b"heron" not in data


def test_prompt_stays_out_unless_opted_in(keys, picture, facts):
    stamper = Stamper(keys)

    plain = stamper.stamp(picture, facts).data
    opted_in = stamper.stamp(picture, facts.model_copy(update={"recipe": RECIPE})).data

    assert b"AIPromptInformation" not in plain
    assert b"seed" not in plain
    assert (
        b"<Iptc4xmpExt:AIPromptInformation>a violet heron on a bicycle &lt;&amp;&gt;<" in opted_in
    )
    assert read(opted_in, anchors=keys).recipe == RECIPE


def test_label_has_no_room_for_people_or_places(facts):
    """Who asked, and where, can not be passed; every field of a label is named here."""
    assert set(StampFacts.model_fields) == {
        "verify_id",
        "model",
        "model_sha256",
        "policy_name",
        "policy_version",
        "created_at",
        "mode",
        "source_type",
        "ingredients",
        "recipe",
    }
    for stray in ("member_id", "community_id", "channel_id", "job_id", "display_name"):
        with pytest.raises(ValidationError):
            StampFacts.model_validate({**facts.model_dump(), stray: "someone"})


def test_time_is_kept_to_the_second(facts):
    assert facts.created_at.microsecond == 0


@pytest.mark.parametrize("verify_id", ["", "0123", "0123456789ABCDEF", "../etc/passwd0000"])
def test_verify_id_is_sixteen_hex_digits(facts, verify_id):
    with pytest.raises(ValidationError):
        StampFacts.model_validate({**facts.model_dump(), "verify_id": verify_id})


def test_label_adds_little_to_a_large_picture(keys, facts):
    """At 1024 px the manifest takes under 6 KB, for it holds no thumbnail."""
    large = Image.effect_noise((1024, 1024), 30).convert("RGB")

    data = Stamper(keys).stamp(large, facts).data
    manifest = next(body for kind, body in chunks(data) if kind == b"caBX")

    assert len(manifest) + 12 <= 6 * 1024
    assert b"c2pa.thumbnail" not in manifest


def test_odd_image_modes_are_a_bug_of_the_caller(keys, facts):
    """Converting silently would change pixels after they were checked."""
    with pytest.raises(ValueError, match="CMYK"):
        Stamper(keys).stamp(Image.new("CMYK", (8, 8)), facts)


def test_threads_share_one_stamper(keys, picture, facts):
    stamper = Stamper(keys)

    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda _: stamper.stamp(picture, facts).data, range(32)))

    assert len(set(files)) == 32
    assert all(read(data, anchors=keys).is_ours for data in files[:4])


def test_stamper_survives_a_fork(keys, tmp_path):
    """The library's contexts die on fork; a stamper made before one still signs after it."""
    script = textwrap.dedent("""
        import os, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from PIL import Image
        from core.provenance.keys import load_or_create_keys
        from core.provenance.stamp import StampFacts, Stamper

        home = Path(sys.argv[1])
        stamper = Stamper(load_or_create_keys(home / "keys"))
        facts = StampFacts(verify_id="0" * 16, model="m", policy_name="p", policy_version="1",
                           created_at=datetime.now(UTC))
        image = Image.new("RGB", (8, 8))
        stamper.stamp(image, facts)
        child = os.fork()
        if child == 0:
            (home / "child.png").write_bytes(stamper.stamp(image, facts).data)
            os._exit(0)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """)

    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60)

    from core.provenance.keys import load_anchors

    report = read((tmp_path / "child.png").read_bytes(), anchors=load_anchors(tmp_path / "keys"))
    assert report.is_ours


def test_saving_again_by_pillow_loses_what_was_signed(stamped):
    """Why nothing may touch the bytes after the stamp: the manifest goes without a word."""
    out = io.BytesIO()
    Image.open(io.BytesIO(stamped.data)).save(out, "PNG", pnginfo=PngInfo())

    assert b"caBX" not in out.getvalue()
