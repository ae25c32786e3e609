"""A job is drawn once, checked before it is seen, and has an ending whatever happens."""

import hashlib
import io
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from PIL import Image

from core.blobs import Blobs
from core.contracts.ids import JobId
from core.contracts.policies import Scope
from core.contracts.reviews import ReviewKind
from core.contracts.verdicts import Decision, Stage
from core.errors import AppError, Unavailable
from core.events import REVIEWS_TOPIC
from core.provenance.keys import load_or_create_keys
from core.provenance.read import read
from core.provenance.stamp import Stamper
from core.storage import Store
from core.workflow import JobState, Outcome, TaskName
from moderation.engine import Gate
from moderation.policy import Previews, Thresholds, load_policy
from tests.moderation.test_gates import put
from tests.worker.engines import PATIENCE_S
from tests.worker.jobs import JOB_ID, PROFILE, Workplace, job_for, queue_up
from worker.engine.supervisor import EngineDied, EngineDrained

RESEND = (TaskName.GENERATE, JOB_ID, PROFILE.queue)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return load_or_create_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def place(tmp_path, keys):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    yield Workplace(store, Blobs(str(tmp_path / "blobs")), Stamper(keys))
    store.close()


@pytest.fixture
def files(tmp_path):
    """List what lies in the blob store."""
    root = tmp_path / "blobs"
    return lambda: sorted(
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()
    )


class Seeing:
    """An image classifier with a fixed opinion, or none."""

    name, version = "seeing", "1"

    def __init__(self, *scores):
        self.scores = list(scores)

    def score(self, images):
        opinion = self.scores.pop(0)
        if isinstance(opinion, Exception):
            raise opinion
        return [opinion for _ in images]


CODE, CATEGORY = next(iter(load_policy().categories.items()))
SEEING_POLICY = load_policy().model_copy(
    update={
        "categories": {
            **load_policy().categories,
            CODE: CATEGORY.model_copy(update={"thresholds": Thresholds(review=0.5, block=0.9)}),
        }
    }
)
"""The shipped policy, with thresholds for a classifier of pictures."""


def test_a_queued_job_becomes_published_pictures(place, keys):
    """Pictures, verdicts and step are recorded; the bytes are the labelled ones that the record names."""
    queue_up(place.store, job_for("a {red,blue} car", count=2))

    place.generate()

    pictures = place.pictures()
    assert place.job().state is JobState.PUBLISHED
    assert [picture.index for picture in pictures] == [0, 1, 2, 3]
    assert [picture.seed for picture in pictures] == [7, 8, 7, 8]
    assert [picture.prompt for picture in pictures] == ["a red car"] * 2 + ["a blue car"] * 2
    assert len({picture.verify_id for picture in pictures}) == 4
    assert [verdict.stage for verdict in place.verdicts()] == [Stage.IMAGE] * 4
    for picture in pictures:
        data = place.blobs.get(picture.blob)
        assert picture.blob == f"published/{JOB_ID}/{picture.verify_id}.png"
        report = read(data, anchors=keys.anchors)
        assert (report.state, report.verify_id) == ("valid", picture.verify_id)
        assert (report.sha256, report.size_bytes) == (picture.sha256, picture.size_bytes)
        assert Image.open(io.BytesIO(data)).size == (picture.width, picture.height) == (512, 512)
        assert report.recipe is None, "the prompt stays in Easel's own record"


def test_who_watches_is_told(place):
    """Loading, every step with its preview, finishing; then delivery is woken and progress cleared."""
    queue_up(place.store, job_for(count=2))

    place.generate()

    told = [(each.phase, each.picture, each.step) for each in place.signals.progress]
    assert told == [
        ("loading", 0, 0),
        ("denoising", 0, 20),
        ("denoising", 1, 20),
        ("finishing", 0, 0),
    ]
    assert {each.picture_count for each in place.signals.progress} == {2}
    assert place.signals.progress[1].preview_jpeg == b"jpeg"
    assert place.signals.woken == ["easel.wake.web"]
    assert place.signals.cleared == [JOB_ID]


