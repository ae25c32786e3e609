"""A label reads back as what it is: ours, somebody else's, broken, or not there."""

import io

import pytest
from PIL import Image

from core.contracts.provenance import DigitalSourceType, Found, ProvenanceState
from core.provenance.container import inspect
from core.provenance.read import read
from core.provenance.stamp import Stamper
from tests.core.provenance.png import chunk, chunks, insert_before_pixels

AI = DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA


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
    manifest = next(body for kind, body in chunks(stamped.data) if kind == b"caBX")
    edited = insert_before_pixels(_encoded(image), chunk(b"caBX", manifest))

    report = read(edited, anchors=keys)

    assert (report.state, report.found) == (ProvenanceState.INVALID, Found.CHANGED_AFTER_SIGNING)
    assert report.problems == ("assertion.dataHash.mismatch",)
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


@pytest.mark.parametrize("anchors", [None])
def test_reader_without_anchors_trusts_nobody(stamped, anchors):
    report = read(stamped.data, anchors=anchors)

    assert (report.state, report.is_ours) == (ProvenanceState.VALID_UNTRUSTED, False)
