"""A file is made here only if it is: on real pictures, stamped and changed as people change them.

Every file that is not the posted one starts a process and costs about a second, so each test takes
the one file that shows its point; the finer cases of pixels are in `examine/`.
"""

import functools
import io
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from bench.provenance_corpus import DRAWN
from core.contracts.examination import Change, Confirmation, Evidence, Rung, UnsignedClaim
from core.contracts.ids import VerifyId
from core.contracts.registry import TimeState
from core.provenance import ladder as ladder_module
from core.provenance import native
from core.provenance.alike import LooksIndex
from core.provenance.authority_time import TimeAuthority
from core.provenance.examine import process
from core.provenance.keys import load_or_create_keys
from core.provenance.ladder import Ladder
from core.provenance.manifest import manifest_of
from tests.core.provenance.clock import Clock, serving
from tests.core.provenance.gallery import Gallery, opened, saved, screenshot, with_mark_of
from tests.core.provenance.manifests import manifest_of_file
from tests.core.provenance.png import SIGNATURE, chunk, header, insert_before_pixels, one_pixel
from tests.core.provenance.test_native import _listener, _with_remote_manifest


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    made = Gallery(tmp_path_factory.mktemp("gallery"))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def drawn():
    return DRAWN["city"]()


@pytest.fixture(scope="module")
def foreign():
    return DRAWN["bokeh"]()


@pytest.fixture(scope="module")
def posted(gallery, drawn):
    return gallery.post(drawn)


@pytest.fixture(scope="module")
def picture(posted):
    """The posted picture's pixels, as anybody may have saved them."""
    return opened(posted[0].data)


@pytest.fixture
def no_process(monkeypatch):
    """Fail where a process would be started."""

    def refuse(*_args, **_options):
        raise AssertionError("a process was started")

    monkeypatch.setattr(ladder_module, "PixelProcess", refuse)


def test_posted_bytes_are_known_without_reading_them(gallery, posted, no_process, monkeypatch):
    """No manifest is read either, so that an ended certificate changes nothing."""

    def refuse(*_args, **_options):
        raise AssertionError("the label was read")

    monkeypatch.setattr(ladder_module, "read", refuse)
    stamped, verify_id = posted

    found = gallery.ladder.examine(stamped.data)

    assert (found.rung, found.evidence) == (Rung.EXACT, (Evidence.BYTES,))
    assert found.confirmed_by is Confirmation.BYTES
    assert (found.is_made_here, found.is_unchanged, found.changes) == (True, True, ())
    assert found.report is None
    assert found.record.verify_id == verify_id
    assert (found.record.model, found.record.is_standing) == ("easel-small", True)


def test_unrecorded_file_of_ours_is_told_by_its_signature(gallery, drawn, no_process):
    """As after a registry was restored from an older backup."""
    stamped, facts = gallery.stamp(drawn.resize((256, 256)))

    found = gallery.ladder.examine(stamped.data)

    assert (found.rung, found.confirmed_by) == (Rung.OUR_MANIFEST, Confirmation.BYTES)
    assert (found.record, found.claimed_id) == (None, facts.verify_id)
    assert found.report.model == "easel-small"


def _cut(picture):
    return picture.crop((180, 60, 180 + 740, 60 + 740))


def _pasted(picture):
    edited = picture.copy()
    edited.paste((240, 235, 220), (600, 420, 856, 676))
    return edited


CHANGED = {
    "jpeg-50": (lambda it: saved(it, quality=50), {Change.RE_ENCODED}),
    "encoded-twice": (
        lambda it: saved(opened(saved(it, "WEBP", 80)), "JPEG", 60),
        {Change.RE_ENCODED},
    ),
    "preview": (
        lambda it: saved(it.resize((550, 550)), "WEBP", 80),
        {Change.RE_ENCODED, Change.RESIZED},
    ),
    "half-cut-away": (lambda it: saved(_cut(it)), {Change.RE_ENCODED, Change.CROPPED}),
    "mirrored-and-painted": (
        lambda it: saved(ImageOps.mirror(_pasted(it))),
        {Change.RE_ENCODED, Change.MIRRORED, Change.EDITED_LOCALLY},
    ),
    "screenshot": (lambda it: saved(screenshot(it), "PNG"), {Change.RESIZED, Change.FRAMED}),
}


