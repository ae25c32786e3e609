"""The C2PA library is kept from its defaults: no network, no thumbnails, no needless refusals."""

import http.server
import io
import threading
from contextlib import contextmanager

import c2pa
import pytest
from PIL import Image

from core.provenance import native
from core.provenance.keys import load_or_create_keys
from core.provenance.manifest import GENERATION, manifest_of
from core.provenance.read import read
from tests.core.provenance.authority import CLAIM_SIGNING, Authority
from tests.core.provenance.png import one_pixel


@contextmanager
def _listener():
    """Serve nothing on the loopback, and remember who asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/attackers.c2pa", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _with_remote_manifest(url: str, keys, facts, *, is_embedded: bool) -> bytes:
    """Write a file that names a server for its manifest, as anybody may."""
    plain, signed = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (16, 16)).save(plain, "PNG")
    private_key = keys.private_key_pem.get_secret_value()
    info = c2pa.C2paSignerInfo("es256", keys.chain_pem.encode(), private_key.encode(), None)
    with (
        c2pa.Signer.from_info(info) as signer,
        c2pa.Context.from_dict(native._settings(None), signer=signer) as context,
        c2pa.Builder(manifest_of(facts), context) as builder,
    ):
        if not is_embedded:
            builder.set_no_embed()
        builder.set_remote_url(url)
        builder.sign("image/png", io.BytesIO(plain.getvalue()), signed)
    return signed.getvalue()


def test_url_in_a_file_is_never_asked(keys, facts):
    """A file that names a server is reported as such; the server hears nothing."""
    with _listener() as (url, asked):
        data = _with_remote_manifest(url, keys, facts, is_embedded=False)

        report = read(data, anchors=keys)

    assert url.encode() in data
    assert asked == []
    assert report.problems == ("remote_manifest_not_fetched",)
    assert report.state == "unlabelled"


def test_url_beside_a_manifest_is_never_asked(keys, facts):
    with _listener() as (url, asked):
        report = read(_with_remote_manifest(url, keys, facts, is_embedded=True), anchors=keys)

    assert asked == []
    assert report.is_ours


def test_library_itself_is_told_not_to_fetch(keys, facts):
    """The settings hold by themselves; a reader with defaults does ask, so the test can fail."""
    with _listener() as (url, asked):
        data = _with_remote_manifest(url, keys, facts, is_embedded=False)
        with pytest.raises(native.ManifestUnreadable):
            native.read_claim(data, "image/png", keys.anchors.pem)
        asked_by_ours = list(asked)
        with (
            c2pa.Context() as context,
            pytest.raises(c2pa.C2paError),
            c2pa.Reader("image/png", io.BytesIO(data), context=context),
        ):
            pytest.fail("a reader was made from a manifest that is not there")

    assert asked_by_ours == []
    assert asked == ["/attackers.c2pa"]


def test_manifest_says_how_the_picture_came_about(stamped, keys, facts):
    """Created, by a trained model, by Easel, with our assertion: the whole claim, spelt out."""
    claim = native.read_claim(stamped.data, "image/png", keys.anchors.pem)
    action = claim.assertion("c2pa.actions.v2")["actions"][0]

    assert claim.state == native.TRUSTED
    assert claim.failures == ()
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/digitalsourcetype/trainedAlgorithmicMedia")
    assert action["softwareAgent"]["name"] == "Easel"
    assert claim.assertion(GENERATION) == {
        "verify_id": "0123456789abcdef",
        "model": "easel-small",
        "model_sha256": facts.model_sha256,
        "policy_name": "default",
        "policy_version": "1.0.0+1a2b3c4d",
        "created_at": "2026-11-21T12:00:30Z",
        "mode": "text2image",
        "source_type": action["digitalSourceType"],
    }
    assert {one["label"] for one in claim.manifest["assertions"]} == {"c2pa.actions.v2", GENERATION}


def test_wrong_media_type_is_seen_through(stamped, keys):
    claim = native.read_claim(stamped.data, "image/jpeg", keys.anchors.pem)

    assert claim.state == native.TRUSTED


def _state(data: bytes, trust: dict[str, object]) -> str:
    with (
        c2pa.Context.from_dict({"trust": trust}) as context,
        c2pa.Reader("image/png", io.BytesIO(data), context=context) as reader,
    ):
        return reader.get_validation_state()


def test_certificate_of_c2pas_own_purpose_is_taken(tmp_path, facts):
    """By default the library refuses the very purpose that C2PA made for signing pictures."""
    Authority().issue(tmp_path / "keys", purposes=(CLAIM_SIGNING,))
    keys = load_or_create_keys(tmp_path / "keys")
    private_key = keys.private_key_pem.get_secret_value()
    info = c2pa.C2paSignerInfo("es256", keys.chain_pem.encode(), private_key.encode(), None)
    with (
        c2pa.Signer.from_info(info) as signer,
        c2pa.Context.from_dict({}, signer=signer) as context,
        c2pa.Builder(manifest_of(facts), context) as builder,
        pytest.raises(c2pa.C2paError, match="EKU"),
    ):
        builder.sign("image/png", io.BytesIO(one_pixel()), io.BytesIO())

    signed = native.sign(one_pixel(), "image/png", manifest_of(facts), keys).data

    claim = native.read_claim(signed, "image/png", keys.anchors.pem)
    assert claim.state == native.TRUSTED
    assert _state(signed, {"user_anchors": keys.anchors.pem}) == "Invalid"


def test_only_anchors_make_a_signer_trusted(keys, facts):
    """The library's list of allowed certificates does nothing, so nothing of ours may rely on it."""
    signed = native.sign(one_pixel(), "image/png", manifest_of(facts), keys).data

    assert _state(signed, {"user_anchors": keys.anchors.pem}) == "Trusted"
    assert _state(signed, {"allowed_list": keys.chain_pem}) == "Valid"
    assert "allowed_list" not in native._settings(keys.anchors.pem)["trust"]