@pytest.mark.parametrize(
    ("previews", "expected"),
    [pytest.param(Previews.OFF, False, id="off"), pytest.param(Previews.REQUESTER, True, id="on")],
)
def test_previews_follow_the_policy(place, previews, expected):
    """Where nobody may see an unchecked picture, none is made."""
    place.gate = Gate(load_policy().model_copy(update={"previews": previews}))
    queue_up(place.store, job_for())

    place.generate()

    assert place.engine.requests[0].has_previews is expected


def test_the_recipe_is_in_the_file_where_the_community_wants_it(place, keys):
    """Prompt and seed are written into the label, no more."""
    place.gate = Gate(load_policy().model_copy(update={"recipe_in_file": True}))
    queue_up(place.store, job_for("a red apple", negative=("rain",)))

    place.generate()

    recipe = read(place.blobs.get(place.pictures()[0].blob), anchors=keys.anchors).recipe
    assert (recipe.prompt, recipe.negative, recipe.seed, recipe.steps) == (
        "a red apple",
        ("rain",),
        7,
        20,
    )


def test_a_second_delivery_of_the_message_does_nothing(place):
    """While it runs elsewhere, and after it is done."""
    queue_up(place.store, job_for())
    place.engine.before = place.generate  # The second message arrives in the middle.

    place.generate()
    place.generate()

    assert len(place.engine.requests) == 1
    assert len(place.pictures()) == 1


def test_a_ticket_starts_the_job_whose_turn_it_is(place):
    """It names Ada's second; Bob has waited without being served."""
    ada, bob = job_for().actor, job_for().actor.model_copy(update={"member_id": "web:2"})
    for number, (job_id, actor) in enumerate((("a1", ada), ("a2", ada), ("b1", bob))):
        asked_at = place.clock() + timedelta(seconds=number)
        named = {"job_id": job_id, "actor": actor, "created_at": asked_at}
        queue_up(place.store, job_for().model_copy(update=named))

    drawn = []
    for _ in range(4):
        place.generate(JobId("a2"))
        with place.store.reading() as unit:
            jobs = [unit.jobs.get(job_id) for job_id in ("a1", "a2", "b1")]
        drawn += [
            job.job_id
            for job in jobs
            if job.state is JobState.PUBLISHED and job.job_id not in drawn
        ]

    assert drawn == ["a1", "b1", "a2"]
    assert len(place.engine.requests) == 3, "the ticket too many found nothing"


def test_a_job_that_nobody_knows_is_let_be(place):
    """A message may outlive its job."""
    place.generate()

    assert place.engine.requests == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(AppError("out_of_memory"), "out_of_memory", id="out of memory"),
        pytest.param(
            AppError("model_flag_unsupported", flag="--no"), "model_flag_unsupported", id="flag"
        ),
        pytest.param(KeyError("a secret prompt"), "internal_error", id="a bug"),
    ],
)
def test_what_will_not_get_better_fails_the_job_with_its_code(place, error, code, caplog):
    """One attempt, a clear code, and no word of the prompt in the log."""

    def fail():
        raise error

    place.engine.before = fail
    queue_up(place.store, job_for())

    place.generate()

    assert (place.job().state, place.job().failure) == (JobState.FAILED, code)
    assert place.queue.sent == []
    assert place.signals.woken == ["easel.wake.web"]
    assert "secret prompt" not in caplog.text


def test_a_dead_engine_sends_the_job_round_again_until_it_is_to_blame(place):
    """Twice it goes back to the queue, the third time it fails with what killed it."""

    def die():
        raise EngineDied("engine_died")

    place.engine.before = die
    queue_up(place.store, job_for())

    states = []
    for _ in range(3):
        place.generate()
        states.append(place.job().state)

    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    assert place.queue.sent == [RESEND, RESEND]
    assert place.job().failure == "engine_died"


def draining_once(place, snapshot):
    """Let the first attempt be drained with this drawn so far."""
    draining(place, snapshot)


def draining(place, *snapshots):
    """Let as many attempts be drained, each with this drawn so far."""
    left = list(snapshots)

    def drain():
        if left:
            raise EngineDrained(left.pop(0))

    place.engine.before = drain


