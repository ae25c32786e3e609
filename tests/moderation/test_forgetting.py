"""Retention as each community's policy has it: bounded, counted, and nothing deleted on a guess."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from core.blobs import Blobs
from core.contracts.generation import GenerationSpec
from core.contracts.ids import CommunityId
from core.contracts.labels import LabelSource
from core.contracts.policies import Scope
from core.errors import Unavailable
from core.storage import Store
from core.workflow import JobState
from moderation import forgetting
from moderation.forgetting import TOMBSTONES_KEPT, UNSHOWN_KEPT, Forgetter
from moderation.gates import Gates
from tests.core.storage.samples import START, a_job, a_picture, a_verdict
from tests.core.storage.test_features import ONE as FEATURES
from tests.core.storage.test_labels import ONE as LABEL
from tests.moderation.test_gates import put

LOCAL = Scope(community_id="local")
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def blobs(tmp_path):
    return Blobs(str(tmp_path / "blobs"))


@pytest.fixture
def keep(store, blobs):
    """Record a finished job with its picture, verdict, features and message."""

    def record(state=JobState.DELIVERED, community="local", area="published"):
        job = a_job(state, community=community)
        picture = a_picture(job.job_id, blob=f"{area}/{job.job_id}/0.png")
        blobs.put(picture.blob, b"pixels")
        with store.unit() as unit:
            unit.jobs.add(job)
            unit.pictures.add(picture)
            unit.verdicts.add(a_verdict(job.job_id, community_id=community))
            unit.rewrites.add(job.job_id, GenerationSpec(prompt="a pear"), now=START)
            unit.chat.put(
                key=f"said:{job.job_id}", community_id=CommunityId(community), channel_id=community,
                audience=None, author="Ada", author_id=None, kind="member", body="/imagine",
                job_id=None, now=START,
            )  # fmt: skip
        return job, picture

    return record


@pytest.fixture
def forget(store, gate, blobs):
    def run(after, *, labels_keep_days=365, blobs=blobs):
        gates = Gates(store, gate)
        return Forgetter(store, gates, blobs, labels_keep_days, START + after).forget()

    return run


def spec_of(store, job):
    with store.reading() as unit:
        return unit.jobs.get(job.job_id).spec


def test_a_policy_that_names_no_days_keeps_all_but_features(store, forget, keep):
    job, _ = keep()
    with store.unit() as unit:
        unit.features.add(FEATURES)

    assert forget(29 * DAY) == {}
    assert forget(300 * DAY) == {"features": 1}

    assert spec_of(store, job) == job.spec


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param("prompts_days", {"prompts": 1, "messages": 1}, id="prompts and the chat"),
        pytest.param("verdicts_days", {"verdicts": 1}, id="verdicts"),
        pytest.param("pictures_days", {"pictures": 1}, id="pictures"),
    ],
)
def test_each_kind_goes_by_its_own_days_and_in_its_own_community(
    store, forget, keep, blobs, key, expected
):
    put(store, LOCAL, f"retention: {{{key}: 10}}")
    job, picture = keep()
    keep(community="elsewhere")

    assert forget(10 * DAY) == {}
    assert forget(10 * DAY + timedelta(seconds=1)) == expected

    assert spec_of(store, job).is_forgotten is (key == "prompts_days")
    assert blobs.exists(picture.blob) is (key != "pictures_days")
    with store.reading() as unit:
        assert unit.pictures.is_deleted(picture.verify_id) is (key == "pictures_days")
        assert (unit.rewrites.of(job.job_id) is None) is (key == "prompts_days")
        assert (unit.verdicts.of_job(job.job_id) == []) is (key == "verdicts_days")
        assert unit.chat.get(f"said:{job.job_id}").is_deleted is (key == "prompts_days")


def test_an_emptied_message_goes_a_day_later(store, forget, keep):
    put(store, LOCAL, "retention: {prompts_days: 10}")
    job, _ = keep()
    forget(11 * DAY)

    assert forget(11 * DAY + TOMBSTONES_KEPT + timedelta(seconds=1)) == {"tombstones": 1}

    with store.reading() as unit:
        assert unit.chat.get(f"said:{job.job_id}") is None


def test_a_sweep_takes_a_bounded_number_in_steps(store, forget, keep, monkeypatch):
    monkeypatch.setattr(forgetting, "AT_A_TIME", 1)
    monkeypatch.setattr(forgetting, "BATCHES", 2)
    put(store, LOCAL, "retention: {prompts_days: 10, pictures_days: 10, verdicts_days: 10}")
    for _ in range(3):
        keep()

    kinds = ("prompts", "messages", "verdicts", "pictures")
    assert forget(11 * DAY) == dict.fromkeys(kinds, 2)
    assert forget(11 * DAY) == dict.fromkeys(kinds, 1)
    assert forget(11 * DAY) == {}


def test_labels_and_what_was_decided_against_go_whatever_the_policy_says(
    store, forget, keep, blobs
):
    _, held = keep(JobState.WITHHELD, area="held")
    _, waiting = keep(JobState.OUTPUT_REVIEW, area="held")
    with store.unit() as unit:
        unit.labels.put(LABEL.model_copy(update={"source": LabelSource.UPHELD}))

    assert forget(UNSHOWN_KEPT) == {}
    after = UNSHOWN_KEPT + timedelta(seconds=1)
    assert forget(after, labels_keep_days=1) == {"unshown_pictures": 1, "labels": 1}

    assert (blobs.exists(held.blob), blobs.exists(waiting.blob)) == (False, True)


def test_a_held_picture_outlives_its_lapsed_review_as_long_as_the_policy_says(
    store, forget, keep, blobs
):
    """Seven days as shipped; each community says its own."""
    _, lapsed = keep(JobState.EXPIRED, area="held")
    _, elsewhere = keep(JobState.EXPIRED, community="elsewhere", area="held")
    _, waiting = keep(JobState.OUTPUT_REVIEW, area="held")
    put(store, Scope(community_id="elsewhere"), "review: {held_days: 20}")

    assert forget(7 * DAY) == {}
    assert forget(8 * DAY) == {"undecided_pictures": 1}
    assert forget(21 * DAY) == {"undecided_pictures": 1}

    kept = [blobs.exists(each.blob) for each in (lapsed, elsewhere, waiting)]
    assert kept == [False, False, True], "nothing is thrown away before a decision"
    with store.reading() as unit:
        assert unit.pictures.is_deleted(lapsed.verify_id)
        assert not unit.pictures.is_deleted(waiting.verify_id)


def test_nothing_of_a_community_is_deleted_while_its_policy_cannot_be_read(store, forget, keep):
    """What it keeps is not known; the others' time is over all the same."""
    put(store, LOCAL, "retention: {features_days: 400}")
    keep()
    keep(community="elsewhere")
    with store.unit() as unit:
        unit.features.add(FEATURES)
        version = unit.policies.in_force(LOCAL).active
    with store._engines.writing.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE policy_versions SET source = 'title: Other' WHERE version_id = ?",
            (version.version_id,),
        )

    with capture_logs() as logs:
        assert forget(300 * DAY) == {}

    assert [(each["event"], each["community_id"]) for each in logs if "community_id" in each] == [
        ("policy_unreadable", "local"),
        ("retention_skipped", "local"),
    ]


def test_only_counts_are_logged(store, forget, keep):
    put(store, LOCAL, "retention: {prompts_days: 10}")
    keep()

    with capture_logs() as logs:
        forget(11 * DAY)

    assert logs == [{"event": "retention_swept", "log_level": "info", "prompts": 1, "messages": 1}]


def test_a_blob_store_that_is_away_leaves_the_record_as_it_is(
    store, forget, keep, blobs, monkeypatch
):
    """What is recorded as deleted is deleted; the rest of the sweep goes on."""
    put(store, LOCAL, "retention: {pictures_days: 10}")
    _, picture = keep()

    def away(self, key):
        raise Unavailable("blobs_away")

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "delete", away)
        assert forget(11 * DAY) == {}
    with store.reading() as unit:
        assert not unit.pictures.is_deleted(picture.verify_id)

    assert forget(11 * DAY) == {"pictures": 1}


def test_a_process_without_a_blob_store_leaves_pictures_to_others(store, forget, keep):
    put(store, LOCAL, "retention: {pictures_days: 10}")
    keep()

    assert forget(11 * DAY, blobs=None) == {}