@pytest.fixture(scope="module")
def changed(gallery, picture):
    """Examine the posted picture, changed in a way, once for all tests."""
    return functools.cache(lambda name: gallery.ladder.examine(CHANGED[name][0](picture)))


@pytest.mark.parametrize("name", CHANGED)
def test_changed_picture_is_told_by_its_mark(posted, changed, name):
    found = changed(name)

    assert (found.rung, found.evidence) == (Rung.MARK, (Evidence.MARK,))
    assert found.confirmed_by is Confirmation.THUMBNAIL
    assert set(found.changes) == CHANGED[name][1] | {Change.METADATA_LOST}
    assert found.record.verify_id == posted[1]
    assert not found.is_unchanged


def test_what_was_cut_is_told_in_shares_of_the_original(changed):
    kept = changed("half-cut-away").kept

    assert [kept.left, kept.top, kept.width, kept.height] == pytest.approx(
        [180 / 1024, 60 / 1024, 740 / 1024, 740 / 1024], abs=0.01
    )
    assert changed("half-cut-away").placed is None


def test_what_was_painted_over_is_boxed_in_the_mirrored_file(changed):
    region = changed("mirrored-and-painted").region

    assert [region.left, region.top] == pytest.approx([1 - 856 / 1024, 420 / 1024], abs=0.03)
    assert [region.width, region.height] == pytest.approx([0.25, 0.25], abs=0.05)


def test_where_a_screenshot_shows_it_is_told(changed):
    placed = changed("screenshot").placed

    assert [placed.left, placed.top] == pytest.approx([260 / 1920, 120 / 1600], abs=0.01)
    assert changed("screenshot").scale == pytest.approx(1.37, abs=0.01)


def test_comment_in_a_signed_file_changes_its_bytes_alone(gallery, posted):
    stamped, verify_id = posted
    commented = insert_before_pixels(stamped.data, chunk(b"tEXt", b"Comment\0mine"))

    found = gallery.ladder.examine(commented)

    assert (found.rung, found.confirmed_by) == (Rung.OUR_MANIFEST, Confirmation.THUMBNAIL)
    assert found.evidence == (Evidence.MANIFEST, Evidence.MARK)
    assert found.changes == (Change.BYTES_CHANGED,)
    assert found.record.verify_id == verify_id


def test_label_moved_to_another_picture_is_misplaced(gallery, posted, foreign):
    """The manifest is ours and whole; the picture is not."""
    stamped, verify_id = posted
    manifest = manifest_of_file(stamped.data)[1]
    forged = insert_before_pixels(saved(foreign, "PNG"), chunk(b"caBX", manifest))

    found = gallery.ladder.examine(forged)

    assert (found.rung, found.is_made_here) == (Rung.MISPLACED, False)
    assert found.evidence == (Evidence.MANIFEST,)
    assert found.record.verify_id == verify_id
    assert found.changes == ()


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(lambda it: it, id="as-it-is"),
        pytest.param(lambda it: screenshot(it, 1.2), id="screenshot"),
    ],
)
def test_mark_copied_to_another_picture_is_misplaced(
    gallery, posted, picture, drawn, foreign, shown
):
    forged = saved(shown(with_mark_of(picture, drawn, foreign)), quality=92)

    found = gallery.ladder.examine(forged)

    assert (found.rung, found.is_made_here) == (Rung.MISPLACED, False)
    assert (found.evidence, found.record.verify_id) == ((Evidence.MARK,), posted[1])


def test_label_of_one_on_another_of_ours_is_told_by_the_mark(gallery, posted, foreign):
    """Both are ours, and the picture is the one that its pixels say."""
    other, other_id = gallery.post(foreign)
    manifest = manifest_of_file(posted[0].data)[1]
    mixed = insert_before_pixels(saved(opened(other.data), "PNG"), chunk(b"caBX", manifest))

    found = gallery.ladder.examine(mixed)

    assert (found.rung, found.record.verify_id) == (Rung.MARK, other_id)
    assert found.evidence == (Evidence.MANIFEST, Evidence.MARK)


def test_impostor_with_our_names_and_our_id_is_another_signer(gallery, posted, tmp_path):
    elsewhere = Gallery(tmp_path)
    forged, _ = elsewhere.stamp(DRAWN["clouds"]().resize((300, 300)), posted[1])
    elsewhere.store.close()

    found = gallery.ladder.examine(forged.data)

    assert (found.rung, found.is_made_here) == (Rung.OTHER_SIGNER, False)
    assert found.evidence == ()
    assert (found.record, found.claimed_id) == (None, None)
    assert found.report.signer == "Easel development signer (untrusted)"