def test_a_drained_job_goes_back_to_the_front_with_what_was_drawn(place, tmp_path):
    """No attempt is lost; the next worker gets what was drawn, and nothing of it stays behind."""
    draining_once(place, b"half a picture")
    queue_up(place.store, job_for())
    kept = tmp_path / "blobs" / "snapshots" / JOB_ID

    place.generate()
    drained = place.job()
    assert kept.read_bytes() == b"half a picture"
    place.generate()

    assert (drained.state, drained.attempts, drained.is_resumed) == (JobState.QUEUED, 0, True)
    assert place.queue.sent == [RESEND]
    assert [request.resume for request in place.engine.requests] == [None, b"half a picture"]
    assert place.job().state is JobState.PUBLISHED
    assert not kept.exists()


def test_a_job_drained_again_before_its_first_step_keeps_what_was_drawn(place, tmp_path):
    """A worker that is ending may take it up once more; nothing is lost by that."""
    draining(place, b"half a picture", b"")
    queue_up(place.store, job_for())

    for _ in range(3):
        place.generate()

    half = b"half a picture"
    assert [request.resume for request in place.engine.requests] == [None, half, half]
    assert place.job().state is JobState.PUBLISHED
    assert list((tmp_path / "blobs" / "snapshots").iterdir()) == []


def test_a_drained_job_of_which_nothing_was_drawn_begins_anew(place, tmp_path):
    """Nothing is stored for it."""
    draining_once(place, b"")
    queue_up(place.store, job_for())

    place.generate()
    place.generate()

    assert [request.resume for request in place.engine.requests] == [None, None]
    assert place.job().state is JobState.PUBLISHED
    assert not (tmp_path / "blobs" / "snapshots").exists()


def test_a_snapshot_that_cannot_be_kept_or_found_costs_only_time(place, monkeypatch):
    """The blob store is away when it is left; then it is gone when it is asked for."""
    draining_once(place, b"half a picture")
    queue_up(place.store, job_for())
    put = place.blobs.put
    monkeypatch.setattr(
        place.blobs, "put", lambda *_: (_ for _ in ()).throw(Unavailable("blobs_away"))
    )

    place.generate()
    monkeypatch.setattr(place.blobs, "put", put)
    lost = place.job()
    draining_once(place, b"half a picture")
    place.generate()
    place.blobs.delete(place.job().snapshot)
    place.generate()

    assert lost.snapshot is None
    assert place.engine.requests[-1].resume is None
    assert place.job().state is JobState.PUBLISHED


def test_a_job_that_was_called_back_while_it_was_drained_leaves_nothing(place, tmp_path):
    """The cancel comes first; what the engine hands back then is nobody's."""

    def be_cancelled_and_drained():
        with place.store.unit() as unit:
            unit.jobs.advance(JOB_ID, Outcome.CANCELLED, now=place.clock())
        raise EngineDrained(b"half a picture")

    place.engine.before = be_cancelled_and_drained
    queue_up(place.store, job_for())

    place.generate()

    assert place.job().state is JobState.CANCELLED
    assert list((tmp_path / "blobs" / "snapshots").iterdir()) == []


def test_a_job_whose_attempt_was_lost_is_drawn_alone(place):
    """It may be why; the first attempt is in company, later ones are not."""
    deaths = [EngineDied("engine_died")]

    def die_once():
        if deaths:
            raise deaths.pop()

    place.engine.before = die_once
    queue_up(place.store, job_for())

    place.generate()
    place.generate()

    assert [request.is_solo for request in place.engine.requests] == [False, True]
    assert place.job().state is JobState.PUBLISHED


def test_a_job_that_is_called_back_while_it_runs_is_stopped(place):
    """The engine is told at once, under the attempt's own name; of other jobs it hears nothing."""
    studio = place.studio()

    def call_back():
        studio.call_back(JobId("another"))
        studio.call_back(JOB_ID)

    place.engine.before = call_back
    queue_up(place.store, job_for())

    studio.generate(JOB_ID, lambda: True)
    studio.call_back(JOB_ID)  # Over by now.

    assert place.engine.cancelled == [place.engine.requests[0].request_id]


