"""A layer that breaks stops the file, or is missed by leave of the operator and told of."""

import io

import pytest
from PIL import Image

from core.contracts.registry import Layer, MarkFacts, MarkState, RecordKind
from core.errors import AppError, UserError
from core.provenance import encoding, native, stamp
from core.provenance.container import inspect
from core.provenance.mark.marker import Marker
from core.provenance.options import LabelOptions, Region
from core.provenance.read import read
from core.provenance.stamp import Stamper, record_of
from core.settings import CoreSettings
from tests.core.provenance.films import film


class Broken:
    """Whatever is asked of it, it breaks in a way that nobody foresaw."""

    name = "broken"

    def embed(self, *_args):
        raise KeyError("something new")

    def detect(self, *_args, **_options):
        raise KeyError("something new")


def _break(monkeypatch, layer: Layer) -> Marker | None:
    """Break one layer where it is done; return the marker to stamp with."""

    def broken(*_args, **_options):
        raise KeyError("something new")

    match layer:
        case Layer.MARK:
            return Marker(Broken(), [Broken()])
        case Layer.VISIBLE:
            monkeypatch.setattr(stamp, "with_corner", broken)
        case Layer.FINGERPRINT:
            monkeypatch.setattr(encoding, "thumbnail_of", broken)
        case Layer.XMP:
            monkeypatch.setattr(stamp, "packet_of", broken)
        case Layer.C2PA:
            monkeypatch.setattr(native, "sign", broken)
    return None


OF_A_PICTURE = [Layer.VISIBLE, Layer.MARK, Layer.FINGERPRINT, Layer.XMP, Layer.C2PA]
OF_A_FILM = [Layer.FINGERPRINT, Layer.XMP, Layer.C2PA]
OF_A_COPY = [Layer.MARK, Layer.XMP, Layer.C2PA]


def _allowing(stamper, *layers) -> Stamper:
    """Give leave to miss layers; the stamper itself was built before anything broke."""
    stamper._options = LabelOptions(may_miss=frozenset(layers))
    return stamper


def _stamper(keys, monkeypatch, layer, *may_miss) -> Stamper:
    stamper = Stamper(keys, options=LabelOptions(may_miss=frozenset(may_miss)))
    stamper._marker = _break(monkeypatch, layer)
    return stamper


@pytest.mark.parametrize("layer", OF_A_PICTURE)
def test_broken_layer_stops_the_picture(monkeypatch, keys, picture, facts, layer):
    stamper = _stamper(keys, monkeypatch, layer)

    with pytest.raises(AppError) as refusal:
        stamper.stamp(picture, facts, has_corner=True)

    assert (refusal.value.code, refusal.value.facts) == ("label_failed", {"layer": layer})


@pytest.mark.parametrize("layer", OF_A_PICTURE)
def test_leave_for_another_layer_does_not_help(monkeypatch, keys, picture, facts, layer):
    others = frozenset(OF_A_PICTURE) - {layer}

    with pytest.raises(AppError):
        _stamper(keys, monkeypatch, layer, *others).stamp(picture, facts, has_corner=True)


@pytest.mark.parametrize("layer", OF_A_PICTURE)
def test_missed_layer_is_told_of_and_the_others_are_there(monkeypatch, keys, picture, facts, layer):
    """The record names it; whatever did not break is as it always is."""
    stamper = _stamper(keys, monkeypatch, layer, layer)

    stamped = stamper.stamp(picture, facts, has_corner=True)
    frame = inspect(stamped.data)

    assert stamped.downgrades == (layer,)
    assert record_of(stamped, facts, None).downgrades == (layer,)
    assert frame.has_manifest is (layer is not Layer.C2PA)
    assert (frame.xmp is not None) is (layer is not Layer.XMP)
    assert (stamped.fingerprints is not None) is (layer is not Layer.FINGERPRINT)
    assert (stamped.thumbnail is not None) is (layer is not Layer.FINGERPRINT)
    expected = MarkState.FAILED if layer is Layer.MARK else MarkState.OFF
    assert stamped.mark.state is expected
    with Image.open(io.BytesIO(stamped.data)) as posted:
        has_corner = posted.convert("RGB").tobytes() != picture.tobytes()
    assert has_corner is (layer is not Layer.VISIBLE)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "MP4"])
