"""A finished picture is labelled and registered in one step, or its job fails and nothing leaves."""

import hashlib
import io

import pytest
from PIL import Image

from core.blobs import Blobs
from core.contracts.ids import JobId
from core.contracts.provenance import DigitalSourceType, GenerationMode, Relation
from core.contracts.registry import Layer, MarkState, RecordKind
from core.contracts.verdicts import Decision
from core.errors import IllegalStep
from core.provenance import native, stamp
from core.provenance.keys import load_or_create_keys
from core.provenance.mark.marker import load_marker
from core.provenance.options import LabelOptions
from core.provenance.read import read
from core.provenance.stamp import Stamper
from core.storage import Store
from core.storage.registry import Registry
from core.workflow import JobState
from moderation.engine import Gate
from moderation.policy import load_policy
from moderation.policy_house import Labelling
from tests.worker.jobs import JOB_ID, Workplace, job_for, queue_up
from tests.worker.test_sources import MASK, PICTURE, bring, mask, noise
from tests.worker.test_tasks import CODE, SEEING_POLICY, Seeing

AGAIN = JobId("job2")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return load_or_create_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def marker(tmp_path_factory):
    return load_marker(tmp_path_factory.mktemp("marks"), backend="easel.ss64")


@pytest.fixture
def place(tmp_path, keys, marker):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    yield Workplace(store, Blobs(str(tmp_path / "blobs")), Stamper(keys, marker))
    store.close()


def records(place, job_id=JOB_ID):
    with place.store.reading() as unit:
        return unit.registry.of_job(job_id)


def go_on(place, action, **spec):
    job = job_for(**spec).model_copy(
        update={"job_id": AGAIN, "parent_id": JOB_ID, "action": action}
    )
    queue_up(place.store, job)
    place.generate(AGAIN)
    with place.store.reading() as unit:
        assert unit.jobs.get(AGAIN).state is JobState.PUBLISHED


def test_each_picture_has_a_row_that_tells_what_it_is(place, keys):
    queue_up(place.store, job_for(count=2))

    place.generate()

    found = {record.verify_id: record for record in records(place)}
    assert len(found) == 2
    for picture in place.pictures():
        data, record = place.blobs.get(picture.blob), found[picture.verify_id]
        assert record.sha256 == hashlib.sha256(data).hexdigest() == picture.sha256
        assert record.kind is RecordKind.PICTURE
        assert (record.mode, record.ingredients) == (GenerationMode.TEXT2IMAGE, ())
        assert record.mark.mark_id == picture.verify_id
        assert record.fingerprints is not None
        assert record.downgrades == ()
        assert read(data, anchors=keys).is_ours
    with place.store.reading() as unit:
        assert unit.registry.thumbnail(picture.verify_id) is not None


def test_row_and_picture_are_written_together_or_not_at_all(place, monkeypatch):
    """A row that cannot be written leaves no picture, no step and no bytes."""

    def refuse(*_args):
        raise IllegalStep("picture_exists")

    monkeypatch.setattr(Registry, "add", refuse)
    queue_up(place.store, job_for())

    place.generate()

    assert place.job().state is JobState.RUNNING
    assert place.pictures() == []
    assert list(place.blobs.listed("published")) == []


def broken(*_args, **_options):
    raise KeyError("a secret prompt")


BREAKS = {
    Layer.MARK: (Stamper, "_marked"),
    Layer.FINGERPRINT: (stamp, "_looks"),
    Layer.XMP: (stamp, "packet_of"),
    Layer.C2PA: (native, "sign"),
    Layer.VISIBLE: (stamp, "with_corner"),
}
CORNERED = load_policy().model_copy(update={"label": Labelling(corner=True)})