def test_a_broker_that_is_away_leaves_the_resend_in_the_outbox(place):
    """The sweep will send it; the attempt's ending is recorded all the same."""
    place.engine.before = lambda: (_ for _ in ()).throw(EngineDied("engine_died"))
    place.queue.is_away = True
    queue_up(place.store, job_for())

    place.generate()

    with place.store.reading() as unit:
        assert [task.task for task in unit.outbox.due(now=place.clock())] == [TaskName.GENERATE]
    assert place.job().state is JobState.QUEUED


@pytest.mark.parametrize(
    ("opinions", "state", "area", "decisions"),
    [
        pytest.param([{}, {}], JobState.PUBLISHED, "published", ["allow", "allow"], id="clean"),
        pytest.param(
            [{}, TypeError("broken")],
            JobState.OUTPUT_REVIEW,
            "held",
            ["allow", "review"],
            id="broken",
        ),
        pytest.param(
            [{}, {CODE: 1.0}],
            JobState.WITHHELD,
            None,
            ["allow", "block"],
            id="blocked",
        ),
    ],
)
def test_the_strictest_verdict_decides_for_all(place, files, opinions, state, area, decisions):
    """Published together, held together, or not even kept; every verdict is on record."""
    place.gate = Gate(SEEING_POLICY, image_classifier=Seeing(*opinions))
    queue_up(place.store, job_for(count=2))

    place.generate()

    assert place.job().state is state
    assert [verdict.decision.value for verdict in place.verdicts()] == decisions
    names = {"published": f"published/{JOB_ID}/{{}}.png", "held": "held/{}"}
    kept = [names[area].format(each.verify_id) for each in place.pictures()] if area else []
    assert files() == sorted(kept)
    assert len(kept) == (0 if area is None else 2)


def test_the_pictures_gate_is_that_of_the_place(place):
    """A channel that waits for a moderator does so for its pictures too, and their label says it."""
    job = job_for()
    scope = Scope(community_id=job.actor.community_id, channel_id=job.address.channel_id)
    put(place.store, scope, "image_check_missing: review")
    queue_up(place.store, job)

    place.generate()

    assert place.job().state is JobState.OUTPUT_REVIEW
    [verdict] = place.verdicts()
    assert verdict.policy_version != place.gate.policy.version
    assert place.pictures()[0].policy_version == verdict.policy_version


def test_a_gate_that_breaks_lets_nothing_through(place, monkeypatch, files):
    """Even an engine of verdicts with a bug ends in a person's review."""
    monkeypatch.setattr(place.gate, "screen_image", lambda *_args, **_kwargs: 1 / 0)
    queue_up(place.store, job_for())

    place.generate()

    assert place.job().state is JobState.OUTPUT_REVIEW
    [picture] = place.pictures()
    assert files() == [picture.blob] == [f"held/{picture.verify_id}"]


