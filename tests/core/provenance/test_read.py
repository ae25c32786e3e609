"""A label reads back as what it is: ours, somebody else's, broken, or not there."""

import io
import time

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.contracts.provenance import DigitalSourceType, Found, ProvenanceState
from core.provenance import native
from core.provenance.container import inspect
from core.provenance.isolation import WALL_S
from core.provenance.manifest import GENERATION, manifest_of
from core.provenance.read import MAX_BYTES, read
from core.provenance.stamp import Stamper
from core.provenance.xmp import packet_of
from tests.core.provenance.manifests import manifest_of_file, splice, with_manifest
from tests.core.provenance.png import SIGNATURE, chunk, header, insert_before_pixels

AI = DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
CHANGED = "assertion.dataHash.mismatch"


def _encoded(image, kind="PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def test_posted_file_reads_as_made_here(stamped, keys, facts):
    """The very bytes that were posted are valid, trusted and ours, and say what was stamped."""
    report = read(stamped.data, anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.VALID, Found.MADE_HERE)
    assert report.is_ours
    assert report.is_signer_trusted
    assert report.problems == ()
    assert report.verify_id == facts.verify_id
    assert (report.model, report.model_sha256) == (facts.model, facts.model_sha256)
    assert (report.policy_name, report.policy_version) == ("default", "1.0.0+1a2b3c4d")
    assert report.created_at == facts.created_at
    assert report.recipe is None
    assert report.digital_source_type == AI
    assert report.xmp_digital_source_type == AI
    assert report.xmp_ai_system == "Easel (easel-small)"
    assert report.signer == "Easel development signer (untrusted)"
    assert report.sha256 == stamped.sha256
    assert (report.media_type, report.width, report.height) == ("image/png", 96, 64)


def test_one_changed_pixel_is_named_as_changed_bytes(stamped, keys, facts):
    """Our manifest carried over to almost the same pixels does not pass."""
    image = Image.open(io.BytesIO(stamped.data))
    red, green, blue = image.getpixel((5, 5))
    image.putpixel((5, 5), (red, green, blue ^ 1))
    manifest = manifest_of_file(stamped.data)[1]
    edited = insert_before_pixels(_encoded(image), chunk(b"caBX", manifest))

    report = read(edited, anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.INVALID, Found.CHANGED_AFTER_SIGNING)
    assert report.problems == (CHANGED,)
    assert not report.is_ours
    assert report.verify_id == facts.verify_id  # it names the record, not these bytes
    assert inspect(edited).fault is None


def test_saving_with_pillow_takes_the_label_away(stamped, keys):
    report = read(_encoded(Image.open(io.BytesIO(stamped.data))), anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.UNLABELLED, Found.NO_LABEL)
    assert report.problems == ()


def test_impostor_with_our_names_is_another_signer(picture, facts, keys, impostor):
    """A stranger's root that bears our name, with our assertion, is neither ours nor trusted."""
    forged = Stamper(impostor).stamp(picture, facts).data

    report = read(forged, anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.VALID_UNTRUSTED, Found.OTHER_SIGNER)
    assert not report.is_ours
    assert not report.is_signer_trusted
    assert report.verify_id is None
    assert report.signer == "Easel development signer (untrusted)"


def test_reader_without_anchors_trusts_nobody(stamped):
    report = read(stamped.data, anchors=None)

    assert (report.state, report.is_ours) == (ProvenanceState.VALID_UNTRUSTED, False)


def test_anchor_as_text_takes_all_under_it_for_ours(stamped, keys, impostor):
    assert read(stamped.data, anchors=keys.anchors.pem).is_ours
    assert not read(stamped.data, anchors=impostor.anchors.pem).is_ours


def _text_after_signing(data: bytes) -> bytes:
    return insert_before_pixels(data, chunk(b"tEXt", b"Comment\0made by hand"))


def _spoilt_pixels(data: bytes) -> bytes:
    position = data.index(b"IDAT") + 20
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        pytest.param(lambda data: data + b"more", (CHANGED,), id="bytes-appended"),
        pytest.param(_text_after_signing, (CHANGED,), id="text-inserted"),
        pytest.param(_spoilt_pixels, ("crc_broken", CHANGED), id="one-byte-flipped"),
    ],
)
def test_any_change_of_the_file_is_named(stamped, keys, change, problems):
    report = read(change(stamped.data), anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.INVALID, Found.CHANGED_AFTER_SIGNING)
    assert report.problems == problems
    assert not report.is_ours