@pytest.mark.parametrize("layer", BREAKS)
def test_layer_that_breaks_fails_the_job_and_posts_nothing(place, monkeypatch, layer, capsys):
    """One code, the layer in the log, no bytes, no row, and nobody hears of a result."""
    place.gate = Gate(CORNERED)
    monkeypatch.setattr(*BREAKS[layer], broken)
    queue_up(place.store, job_for(count=2))

    place.generate()

    told = capsys.readouterr().out
    assert (place.job().state, place.job().failure) == (JobState.FAILED, "label_failed")
    assert place.pictures() == []
    assert records(place) == []
    assert list(place.blobs.listed("published")) == []
    assert f"layer={layer.value}" in told
    assert "secret prompt" not in told


@pytest.mark.parametrize("layer", BREAKS)
def test_layer_that_may_be_missed_is_told_of_in_the_record(place, keys, monkeypatch, layer):
    place.gate = Gate(CORNERED)
    place.stamper = Stamper(keys, place.stamper._marker, LabelOptions(may_miss=frozenset({layer})))
    monkeypatch.setattr(*BREAKS[layer], broken)
    queue_up(place.store, job_for())

    place.generate()

    (record,) = records(place)
    assert place.job().state is JobState.PUBLISHED
    assert record.downgrades == (layer,)


def test_layer_that_breaks_at_the_second_picture_takes_the_first_back(place, monkeypatch):
    """All pictures of a job are one message: none is left behind half posted."""
    real, count = Stamper.stamp, []

    def second_breaks(*args, **options):
        count.append(1)
        return broken() if len(count) == 2 else real(*args, **options)

    monkeypatch.setattr(Stamper, "stamp", second_breaks)
    queue_up(place.store, job_for(count=2))

    place.generate()

    assert place.job().state is JobState.FAILED
    assert list(place.blobs.listed("published")) == []


def test_held_picture_has_a_row_and_no_thumbnail(place):
    """What nobody may look at yet lies nowhere in the clear, small or large."""
    place.gate = Gate(SEEING_POLICY, image_classifier=Seeing({CODE: 0.6}))
    queue_up(place.store, job_for())

    place.generate()

    (record,) = records(place)
    assert place.job().state is JobState.OUTPUT_REVIEW
    assert place.verdicts()[0].decision is Decision.REVIEW
    with place.store.reading() as unit:
        assert unit.registry.thumbnail(record.verify_id) is None


def test_corner_is_drawn_where_the_community_asks(place):
    queue_up(place.store, job_for())
    place.gate = Gate(CORNERED)

    place.generate()

    (picture,) = place.pictures()
    with Image.open(io.BytesIO(place.blobs.get(picture.blob))) as posted:
        bright = posted.convert("L").crop((440, 460, 512, 512)).getextrema()[1]
    assert bright > 200, "the drawing itself is black"


def test_upscale_of_a_members_inpainted_picture_stays_an_edit(place):
    """The record says so, the file says so, and its parent is named by id and hash."""
    bring(place, PICTURE, noise())
    bring(place, MASK, mask((0, 0, 31, 63)))
    queue_up(place.store, job_for(image=PICTURE, mask=MASK))
    place.generate()
    (first,) = place.pictures()
    go_on(place, "upscale", image=first.verify_id, upscale=2)

    (edited,), (enlarged,) = records(place), records(place, AGAIN)

    assert edited.source_type is DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA
    assert [each.verify_id for each in edited.ingredients] == [None]
    assert enlarged.mode is GenerationMode.UPSCALE
    assert enlarged.source_type is edited.source_type
    (parent,) = enlarged.ingredients
    assert (parent.relation, parent.verify_id, parent.sha256) == (
        Relation.PARENT_OF,
        first.verify_id,
        first.sha256,
    )


def test_variation_is_marked_anew_with_an_id_of_its_own(place, marker):
    """The mark of what it came from does not show through."""
    queue_up(place.store, job_for())
    place.generate()
    (first,) = place.pictures()
    go_on(place, "vary_subtle", image=first.verify_id, image_weight=2.25)

    (record,) = records(place, AGAIN)

    assert (record.mode, record.mark.state) == (
        GenerationMode.VARIATION,
        records(place)[0].mark.state,
    )
    assert record.mark.mark_id == record.verify_id != first.verify_id
    assert record.ingredients[0].verify_id == first.verify_id
    assert record.mark.state is not MarkState.OFF
