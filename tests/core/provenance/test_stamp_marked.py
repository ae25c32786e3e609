"""With a real mark: what is marked, what is remembered, and what a copy or a grid carries of it."""

import hashlib
import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from core.contracts.ids import JobId, VerifyId
from core.contracts.provenance import Ingredient, Relation
from core.contracts.registry import MarkFacts, MarkState, RecordKind
from core.errors import AppError
from core.provenance.container import inspect
from core.provenance.looks import looks_of
from core.provenance.manifest import GENERATION
from core.provenance.mark.marker import load_marker
from core.provenance.native import read_claim
from core.provenance.options import LabelOptions, Region
from core.provenance.read import read
from core.provenance.stamp import Stamper, record_of
from core.provenance.xmp import parse_packet
from tests.core.provenance.films import film
from tests.core.provenance.png import chunks

COPY_ID, GRID_ID = VerifyId("1111222233334444"), VerifyId("5555666677778888")


@pytest.fixture(scope="module")
def marker(tmp_path_factory):
    return load_marker(tmp_path_factory.mktemp("marks"), backend="easel.ss64")


@pytest.fixture(scope="module")
def stamper(keys, marker):
    return Stamper(keys, marker)


@pytest.fixture(scope="module")
def drawing() -> Image.Image:
    """As textured as a photograph, and large enough for a mark."""
    return _drawing(7)


def _drawing(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), np.uint8)
    image = Image.fromarray(noise).resize((512, 512), Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).ellipse((120, 90, 380, 400), fill=(150, 90, 70))
    return Image.blend(
        image.filter(ImageFilter.GaussianBlur(3)),
        Image.effect_noise((512, 512), 30).convert("RGB"),
        0.15,
    )


@pytest.fixture(scope="module")
def posted(stamper, drawing, facts):
    return stamper.stamp(drawing, facts)