def test_nothing_that_is_held_can_be_looked_at(place, tmp_path, keys):
    """No picture's first bytes anywhere under held/; opened, it is the labelled one to the bit."""
    place.gate = Gate(SEEING_POLICY, image_classifier=Seeing({CODE: 0.6}))
    queue_up(place.store, job_for())

    place.generate()

    [picture] = place.pictures()
    with place.store.reading() as unit:
        item = unit.reviews.live_of_job(JOB_ID)
    assert (item.kind, item.category) == (ReviewKind.HELD_PICTURE, CODE)
    assert item.picture_hashes == tuple(filter(None, [picture.pdq]))
    assert REVIEWS_TOPIC in place.signals.woken
    lying = [path.read_bytes() for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert len(lying) == 1
    assert not any(sign in lying[0] for sign in (b"\x89PNG", b"IHDR", b"IDAT", b"c2pa"))
    data = place.held.read(picture)
    assert hashlib.sha256(data).hexdigest() == picture.sha256
    assert read(data, anchors=keys.anchors).verify_id == picture.verify_id


def test_a_picture_of_a_lost_attempt_is_thrown_away(place, files):
    """The lease ran out while it was drawn: the pictures are not recorded and not kept."""

    def lose_the_lease():
        with place.store.unit() as unit:
            unit.jobs.advance(JOB_ID, Outcome.WORKER_LOST, now=place.clock())

    place.engine.before = lose_the_lease
    queue_up(place.store, job_for())

    place.generate()

    assert place.job().state is JobState.QUEUED
    assert place.pictures() == []
    assert files() == []
    assert place.signals.woken == []


def test_a_lost_lease_stops_the_drawing(place):
    """What is drawn in vain is cancelled, under the attempt's own name."""
    place.job_lease_s = 0.05
    cancelled = threading.Event()

    def be_cancelled():
        place.engine.cancel = lambda request_id: (
            place.engine.cancelled.append(request_id),
            cancelled.set(),
        )
        with place.store.unit() as unit:
            unit.jobs.advance(JOB_ID, Outcome.CANCELLED, now=place.clock())
        assert cancelled.wait(PATIENCE_S)
        raise AppError("cancelled")

    place.engine.before = be_cancelled
    queue_up(place.store, job_for())

    place.generate()

    assert place.job().state is JobState.CANCELLED
    assert place.engine.cancelled[0] == place.engine.requests[0].request_id


def test_leases_are_renewed_while_it_draws(place):
    """The job's and the message's, more than once, and neither any more when it is done."""
    place.job_lease_s = 0.05
    kept = []
    until = []

    def draw_for_a_while():
        with place.store.reading() as unit:
            until.append(unit.jobs.get(JOB_ID))
        deadline = time.monotonic() + PATIENCE_S
        while len(kept) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)

    place.engine.before = draw_for_a_while
    queue_up(place.store, job_for())

    place.generate(keep_message=lambda: kept.append(1))

    after = len(kept)
    assert after >= 3
    assert place.job().state is JobState.PUBLISHED
    assert not [thread for thread in threading.enumerate() if thread.name == "job-lease"]


def test_a_broker_that_is_away_does_not_cost_the_job_its_lease(place):
    """Each lease is renewed whether or not the other can be."""
    place.job_lease_s = 0.05
    renewed = threading.Event()
    tries = []

    def away():
        tries.append(1)
        if len(tries) >= 3:
            renewed.set()
        raise Unavailable("broker_away")

    place.engine.before = lambda: renewed.wait(PATIENCE_S)
    queue_up(place.store, job_for())

    place.generate(keep_message=away)

    assert place.job().state is JobState.PUBLISHED


def test_a_blob_store_that_is_away_leaves_nothing_and_sends_the_job_round(
    place, files, monkeypatch
):
    """The second picture can not be stored: the first is removed, another attempt may succeed."""
    put = place.blobs.put
    calls = []

    def put_once(key, data):
        calls.append(key)
        if len(calls) > 1:
            raise Unavailable("blobs_away")
        put(key, data)

    monkeypatch.setattr(place.blobs, "put", put_once)
    queue_up(place.store, job_for(count=2))

    place.generate()

    assert place.job().state is JobState.QUEUED
    assert place.queue.sent == [RESEND]
    assert len(calls) == 2
    assert files() == []


def test_a_commit_whose_answer_was_lost_keeps_its_pictures(place, files, monkeypatch):
    """The database took the step and then went away: trying again must not remove what is published."""
    unit = Store.unit
    lost = []

    @contextmanager
    def losing(store):
        """Commit, then claim that the database was away."""
        with unit(store) as opened:
            yield opened
        if not lost and place.job().state is JobState.PUBLISHED:
            lost.append(1)
            raise Unavailable("database_away")

    monkeypatch.setattr(Store, "unit", losing)
    queue_up(place.store, job_for())

    place.generate()

    assert lost == [1]
    assert place.job().state is JobState.PUBLISHED
    assert files() == [place.pictures()[0].blob]


def test_the_strictness_of_decisions_is_their_order():
    """What `finishing` relies on."""
    assert list(Decision) == [Decision.ALLOW, Decision.REVIEW, Decision.BLOCK]
