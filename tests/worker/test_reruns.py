"""A picture that is drawn again is held against the first one, value by value."""

import hashlib
import io

import pytest
from PIL import Image

from core.blobs import Blobs
from core.contracts.ids import JobId
from core.contracts.jobs import Cause
from core.errors import Unavailable
from core.provenance.keys import load_or_create_keys
from core.provenance.mark.marker import load_marker
from core.provenance.stamp import Stamper
from core.storage import Store
from core.workflow import JobState
from tests.worker.jobs import JOB_ID, FakeEngine, Workplace, job_for, queue_up
from worker import reruns
from worker.engine.messages import Ready

AGAIN = JobId("job2")
VALUES = 512 * 512 * 3


@pytest.fixture(scope="module")
def stamper(tmp_path_factory):
    return Stamper(load_or_create_keys(tmp_path_factory.mktemp("keys")))


@pytest.fixture
def place(tmp_path, stamper):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    yield Workplace(store, Blobs(str(tmp_path / "blobs")), stamper)
    store.close()


class OtherPixels(FakeEngine):
    """An engine whose pictures are a shade brighter, and whose facts can be others too."""

    def __init__(self, shade=0, **facts):
        super().__init__()
        self.shade, self.facts = shade, facts

    def draw(self, request, on_progress):
        result = super().draw(request, on_progress)
        pictures = tuple(
            each.model_copy(update={"rgb": bytes([value + self.shade for value in each.rgb])})
            for each in result.pictures
        )
        facts = result.facts.model_copy(update=self.facts)
        return type(result)(pictures, facts)


def draw_first(place, prompt="a {red,blue} car", count=2):
    queue_up(place.store, job_for(prompt, count=count))
    place.generate()
    return place.pictures()


def draw_again(place, prompt="a {red,blue} car", *, seed=7, **spec):
    again = job_for(prompt, seed=seed, **spec).model_copy(
        update={"job_id": AGAIN, "parent_id": JOB_ID, "action": "rerun"}
    )
    queue_up(place.store, again)
    place.generate(AGAIN)
    with place.store.reading() as unit:
        assert unit.jobs.get(AGAIN).state is JobState.PUBLISHED
        return unit.pictures.of_job(AGAIN)


def test_the_same_pixels_are_told_to_be_identical(place):
    """Each against its own original, whatever its label and file say."""
    first = draw_first(place)

    again = draw_again(place, count=2)

    assert [each.difference.original for each in again] == [each.verify_id for each in first]
    assert [each.sha256 for each in again] != [each.sha256 for each in first]
    for each in again:
        assert (each.difference.values, each.difference.differing) == (VALUES, 0)
        assert each.difference.is_identical
        assert each.difference.causes == ()


@pytest.fixture
def marked(place, tmp_path):
    """A place whose pictures are marked, and grey enough to carry a mark."""
    keys = place.stamper._keys
    place.stamper = Stamper(keys, load_marker(tmp_path / "marks", backend="easel.ss64"))
    place.engine = OtherPixels(shade=100)
    return place


def posted(place, picture):
    with Image.open(io.BytesIO(place.held.read(picture))) as image:
        return image.convert("RGB").tobytes()


def test_marks_of_their_own_do_not_make_two_drawings_differ(marked):
    """The posted pixels do; what was drawn is the same to the last bit, and that is told."""
    [first] = draw_first(marked, "a car", count=1)

    [again] = draw_again(marked, "a car")

    assert posted(marked, again) != posted(marked, first)
    assert (again.difference.values, again.difference.differing) == (VALUES, 0)
    assert again.difference.is_identical


def test_of_marked_pictures_only_what_was_drawn_is_counted(marked):
    """The new drawing is marked as the first one was: a shade is a shade, and no mark adds.

    But for one level where the mark's fraction is rounded the other way, which hangs on the key.
    """
    draw_first(marked, "a car", count=1)
    marked.engine = OtherPixels(shade=103)

    [again] = draw_again(marked, "a car")

    difference = again.difference
    assert (difference.values, difference.differing) == (VALUES, VALUES)
    assert 3 <= difference.largest <= 4


def test_a_mark_whose_key_is_gone_leaves_nothing_to_compare(marked, tmp_path):
    """Rather than counting the mark as if it were drawn."""
    draw_first(marked, "a car", count=1)
    fresh = load_marker(tmp_path / "other", backend="easel.ss64")
    fresh.embed_as = lost
    marked.stamper = Stamper(marked.stamper._keys, fresh)
    marked.engine = OtherPixels(shade=103)

    [again] = draw_again(marked, "a car")

    assert (again.difference.values, again.difference.causes) == (0, (Cause.MARK,))


def lost(*_args):
    raise ValueError("easel.ss64")


def test_one_picture_alone_is_held_against_the_one_of_its_words_and_seed(place):
    first = draw_first(place)

    (again,) = draw_again(place, "a blue car", seed=8)

    assert again.difference.original == first[3].verify_id


def test_pictures_of_any_other_job_are_held_against_nothing(place):
    assert [each.difference for each in draw_first(place)] == [None] * 4
    assert place.engine.requests[0].is_solo is place.engine.requests[0].is_reproducible is False


def test_other_pixels_are_counted(place):
    """How many values differ, and the largest difference; nothing known explains it but company."""
    draw_first(place, "a car", count=1)
    place.engine = OtherPixels(shade=3)

    (again,) = draw_again(place, "a car")

    difference = again.difference
    assert (difference.values, difference.differing, difference.largest) == (VALUES, VALUES, 3)
    assert not difference.is_identical
    assert difference.causes == (Cause.COMPANY,)