@pytest.fixture(scope="module")
def erased(gallery):
    """A picture that was taken down, as it was and as somebody saved it."""
    stamped, verify_id = gallery.post(DRAWN["hills"]())
    gallery.take_down(verify_id)
    return stamped, verify_id


def test_bytes_of_a_taken_down_picture_still_verify(gallery, erased):
    found = gallery.ladder.examine(erased[0].data)

    assert found.rung is Rung.EXACT
    assert found.record.is_standing is False


def test_mark_of_a_taken_down_picture_is_confirmed_by_its_looks(gallery, erased):
    found = gallery.ladder.examine(saved(opened(erased[0].data), quality=70))

    assert (found.rung, found.confirmed_by) == (Rung.MARK, Confirmation.LOOKS)
    assert found.record.is_standing is False


def test_mark_with_nothing_to_compare_is_unconfirmed(gallery, erased):
    """A cropped picture has other looks, and its thumbnail is gone."""
    found = gallery.ladder.examine(saved(_cut(opened(erased[0].data))))

    assert (found.rung, found.is_made_here) == (Rung.UNCONFIRMED, False)
    assert (found.evidence, found.claimed_id) == ((Evidence.MARK,), erased[1])


def test_mark_without_a_record_is_unconfirmed(gallery, drawn):
    stamped, facts = gallery.stamp(drawn.transpose(Image.Transpose.ROTATE_90))

    found = gallery.ladder.examine(saved(opened(stamped.data)))

    assert (found.rung, found.record) == (Rung.UNCONFIRMED, None)
    assert found.claimed_id == facts.verify_id


def test_unmarked_original_only_looks_like_the_posted_one(gallery, posted, drawn):
    found = gallery.ladder.examine(saved(drawn.resize((400, 400)), quality=80))

    assert (found.rung, found.is_made_here) == (Rung.LOOKS, False)
    assert found.alike[0].verify_id == posted[1]
    assert (found.record, found.evidence) == (None, ())


def test_what_was_taken_down_is_not_named_among_what_looks_alike(gallery, erased):
    found = gallery.ladder.examine(saved(DRAWN["hills"]().resize((400, 400)), quality=80))

    assert (found.rung, found.alike) == (Rung.NOTHING, ())


def test_plain_metadata_is_a_claim(gallery):
    text = PngInfo()
    text.add_text("parameters", "a cat Steps: 20, Sampler: Euler a, CFG scale: 7")
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 99, 199)).save(out, "PNG", pnginfo=text)

    found = gallery.ladder.examine(out.getvalue())

    assert (found.rung, found.metadata) == (Rung.AI_METADATA, (UnsignedClaim.PARAMETERS,))


def test_host_without_keys_reads_and_makes_none(gallery, tmp_path):
    """A host that only verifies is not given a chain or a mark's key by looking."""
    bare = Ladder(gallery.store, tmp_path / "nowhere", LooksIndex(gallery.store))

    found = bare.examine(saved(Image.new("RGB", (300, 300), (1, 2, 3))))

    assert found.rung is Rung.NOTHING
    assert not (tmp_path / "nowhere").exists()


def test_rotated_keys_count_at_once(gallery, posted, picture, tmp_path):
    """The ladder was made before the folder had the key that marked the picture."""
    late = Ladder(gallery.store, tmp_path / "keys", gallery.index)
    shutil.copytree(gallery.keys_dir, tmp_path / "keys")

    assert late.examine(saved(picture)).record.verify_id == posted[1]


def test_time_is_told_where_its_authority_is_believed(gallery, tmp_path):
    """In the file, and beside it for one that left without: each is checked, neither is taken."""
    clock = Clock(tmp_path / "clock")
    believing = Ladder(gallery.store, gallery.keys_dir, gallery.index, clock.folder / "root.pem")
    posted, verify_id = gallery.post(Image.new("RGB", (80, 80), (9, 99, 9)))
    with serving(clock) as url:
        authority = TimeAuthority(url, clock.root_pem)
        signed = native.sign(
            one_pixel(),
            "image/png",
            manifest_of(gallery.facts()),
            load_or_create_keys(gallery.keys_dir),
            authority,
        )
        with gallery.store.unit() as unit:
            unit.registry.keep_time(verify_id, authority.stamp(posted.sha256).token)

    assert believing.examine(signed.data).report.time_stamped_at is not None
    assert gallery.ladder.examine(signed.data).report.time_stamped_at is None
    assert believing.examine(posted.data).record.time_state is TimeState.STAMPED
    with gallery.store.unit() as unit:
        unit.registry.keep_time(verify_id, b"made up")
    assert believing.examine(posted.data).record.time_state is TimeState.NONE