def _pixels(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def _found(marker, data: bytes):
    found = marker.detect(np.asarray(_pixels(data)))
    return None if found is None else found.mark_id


def test_posted_pixels_carry_the_verify_id(marker, posted, facts):
    """The mark is in the file that leaves, and the record and the signature name it."""
    assert posted.mark.state is MarkState.MARKED
    assert posted.mark.mark_id == facts.verify_id
    assert _found(marker, posted.data) == facts.verify_id


def test_signature_is_over_the_marked_file(posted, keys, facts):
    """The order: were anything done after it, it would not hold."""
    report = read(posted.data, anchors=keys)
    claim = read_claim(posted.data, "image/png", keys.anchors.pem)

    assert (report.state, report.is_ours) == ("valid", True)
    assert claim.assertion("c2pa.soft-binding")["blocks"][0]["value"] == facts.verify_id
    assert posted.sha256 == hashlib.sha256(posted.data).hexdigest()


def test_looks_and_thumbnail_are_those_of_the_marked_pixels(posted):
    """What people see is what is looked for later."""
    shown = _pixels(posted.data)

    with Image.open(io.BytesIO(posted.thumbnail)) as small:
        assert (small.format, small.size) == ("WEBP", (320, 320))
    assert posted.fingerprints == looks_of(shown)
    assert len(posted.thumbnail) < 40_000


def test_drawing_is_remembered_as_it_was_before_the_mark(stamper, posted, drawing, facts):
    """Drawn again it is the same, though its mark is another: that is what a rerun compares."""
    again = stamper.stamp(drawing, facts.model_copy(update={"verify_id": COPY_ID}))

    assert posted.drawn_sha256 == hashlib.sha256(drawing.tobytes()).hexdigest()
    assert again.drawn_sha256 == posted.drawn_sha256
    assert _pixels(again.data).tobytes() != _pixels(posted.data).tobytes()


def test_marked_as_another_picture_was_it_is_that_picture(stamper, posted, drawing):
    """To the last bit: what differs after that was drawn otherwise."""
    marked = stamper.marked_as(drawing, posted.mark)

    assert marked.tobytes() == _pixels(posted.data).tobytes()


def test_marking_as_with_a_lost_key_is_refused(stamper, drawing, posted):
    lost = posted.mark.model_copy(update={"key_version": 99})

    with pytest.raises(ValueError):
        stamper.marked_as(drawing, lost)


def test_transparency_stays_as_it_was(stamper, drawing, facts):
    image = drawing.copy()
    image.putalpha(Image.linear_gradient("L").resize(image.size))

    stamped = stamper.stamp(image, facts)

    with Image.open(io.BytesIO(stamped.data)) as shown:
        assert shown.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    assert stamped.mark.state is MarkState.MARKED


def test_picture_too_small_for_a_mark_says_so_and_is_posted(stamper, picture, facts):
    """A stated rule and no failure: no downgrade, no claim of a mark."""
    stamped = stamper.stamp(picture, facts)

    assert (stamped.mark.state, stamped.downgrades) == (MarkState.TOO_SMALL, ())
    assert _pixels(stamped.data).tobytes() == picture.tobytes()
    assert b"c2pa.watermarked" not in stamped.data


def test_record_says_what_was_stamped_and_names_nobody(posted, facts):
    record = record_of(posted, facts, JobId("job1"))

    assert (record.verify_id, record.kind, record.sha256) == (
        facts.verify_id,
        RecordKind.PICTURE,
        posted.sha256,
    )
    assert (record.width, record.height, record.size_bytes) == (512, 512, len(posted.data))
    assert (record.mark, record.fingerprints) == (posted.mark, posted.fingerprints)
    assert record.original is None
    assert "prompt" not in record.model_dump_json()


# --- Copies ---


def _copy_facts(facts, posted):
    parent = Ingredient(
        relation=Relation.PARENT_OF, verify_id=facts.verify_id, sha256=posted.sha256
    )
    return facts.model_copy(update={"verify_id": COPY_ID, "ingredients": (parent,)})


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/webp", "image/png"])
def test_copy_keeps_the_mark_and_is_labelled_anew(stamper, marker, posted, facts, keys, media_type):
    """Its own id, hash and signature; the id in the pixels is still the original's."""
    about = _copy_facts(facts, posted)

    copy = stamper.stamp_copy(
        posted.data, about, posted.mark, media_type=media_type, max_bytes=2_000_000
    )
    report, record = read(copy.data, anchors=keys), record_of(copy, about, None)

    assert (report.state, report.verify_id, report.media_type) == ("valid", COPY_ID, media_type)
    assert report.xmp_digital_source_type == facts.source_type
    assert report.ingredients == about.ingredients
    assert _found(marker, copy.data) == facts.verify_id
    assert (record.kind, record.original) == (RecordKind.COPY, facts.verify_id)
    assert record.mark == posted.mark


def test_copy_has_at_most_the_bytes_that_a_platform_takes(stamper, posted, facts):
    """The best that fits; where none does, a smaller picture."""
    about, limits = _copy_facts(facts, posted), (150_000, 60_000, 34_000)

    copies = [
        stamper.stamp_copy(posted.data, about, posted.mark, media_type="image/jpeg", max_bytes=most)
        for most in limits
    ]

    assert all(len(copy.data) <= most for copy, most in zip(copies, limits, strict=True))
    assert [copy.width for copy in copies] == sorted((copy.width for copy in copies), reverse=True)
    assert copies[0].width == 512 > copies[-1].width


def test_copy_that_cannot_fit_is_refused(stamper, posted, facts):
    with pytest.raises(AppError) as refusal:
        stamper.stamp_copy(
            posted.data,
            _copy_facts(facts, posted),
            posted.mark,
            media_type="image/png",
            max_bytes=30_000,
        )

    assert (refusal.value.code, refusal.value.facts) == ("copy_does_not_fit", {"value": 30_000})


def test_copy_whose_mark_is_gone_says_that_it_is_weak(stamper, posted, facts):
    """The original's id, and no promise that it can be read."""
    foreign = posted.mark.model_copy(update={"mark_id": VerifyId("9999999999999999")})

    copy = stamper.stamp_copy(
        posted.data,
        _copy_facts(facts, posted),
        foreign,
        media_type="image/jpeg",
        max_bytes=2_000_000,
    )

    assert (copy.mark.state, copy.mark.mark_id) == (MarkState.WEAK, foreign.mark_id)


# --- Grids ---


def _grid_facts(facts, count):
    tiles = tuple(
        Ingredient(
            relation=Relation.COMPONENT_OF,
            verify_id=VerifyId(f"{number:016x}"),
            sha256=f"{number}" * 64,
        )
        for number in range(1, count + 1)
    )
    return facts.model_copy(update={"verify_id": GRID_ID, "ingredients": tiles})


@pytest.mark.parametrize(("count", "size"), [(2, (1024, 512)), (4, (1024, 1024))])
def test_grid_is_signed_whole_and_marked_with_its_own_id(stamper, marker, keys, facts, count, size):
    about = _grid_facts(facts, count)

    grid = stamper.stamp_grid([_drawing(number) for number in range(count)], about)
    report, record = read(grid.data, anchors=keys), record_of(grid, about, None)

    assert (grid.width, grid.height) == size
    assert (report.state, report.verify_id) == ("valid", GRID_ID)
    assert len(report.ingredients) == count
    assert (record.kind, record.original) == (RecordKind.GRID, None)
    assert _found(marker, grid.data) == GRID_ID


def test_grid_of_posted_tiles_is_marked_with_its_own_id_too(stamper, marker, posted, facts):
    """The tiles' own marks are taken out first: of two that lie upon each other one gets lost."""
    tiles = [_pixels(posted.data), _pixels(stamper.stamp(_drawing(2), facts).data)]

    grid = stamper.stamp_grid(tiles, _grid_facts(facts, 2))

    assert grid.mark.state is MarkState.MARKED
    assert _found(marker, grid.data) == GRID_ID


def test_each_tile_is_where_it_belongs(keys, facts):
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    tiles = [Image.new("RGB", (64, 32), colour) for colour in colours]

    grid = _pixels(Stamper(keys).stamp_grid(tiles, _grid_facts(facts, 3)).data)

    assert grid.size == (128, 64)
    corners = [grid.getpixel(place) for place in ((5, 5), (100, 5), (5, 50), (100, 50))]
    assert corners == [*colours, (0, 0, 0)]


@pytest.mark.parametrize(("tiles", "named"), [(1, 1), (5, 5), (2, 3), (2, 0)])
def test_grid_names_two_to_four_tiles(keys, facts, tiles, named):
    with pytest.raises(ValueError):
        Stamper(keys).stamp_grid([Image.new("RGB", (8, 8))] * tiles, _grid_facts(facts, named))


# --- What moves ---


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "MP4"])
def test_film_is_signed_and_its_frames_stay(stamper, keys, facts, kind):
    """Not a byte of them changes; it carries no mark, and says so."""
    before = film(kind)

    stamped = stamper.stamp_file(before, facts)
    report = read(stamped.data, anchors=keys)
    frame = inspect(stamped.data)

    assert (report.state, report.is_ours) == ("valid", True)
    assert (stamped.kind, stamped.mark.state) == (RecordKind.ANIMATION, MarkState.OFF)
    assert parse_packet(frame.xmp).digital_source_type == facts.source_type
    assert (stamped.width, stamped.height) == (frame.width, frame.height) == (37, 21)
    assert (stamped.thumbnail is None) is (kind == "MP4")
    if kind != "MP4":
        assert _frames(stamped.data) == _frames(before)
    changed = bytearray(stamped.data)
    changed[-60 if kind == "MP4" else stamped.data.rindex(before[-40:-20])] ^= 1
    assert read(bytes(changed), anchors=keys).state != "valid"