@pytest.mark.parametrize("layer", OF_A_FILM)
def test_broken_layer_of_a_film(monkeypatch, keys, facts, kind, layer):
    """Stopped, or missed and told; an MP4 has no looks that could be missed."""
    if (kind, layer) == ("MP4", Layer.FINGERPRINT):
        assert _stamper(keys, monkeypatch, layer).stamp_file(film(kind), facts).downgrades == ()
        return

    stamper = _stamper(keys, monkeypatch, layer)
    with pytest.raises(AppError) as refusal:
        stamper.stamp_file(film(kind), facts)
    stamped = _allowing(stamper, layer).stamp_file(film(kind), facts)

    assert refusal.value.facts == {"layer": layer}
    assert stamped.downgrades == (layer,)


@pytest.mark.parametrize("layer", OF_A_COPY)
def test_broken_layer_of_a_copy(monkeypatch, keys, stamped, facts, layer):
    mark = MarkFacts(state=MarkState.MARKED, backend="easel.ss64", mark_id=facts.verify_id)
    fitting = {"media_type": "image/jpeg", "max_bytes": 100_000}

    stamper = _stamper(keys, monkeypatch, layer)
    with pytest.raises(AppError) as refusal:
        stamper.stamp_copy(stamped.data, facts, mark, **fitting)
    copy = _allowing(stamper, layer).stamp_copy(stamped.data, facts, mark, **fitting)

    assert refusal.value.facts == {"layer": layer}
    assert (copy.kind, copy.downgrades) == (RecordKind.COPY, (layer,))


def test_several_layers_may_be_missed_at_once(monkeypatch, keys, picture, facts):
    """In the order in which they are applied; what is left is still a picture."""
    stamper = _stamper(keys, monkeypatch, Layer.C2PA, *OF_A_PICTURE)
    _break(monkeypatch, Layer.XMP)

    stamped = stamper.stamp(picture, facts)

    assert stamped.downgrades == (Layer.XMP, Layer.C2PA)
    assert read(stamped.data, anchors=keys).state == "unlabelled"


def test_cause_is_logged_and_no_word_of_it(monkeypatch, keys, picture, facts, capsys):
    """The message of an error may quote a prompt."""
    with pytest.raises(AppError):
        _stamper(keys, monkeypatch, Layer.XMP).stamp(picture, facts)

    told = capsys.readouterr().out
    assert "label_layer_failed" in told
    assert "KeyError" in told
    assert "something new" not in told


def test_options_are_read_from_the_settings():
    settings = CoreSettings(
        _env_file=None,
        label_region="cn",
        label_producer="001191310000",
        label_may_miss=" mark, fingerprint ",
        label_training_mining=True,
    )

    assert LabelOptions.of(settings) == LabelOptions(
        region=Region.CN,
        producer="001191310000",
        may_miss=frozenset({Layer.MARK, Layer.FINGERPRINT}),
        forbids_mining=True,
    )
    assert LabelOptions.of(CoreSettings(_env_file=None)) == LabelOptions()


def test_unknown_layer_is_refused_at_the_start():
    """A word mistyped would otherwise be leave for nothing, or for less than was meant."""
    settings = CoreSettings(_env_file=None, label_may_miss="mark,fingerprints")

    with pytest.raises(UserError) as refusal:
        LabelOptions.of(settings)

    assert refusal.value.code == "label_layer_unknown"
    assert refusal.value.facts["value"] == "fingerprints"
    assert "fingerprint" in refusal.value.facts["allowed"]