def test_url_in_a_file_is_not_asked_on_any_rung(gallery):
    """The pixels are looked at as well, and nobody hears of it."""
    keys, facts = load_or_create_keys(gallery.keys_dir), gallery.facts()
    with _listener() as (url, asked):
        data = _with_remote_manifest(url, keys, facts, is_embedded=False)

        found = gallery.ladder.examine(data)

    assert url.encode() in data
    assert asked == []
    assert (found.rung, found.is_made_here) == (Rung.NOTHING, False)
    assert "remote_manifest_not_fetched" in found.problems


def _bomb():
    """Sixteen hundred megapixels of nothing in a few KB, of which the header admits little."""
    import zlib

    rows = zlib.compress(bytes(3 * 5000 + 1) * 40_000, 9)
    return SIGNATURE + header(4000, 4000) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _hostile(posted):
    data = posted[0].data
    spoilt = data.index(b"IDAT") + 400
    flipped = data[:spoilt] + bytes([data[spoilt] ^ 0x40]) + data[spoilt + 1 :]
    small = saved(Image.new("RGB", (64, 64), (5, 5, 5)))
    return {
        "empty": (b"", Rung.UNREADABLE, "empty_file"),
        "text": (b"GIF? no, words", Rung.UNREADABLE, "type_unknown"),
        "truncated": (data[: len(data) // 2], Rung.UNREADABLE, "truncated"),
        "hundred-megapixels": (
            SIGNATURE + header(10_000, 10_000) + chunk(b"IEND", b""),
            Rung.UNREADABLE,
            "too_many_pixels",
        ),
        "no-pixels": (
            SIGNATURE + header(100, 100) + chunk(b"IEND", b""),
            Rung.UNREADABLE,
            "pixels_unreadable",
        ),
        "too-large": (small + bytes(20_000_000), Rung.UNREADABLE, "too_large"),
        "polyglot": (small + b"PK\x03\x04" + saved(Image.new("RGB", (9, 9)), "PNG"), None, None),
        "checksum": (flipped, None, "crc_broken"),
    }


HOSTILE = [
    "empty",
    "text",
    "truncated",
    "hundred-megapixels",
    "no-pixels",
    "too-large",
    "polyglot",
    "checksum",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_answered_not_followed(gallery, posted, name):
    """Nothing raises, and no frame alone makes a file one of ours."""
    data, rung, problem = _hostile(posted)[name]

    found = gallery.ladder.examine(data)

    assert rung is None or found.rung is rung
    assert problem is None or problem in found.problems
    assert found.confirmed_by is not Confirmation.BYTES


def test_unfolding_bomb_meets_the_bound(gallery):
    found = gallery.ladder.examine(_bomb())

    assert found.rung in {Rung.UNREADABLE, Rung.NOTHING}


def test_process_that_takes_too_long_is_ended(gallery, monkeypatch):
    """No process starts Python and its libraries in a millisecond."""
    monkeypatch.setattr(process, "WALL_S", 0.001)

    found = gallery.ladder.examine(saved(Image.new("RGB", (64, 64), (1, 2, 3))))

    assert (found.rung, found.problems) == (Rung.UNREADABLE, ("pixels_too_costly",))


def test_fault_of_ours_is_not_blamed_on_the_file(gallery, monkeypatch):
    monkeypatch.setattr(process, "_MODULE", "core.provenance.nowhere")

    with pytest.raises(process.ExaminerFailed, match="No module named"):
        gallery.ladder.examine(saved(Image.new("RGB", (64, 64), (1, 2, 3))))


def test_id_of_nobody_is_no_member(posted, gallery):
    """What anybody is told holds no job, no member and no prompt."""
    found = gallery.ladder.examine(posted[0].data).model_dump_json()

    assert str(gallery.job_id) not in found
    assert VerifyId(posted[1]) in found
    assert Path(gallery.keys_dir).name not in found