def _frames(data: bytes) -> list[bytes]:
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for number in range(image.n_frames):
            image.seek(number)
            frames.append(image.convert("RGB").tobytes())
        return frames


@pytest.mark.parametrize("data", [film("GIF")[:-30], b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_whole_film_is_refused(keys, facts, data):
    with pytest.raises(ValueError):
        Stamper(keys).stamp_file(data, facts)


# --- China ---


@pytest.fixture(scope="module")
def chinese(keys, marker):
    return Stamper(keys, marker, LabelOptions(region=Region.CN, producer="001191310000"))


def test_region_cn_writes_the_key_in_png_and_xmp(chinese, drawing, facts, keys):
    """One JSON with the standard's seven fields, under `AIGC`, signed over like all else."""
    data = chinese.stamp(drawing, facts).data
    bodies = [body for kind, body in chunks(data) if kind == b"iTXt"]
    own = next(body for body in bodies if body.startswith(b"AIGC\0"))

    told = json.loads(own.split(b"\0")[-1])

    assert told == {
        "Label": "1",
        "ContentProducer": "001191310000",
        "ProduceID": facts.verify_id,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    assert b"<TC260:AIGC>{" in inspect(data).xmp
    assert read(data, anchors=keys).is_ours


def test_region_cn_forces_words_into_the_corner_below_the_mark(
    chinese, stamper, marker, drawing, facts
):
    """Before the mark, so that the corner is marked too, and the drawn hash is with the words."""
    stamped, plain = chinese.stamp(drawing, facts), stamper.stamp(drawing, facts)
    asked = stamper.stamp(drawing, facts, has_corner=True)

    assert len({each.drawn_sha256 for each in (stamped, plain, asked)}) == 3
    assert _found(marker, stamped.data) == facts.verify_id
    corner = (400, 460, 512, 512)
    assert stamped.drawn.crop(corner).tobytes() != drawing.crop(corner).tobytes()
    assert plain.drawn.tobytes() == drawing.tobytes()


def test_without_a_region_there_is_no_such_key(posted):
    """Not even the namespace, by which some readers go."""
    assert b"AIGC" not in b"".join(body for kind, body in chunks(posted.data) if kind == b"iTXt")


# --- Size ---


def test_label_of_a_marked_large_picture_stays_small(stamper, facts):
    """C2PA adds at most 6 KB at 1024 px, with soft binding, parent and a ban on mining."""
    image = _drawing(3).resize((1024, 1024))
    parent = Ingredient(relation=Relation.PARENT_OF, verify_id=COPY_ID, sha256="ab" * 32)
    stamper = Stamper(stamper._keys, stamper._marker, LabelOptions(forbids_mining=True))

    data = stamper.stamp(image, facts.model_copy(update={"ingredients": (parent,)})).data
    manifest = next(body for kind, body in chunks(data) if kind == b"caBX")

    assert len(manifest) + 12 <= 6 * 1024
    assert b"thumbnail" not in manifest
    assert GENERATION.encode() in manifest


def test_off_is_the_state_of_a_stamper_without_a_marker(keys, drawing, facts):
    stamped = Stamper(keys).stamp(drawing, facts)

    assert stamped.mark == MarkFacts(state=MarkState.OFF)
    assert _pixels(stamped.data).tobytes() == drawing.tobytes()