@pytest.mark.parametrize(
    ("facts", "causes"),
    [
        pytest.param({"model_sha256": "cd" * 32}, (Cause.WEIGHTS,), id="weights"),
        pytest.param({"scheduler": "PNDMScheduler"}, (Cause.SCHEDULER,), id="scheduler"),
        pytest.param({"steps": 9}, (Cause.STEPS,), id="steps"),
        pytest.param(
            {"guidance_scale": 9.0, "scheduler": "x"}, (Cause.SCHEDULER, Cause.STEPS), id="two"
        ),
    ],
)
def test_what_the_records_say_is_different_is_the_reason(place, facts, causes):
    """But a picture that came out the same needs no reason."""
    draw_first(place, "a car", count=1)
    place.engine = OtherPixels(shade=1, **facts)
    assert draw_again(place, "a car")[0].difference.causes == causes


def test_another_environment_is_a_reason(place, monkeypatch):
    draw_first(place, "a car", count=1)
    place.engine = OtherPixels(shade=1)
    monkeypatch.setattr(reruns, "environment_of", lambda _ready: "cuda bf16")

    assert draw_again(place, "a car")[0].difference.causes == (Cause.ENVIRONMENT,)


def test_a_rerun_has_nobody_beside_it(place):
    """As most pictures are drawn: what others ask for must not change a bit of it."""
    draw_first(place, "a car", count=1)

    draw_again(place, "a car")

    assert [each.is_solo for each in place.engine.requests] == [False, True]
    assert not any(each.is_reproducible for each in place.engine.requests)


def test_reproducible_originals_ask_for_reproducible_drawing(place):
    """Then company does not matter; one that was not is enough to keep others away."""
    [first] = draw_first(place, "a car", count=1)
    exact = reruns.Original(first.model_copy(update={"is_reproducible": True}), is_deleted=False)
    loose = reruns.Original(first, is_deleted=False)
    request = place.engine.requests[0]
    desk = reruns.Reruns(place.store, place.held, place.stamper)

    assert desk.asked_alike(request, [exact]).is_reproducible
    assert not desk.asked_alike(request, [exact]).is_solo
    assert desk.asked_alike(request, [exact, loose]).is_solo
    suspect = request.model_copy(update={"is_solo": True})
    assert desk.asked_alike(suspect, [exact]).is_solo


def test_a_worker_that_is_always_reproducible_records_it(place):
    """Then company explains no difference, and a rerun need not be alone."""
    place.is_reproducible = True
    assert [each.is_reproducible for each in draw_first(place, "a car", count=2)] == [True, True]
    place.engine = OtherPixels(shade=1)

    again = draw_again(place, "a car", count=2)

    assert [each.difference.causes for each in again] == [(), ()]
    assert [(each.is_reproducible, each.is_solo) for each in place.engine.requests] == [
        (True, False)
    ]


def test_an_original_that_was_deleted_can_not_be_compared(place):
    [first] = draw_first(place, "a car", count=1)
    with place.store.unit() as unit:
        unit.pictures.mark_deleted(first.verify_id, place.clock())

    difference = draw_again(place, "a car")[0].difference

    assert (difference.values, difference.causes) == (0, (Cause.ORIGINAL_GONE,))
    assert not difference.is_identical


def test_an_original_whose_bytes_are_missing_can_not_be_compared(place):
    [first] = draw_first(place, "a car", count=1)
    place.blobs.delete(first.blob)

    assert draw_again(place, "a car")[0].difference.causes == (Cause.ORIGINAL_GONE,)


def test_a_file_that_is_not_the_one_that_was_posted_proves_nothing(place):
    """Somebody who can write to the store could otherwise have anything called identical."""
    [first] = draw_first(place, "a car", count=1)
    forged = io.BytesIO()
    Image.new("RGB", (512, 512)).save(forged, "PNG")
    place.blobs.put(first.blob, forged.getvalue())

    assert draw_again(place, "a car")[0].difference.causes == (Cause.ORIGINAL_CHANGED,)


def test_pictures_of_another_size_are_not_compared(place):
    """As when the posted size was set anew in between."""
    [first] = draw_first(place, "a car", count=1)
    small = io.BytesIO()
    Image.new("RGB", (64, 64)).save(small, "PNG")
    place.blobs.put(first.blob, small.getvalue())
    with place.store.unit() as unit:
        unit.pictures._row(first.verify_id).sha256 = hashlib.sha256(small.getvalue()).hexdigest()

    difference = draw_again(place, "a car")[0].difference

    assert (difference.values, difference.causes) == (0, (Cause.SIZE,))


def test_a_store_that_is_away_costs_the_comparison_and_not_the_picture(place, monkeypatch):
    draw_first(place, "a car", count=1)

    def away(*_args):
        raise Unavailable("blobs_away")

    monkeypatch.setattr(type(place.blobs), "get", away)

    assert draw_again(place, "a car")[0].difference is None


def test_the_environment_names_device_format_and_libraries():
    """Without an engine at hand, the libraries alone."""
    ready = Ready(
        source="x",
        model_sha256="",
        pipeline="P",
        scheduler="S",
        device="cpu",
        dtype="fp32",
        load_s=1,
    )

    assert reruns.environment_of(ready).startswith("cpu fp32 · torch ")
    assert reruns.environment_of(None).startswith("torch ")
    assert "diffusers" in reruns.environment_of(None)


def test_every_picture_keeps_what_it_was_drawn_with(place):
    assert all(each.environment == reruns.environment_of(None) for each in draw_first(place))
