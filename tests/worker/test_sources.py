"""What a job goes on from is fetched whole, fitted to what is drawn, and kept where it must stay."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.blobs import Blobs
from core.contracts.generation import Aspect
from core.contracts.personal import Upload, UploadKind
from core.contracts.verdicts import Decision
from core.errors import AppError, Unavailable
from core.provenance.keys import load_or_create_keys
from core.provenance.stamp import Stamper
from core.storage import Store
from core.workflow import JobState
from moderation.engine import Gate
from moderation.policy import Thresholds, load_policy
from tests.worker.jobs import PROFILE, Workplace, job_for, queue_up
from worker.orders import owner_of, request_for
from worker.sources import Source, cropped, fetch, resized

PICTURE, MASK = "up-picture00000", "up-mask00000000"
SQUARE, WIDE = Aspect(width=1, height=1), Aspect(width=2, height=1)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return load_or_create_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def place(tmp_path, keys):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    yield Workplace(store, Blobs(str(tmp_path / "blobs")), Stamper(keys))
    store.close()


def noise(size=(64, 64), seed=7):
    chance = np.random.default_rng(seed)
    return Image.fromarray(chance.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def mask(box, size=(64, 64)):
    image = Image.new("L", size)
    ImageDraw.Draw(image).rectangle(box, 255)
    return image


def bring(place, upload_id, image, kind=UploadKind.PICTURE):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    job = job_for()
    upload = Upload(
        upload_id=upload_id,
        community_id=job.actor.community_id,
        member_id=job.actor.member_id,
        kind=kind,
        blob=f"uploads/{upload_id}.png",
        sha256="ab" * 32,
        width=image.width,
        height=image.height,
        size_bytes=len(buffer.getvalue()),
        created_at=job.created_at,
    )
    place.blobs.put(upload.blob, buffer.getvalue())
    with place.store.unit() as unit:
        unit.uploads.add(upload)


def source_of(image, of=None):
    return Source(image, of, is_upload=True)


def pixels(drawn_input):
    shape = (drawn_input.height, drawn_input.width)
    return np.frombuffer(drawn_input.rgb, np.uint8).reshape(*shape, 3)


def mask_of(drawn_input):
    return np.frombuffer(drawn_input.mask, np.uint8).reshape(drawn_input.height, drawn_input.width)


# Fitting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "aspect", "box"),
    [
        ((100, 60), SQUARE, (20, 0, 80, 60)),
        ((60, 100), SQUARE, (0, 20, 60, 80)),
        ((60, 60), WIDE, (0, 15, 60, 45)),
        ((64, 32), WIDE, (0, 0, 64, 32)),
        ((1, 50), Aspect(width=64, height=1), (0, 24, 1, 25)),
    ],
)
def test_the_middle_of_a_picture_has_the_asked_shape(size, aspect, box):
    image = noise(size)

    assert cropped(image, aspect).tobytes() == image.crop(box).tobytes()


def test_a_posted_picture_comes_back_to_what_was_drawn():
    """Enlarged by whole pixels and brought back, it is the same to the last bit."""
    drawn = noise((64, 64))
    posted = drawn.resize((512, 512), Image.Resampling.NEAREST)

    fitted = source_of(posted).fitted(SQUARE, 64, 0.5)

    assert (pixels(fitted) == np.asarray(drawn)).all()
    assert fitted.strength == 0.5


@pytest.mark.parametrize(
    ("size", "aspect", "native", "expected"),
    [
        pytest.param((512, 512), SQUARE, 64, (64, 64), id="smaller"),
        pytest.param((32, 32), SQUARE, 64, (64, 64), id="larger"),
        pytest.param((900, 300), SQUARE, 512, (512, 512), id="cropped"),
        pytest.param((512, 512), WIDE, 512, (724, 362), id="the same area"),
        pytest.param((3000, 1500), WIDE, None, (1024, 512), id="a model that does not say"),
        pytest.param((300, 150), WIDE, None, (300, 150), id="small enough for it"),
    ],
)
def test_the_engine_gets_about_what_it_draws(size, aspect, native, expected):
    fitted = source_of(noise(size)).fitted(aspect, native, 0.5)

    assert (fitted.width, fitted.height) == expected
    assert len(fitted.rgb) == 3 * fitted.width * fitted.height


def test_a_mask_is_cropped_and_brought_down_with_its_picture():
    """Painted at the right edge of the middle; what lies outside the shape is gone."""
    painted = mask((300, 0, 399, 199), (400, 200))
    source = source_of(noise((400, 200)), painted)

    drawn_mask = mask_of(source.fitted(SQUARE, 64, 1.0))

    assert drawn_mask.shape == (64, 64)
    assert set(np.unique(drawn_mask)) == {0}
    wide = mask_of(source.fitted(WIDE, 64, 1.0))
    assert (wide[:, : wide.shape[1] * 3 // 4 - 1] == 0).all()
    assert (wide[:, wide.shape[1] * 3 // 4 + 1 :] == 255).all()


def test_resizing_takes_means_on_the_way_down():
    checks = Image.fromarray(np.indices((8, 8)).sum(0).astype(np.uint8) % 2 * 255)

    assert resized(checks, (4, 4)).getextrema() == (128, 128)


# What a mask leaves out stays -------------------------------------------------------------------


def test_what_is_outside_a_mask_stays_to_the_last_bit():
    """And what is well inside is what was drawn; the edge between is soft, inside the mask."""
    before, drawn = noise((512, 512), seed=1), noise((512, 512), seed=2)
    painted = mask((128, 128, 383, 383), (512, 512))

    made = np.asarray(source_of(before, painted).kept_in(drawn, SQUARE))

    outside = np.asarray(painted) == 0
    assert (made[outside] == np.asarray(before)[outside]).all()
    deep = slice(160, 352)
    assert (made[deep, deep] == np.asarray(drawn)[deep, deep]).mean() > 0.999
    edge = made[128:132, 200:300]
    assert (edge != np.asarray(drawn)[128:132, 200:300]).any()


def test_without_a_mask_everything_is_what_was_drawn():
    drawn = noise(seed=2)

    assert source_of(noise()).kept_in(drawn, SQUARE) is drawn


def test_what_is_kept_is_fitted_to_what_was_drawn():
    """The picture may have another size and another shape."""
    before = Image.new("RGB", (300, 100), "red")
    painted = mask((0, 0, 149, 99), (300, 100))

    made = source_of(before, painted).kept_in(Image.new("RGB", (64, 64), "blue"), SQUARE)

    assert made.getpixel((60, 32)) == (255, 0, 0)
    assert made.getpixel((5, 32)) == (0, 0, 255)


# Fetching ---------------------------------------------------------------------------------------


def test_a_job_from_nothing_fetches_nothing(place):
    assert fetch(place.store, place.blobs, job_for()) is None


def test_an_upload_and_its_mask_are_fetched_and_the_mask_stretched(place):
    image = noise((80, 40))
    bring(place, PICTURE, image)
    bring(place, MASK, mask((0, 0, 9, 19), (20, 20)), UploadKind.MASK)

    source = fetch(
        place.store,
        place.blobs,
        job_for(image=PICTURE, mask=MASK, aspect={"width": 2, "height": 1}),
    )

    assert source.picture.tobytes() == image.tobytes()
    assert source.is_upload
    assert source.mask.size == (80, 40)
    assert source.mask.getbbox() == (0, 0, 40, 40)


def test_a_picture_drawn_here_is_fetched_with_its_own_bytes(place):
    queue_up(place.store, job_for())
    place.generate()
    (drawn,) = place.pictures()

    source = fetch(place.store, place.blobs, job_for(image=drawn.verify_id))

    assert (source.picture.size, source.picture.mode) == ((512, 512), "RGB")
    assert not source.is_upload


@pytest.mark.parametrize("lost", ["row", "bytes"])
def test_what_was_deleted_meanwhile_is_missing(place, lost):
    bring(place, PICTURE, noise())
    if lost == "bytes":
        place.blobs.delete(f"uploads/{PICTURE}.png")

    with pytest.raises(AppError) as caught:
        fetch(place.store, place.blobs, job_for(image=PICTURE if lost == "bytes" else "up-none"))

    assert caught.value.code == "source_missing"


@pytest.mark.parametrize(
    ("box", "code"),
    [((0, 0, 9, 63), "mask_empty"), ((10, 0, 127, 63), "mask_full")],
    ids=["empty", "full"],
)
def test_a_mask_that_says_nothing_once_it_is_cropped_is_told(place, box, code):
    bring(place, PICTURE, noise((128, 64)))
    painted = mask(box, (128, 64))
    bring(place, MASK, painted, UploadKind.MASK)

    with pytest.raises(AppError) as caught:
        fetch(place.store, place.blobs, job_for(image=PICTURE, mask=MASK))

    assert caught.value.code == code


# On the road ------------------------------------------------------------------------------------


def test_a_job_draws_from_what_it_goes_on_from_and_says_so_in_its_record(place):
    bring(place, PICTURE, noise((512, 512)))
    queue_up(place.store, job_for("a red apple", image=PICTURE, image_weight=2.25))

    place.generate()

    (request,) = place.engine.requests
    assert (request.image.width, request.image.height) == (128, 128)
    assert request.image.strength == 0.37
    assert (request.image.mask, request.upscale, request.enlarge_to) == (None, None, 512)
    (picture,) = place.pictures()
    assert (picture.parent, picture.gpu_s) == (PICTURE, place.engine.gpu_s)


def test_an_enlarging_hands_over_the_whole_picture(place):
    """Neither cropped nor brought down."""
    image = noise((300, 200))
    bring(place, PICTURE, image)
    queue_up(place.store, job_for("a red apple", image=PICTURE, upscale=2))

    place.generate()

    (request,) = place.engine.requests
    assert request.upscale == 2
    assert (request.image.width, request.image.height) == (300, 200)
    assert request.image.rgb == image.tobytes()


def test_a_region_is_posted_with_the_rest_as_it_was(place):
    before = noise((512, 512))
    bring(place, PICTURE, before)
    painted = mask((0, 0, 255, 511), (512, 512))
    bring(place, MASK, painted, UploadKind.MASK)
    queue_up(place.store, job_for(image=PICTURE, mask=MASK, image_weight=0.0))

    place.generate()

    (picture,) = place.pictures()
    posted = np.asarray(Image.open(io.BytesIO(place.blobs.get(picture.blob))).convert("RGB"))
    assert (posted[:, 256:] == np.asarray(before)[:, 256:]).all()
    assert (posted[:, :200] == 0).all(), "what the fake engine draws is black"


def test_a_source_that_is_gone_fails_the_job_with_the_reason(place):
    queue_up(place.store, job_for(image=PICTURE))

    place.generate()

    assert (place.job().state, place.job().failure) == (JobState.FAILED, "source_missing")
    assert place.engine.requests == []


def test_a_blob_store_that_is_away_lets_another_attempt_try(place, monkeypatch):
    bring(place, PICTURE, noise())
    queue_up(place.store, job_for(image=PICTURE))

    def away(*_args):
        raise Unavailable("blobs_away")

    monkeypatch.setattr(Blobs, "get", away)
    place.generate()

    assert place.job().state is JobState.QUEUED


CODE, CATEGORY = next(iter(load_policy().categories.items()))
SEEING = load_policy().model_copy(
    update={
        "categories": {
            **load_policy().categories,
            CODE: CATEGORY.model_copy(update={"thresholds": Thresholds(review=0.5, block=0.9)}),
        }
    }
)


class Eyes:
    """An image classifier that minds whatever has this size."""

    name, version = "eyes", "1"

    def __init__(self, size, score):
        self.minds, self.its_score = size, score

    def score(self, images):
        return [{CODE: self.its_score if image.size == self.minds else 0.0} for image in images]


@pytest.mark.parametrize(
    ("score", "state", "requests"),
    [
        pytest.param(0.95, JobState.WITHHELD, 0, id="blocked before anything is drawn"),
        pytest.param(0.6, JobState.OUTPUT_REVIEW, 1, id="drawn, and kept for a moderator"),
        pytest.param(0.1, JobState.PUBLISHED, 1, id="fine"),
    ],
)
def test_an_upload_is_looked_at_where_there_is_a_check(place, score, state, requests):
    """What was made of it is judged with it: the strictest verdict counts."""
    place.gate = Gate(SEEING, image_classifier=Eyes((100, 100), score))
    bring(place, PICTURE, noise((100, 100)))
    queue_up(place.store, job_for(image=PICTURE))

    place.generate()

    assert place.job().state is state
    assert len(place.engine.requests) == requests
    first = place.verdicts()[0]
    assert (first.decision is Decision.ALLOW) == (score < 0.5)
    assert len(place.verdicts()) == 1 + requests


def test_without_a_check_an_upload_is_no_reason_to_wait(place):
    """A policy that lets unseen pictures be posted lets them be gone on from."""
    bring(place, PICTURE, noise())
    queue_up(place.store, job_for(image=PICTURE))

    place.generate()

    assert len(place.verdicts()) == 1
    assert place.job().state is JobState.PUBLISHED


def test_the_engine_tells_people_apart_without_knowing_them():
    job = job_for()
    other = job.actor.model_copy(update={"member_id": "web:2"})
    elsewhere = job.actor.model_copy(update={"community_id": "elsewhere"})

    keys = {owner_of(actor) for actor in (job.actor, other, elsewhere)}
    request = request_for(job.model_copy(update={"priority": 3}), PROFILE, "r", has_previews=True)

    assert len(keys) == 3
    assert not any(job.actor.member_id in key for key in keys)
    assert (request.owner, request.priority) == (owner_of(job.actor), 3)