def test_every_byte_outside_the_manifest_is_covered(stamped, keys):
    """Flip every third byte of the file in turn, but for the manifest's own room in it."""
    start, manifest = manifest_of_file(stamped.data)
    end = start + 12 + len(manifest)
    outside = [*range(start), *range(end, len(stamped.data))][::3]

    unnoticed = [
        position
        for position in outside
        if _state_with_flip(stamped.data, position, keys) == native.TRUSTED
    ]

    assert len(outside) > 300
    assert unnoticed == []


def _state_with_flip(data: bytes, position: int, keys) -> str | None:
    changed = bytearray(data)
    changed[position] ^= 0x20
    try:
        claim = native.read_claim(bytes(changed), "image/png", keys.anchors.pem)
    except native.ManifestUnreadable:
        return None
    return claim and claim.state


def test_room_freed_in_the_manifest_holds_nothing_else(stamped, keys):
    """The manifest's own room is not hashed: shrink its padding, and put a chunk in the gap."""
    extra = chunk(b"gAMA", (10_000).to_bytes(4))
    manifest = manifest_of_file(stamped.data)[1]
    padding = manifest.index(b"cpadY") + 5  # CBOR: the text "pad", then a byte string's length
    left = int.from_bytes(manifest[padding : padding + 2]) - len(extra)
    shrunk = splice(manifest, padding, 2 + len(extra), left.to_bytes(2))

    edited = with_manifest(stamped.data, shrunk, after=extra)
    report = read(edited, anchors=keys)

    assert len(edited) == len(stamped.data)
    assert (report.state, report.problems) == (ProvenanceState.INVALID, (CHANGED,))


def test_manifest_moved_to_another_picture_does_not_hold(stamped, keys):
    manifest = manifest_of_file(stamped.data)[1]
    other = _encoded(Image.new("RGB", (96, 64), (200, 200, 200)))

    report = read(insert_before_pixels(other, chunk(b"caBX", manifest)), anchors=keys)

    assert (report.state, report.is_ours) == (ProvenanceState.INVALID, False)
    assert report.problems == (CHANGED,)


def test_word_changed_in_our_assertion_is_not_repeated(stamped, keys):
    """An altered assertion breaks its own hash, and nothing of it reaches the report."""
    altered = stamped.data.replace(b"easel-small", b"easel-large")

    report = read(altered, anchors=keys)

    assert report.state is ProvenanceState.INVALID
    assert "assertion.hashedURI.mismatch" in report.problems
    assert (report.verify_id, report.model, report.recipe) == (None, None, None)


def test_metadata_alone_is_no_label(picture, keys, facts):
    """Anybody can write XMP: it is passed on as what it says, and the file stays unlabelled."""
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", packet_of(facts))

    report = read(_encoded(picture, pnginfo=text), anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.UNLABELLED, Found.AI_METADATA)
    assert report.xmp_digital_source_type == AI
    assert report.xmp_ai_system == "Easel (easel-small)"
    assert (report.verify_id, report.model) == (None, None)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_plain_picture_is_unlabelled(picture, keys, kind):
    report = read(_encoded(picture, kind), anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.UNLABELLED, Found.NO_LABEL)
    assert (report.problems, report.media_type) == ((), f"image/{kind.lower()}")
    assert (report.width, report.height) == (96, 64)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_label_in_another_format_reads_back(picture, keys, facts, kind):
    """Easel posts PNG; labels in the two other formats that people upload are read too."""
    signed = native.sign(
        _encoded(picture, kind, xmp=packet_of(facts).encode()),
        f"image/{kind.lower()}",
        manifest_of(facts),
        keys,
    ).data

    report = read(signed, anchors=keys)

    assert report.is_ours
    assert report.media_type == f"image/{kind.lower()}"
    assert report.xmp_digital_source_type == AI


def test_label_of_another_program_names_its_maker(picture, impostor, keys):
    """A valid manifest with none of our words says who signed and what it says of the picture."""
    signed = native.sign(
        _encoded(picture),
        "image/png",
        {
            "claim_generator_info": [{"name": "Other\u202eStudio"}],
            "assertions": [
                {
                    "label": "c2pa.actions",
                    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": CAMERA}]},
                }
            ],
        },
        impostor,
    ).data

    report = read(signed, anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.VALID_UNTRUSTED, Found.OTHER_SIGNER)
    assert report.claim_generator == "OtherStudio"  # without the sign that turns text around
    assert report.digital_source_type == CAMERA


def test_own_signature_without_our_words_is_not_ours(picture, keys):
    """Our key on a manifest with a spoilt assertion of ours: reported, never taken for a label."""
    signed = native.sign(
        _encoded(picture),
        "image/png",
        {
            "claim_generator_info": [{"name": "Easel"}],
            "assertions": [
                {
                    "label": "c2pa.actions",
                    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": AI}]},
                },
                {"label": GENERATION, "data": {"verify_id": "<script>"}},
            ],
        },
        keys,
    ).data

    report = read(signed, anchors=keys)

    assert (report.is_ours, report.verify_id) == (False, None)
    assert report.problems == ("generation_assertion_unreadable",)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        pytest.param(lambda _: b"", "empty_file", id="empty"),
        pytest.param(lambda _: b"just some text\n" * 50, "type_unknown", id="text"),
        pytest.param(lambda _: b"GIF89a" + bytes(50), "header_broken", id="gif-of-zeros"),
        pytest.param(lambda _: SIGNATURE, "header_broken", id="signature-alone"),
        pytest.param(lambda png: png[:40], "truncated", id="header-alone"),
        pytest.param(lambda png: png[:-13], "truncated", id="no-end"),
        pytest.param(_spoilt_pixels, "crc_broken", id="checksum"),
        pytest.param(lambda _: bytes(MAX_BYTES + 1), "too_large", id="too-many-bytes"),
        pytest.param(
            lambda _: SIGNATURE + header(5001, 5000) + chunk(b"IEND", b""),
            "too_many_pixels",
            id="25-megapixels-and-a-bit",
        ),
        pytest.param(
            lambda _: SIGNATURE + header(2**31 - 1, 2**31 - 1) + chunk(b"IEND", b""),
            "too_many_pixels",
            id="bomb",
        ),
        pytest.param(
            lambda _: SIGNATURE + header(9, 9) + chunk(b"tIME", b"") * 70_000,
            "too_many_parts",
            id="seventy-thousand-chunks",
        ),
        pytest.param(
            lambda _: SIGNATURE + header(0, 9) + chunk(b"IEND", b""), "header_broken", id="no-width"
        ),
    ],
)
def test_unreadable_file_says_why(picture, keys, spoil, problem):
    report = read(spoil(_encoded(picture)), anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.UNREADABLE, Found.UNREADABLE)
    assert report.problems == (problem,)


def test_truncated_label_is_unreadable_and_not_ours(stamped, keys):
    report = read(stamped.data[:-40], anchors=keys)

    assert (report.state, report.is_ours) == (ProvenanceState.UNREADABLE, False)
    assert report.problems == ("truncated", "manifest_unreadable")


def test_manifest_of_rubbish_is_a_broken_label(picture, keys):
    spoilt = insert_before_pixels(_encoded(picture), chunk(b"caBX", b"\0\0\0\x20jumb" + bytes(24)))

    report = read(spoilt, anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.INVALID, Found.BROKEN_LABEL)
    assert report.problems == ("manifest_unreadable",)


def test_other_boxes_of_a_jpeg_are_no_broken_label(picture, keys):
    """JPEG keeps 360-degree views and the like where C2PA keeps its manifest."""
    box = b"\0\0\0\x18jumb\0\0\0\x10jumd" + b"other!!!"
    segment = b"JP\0\1\0\0\0\1" + box
    plain = _encoded(picture, "JPEG")
    laden = plain[:2] + b"\xff\xeb" + (len(segment) + 2).to_bytes(2) + segment + plain[2:]

    report = read(laden, anchors=keys)

    assert inspect(laden).has_manifest
    assert (report.state, report.found) == (ProvenanceState.UNLABELLED, Found.NO_LABEL)


def test_hostile_xmp_spoils_nothing_else(picture, keys):
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")

    report = read(_encoded(picture, pnginfo=text), anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.UNLABELLED, Found.NO_LABEL)
    assert report.problems == ("xmp_unreadable",)


def test_largest_file_is_read_in_bounded_time(picture, keys, facts):
    """20 MB of what costs most: a label around one huge chunk that has to be hashed."""
    padding = chunk(b"prVt", bytes(MAX_BYTES - 10_000))
    big = native.sign(
        insert_before_pixels(_encoded(picture), padding),
        "image/png",
        manifest_of(facts),
        keys,
    ).data

    start = time.perf_counter()
    report = read(big, anchors=keys)
    duration_s = time.perf_counter() - start

    assert report.is_ours
    assert duration_s < WALL_S
