"""Screening as a task: idempotent, closed on failure, and the road's sweep and heartbeat."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery
from celery.signals import worker_ready
from structlog.testing import capture_logs

from core.blobs import Blobs
from core.catalog import Catalog, ModelProfile
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.contracts.jobs import Job
from core.contracts.policies import Scope
from core.contracts.registry import TimeState
from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.contracts.sanctions import SanctionKind
from core.errors import Unavailable
from core.events import REVIEWS_TOPIC, Events
from core.outbox import flush
from core.provenance.authority_time import TimeAuthority
from core.settings import CoreSettings, ScreeningSettings
from core.storage import Store
from core.task_queue import TaskQueue
from core.workflow import JobState, Outcome, TaskName
from moderation.classifiers.loading import UnloadedClassifier
from moderation.engine import Gate
from moderation.policy import Policy
from moderation.tasks import Screening, _authority, _shadow, main, make_app
from tests.core.provenance.clock import Clock, serving
from tests.core.storage.samples import a_record
from tests.core.storage.test_uploads import an_upload
from tests.moderation.test_engine import ExplainingClassifier
from tests.moderation.test_gates import put
from tests.redis_server import RedisServer

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeQueue:
    def __init__(self) -> None:
        self.sent: list[tuple[TaskName, JobId, str]] = []
        self.is_away = False

    def send(self, task: TaskName, job_id: JobId, queue: str) -> None:
        if self.is_away:
            raise Unavailable("broker_away")
        self.sent.append((task, job_id, queue))

    def held_jobs(self, queue: str) -> frozenset[JobId]:
        return frozenset()

    def tickets(self, queue: str) -> int:
        return 0


class FakeSignals:
    def __init__(self) -> None:
        self.woken: list[str] = []
        self.beats: list[tuple[str, str, float]] = []

    def wake(self, topic: str) -> None:
        self.woken.append(topic)

    def beat(self, kind: str, name: str, ttl_s: float) -> None:
        self.beats.append((kind, name, ttl_s))


def job_for(prompt: str, **fields: object) -> Job:
    defaults = {
        "job_id": JobId("job1"),
        "state": JobState.NEW,
        "actor": Actor(
            community_id=CommunityId("local"), member_id=MemberId("web:1"), display_name="Ada"
        ),
        "address": ReplyAddress(platform=Platform.WEB, channel_id=ChannelId("general")),
        "spec": GenerationSpec(prompt=prompt),
        "seed": 7,
        "model": "easel-small",
        "queue": "generate.easel-small",
        "policy_version": "1.0.0",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Job(**defaults | fields)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'easel.db'}")
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def signals() -> FakeSignals:
    return FakeSignals()


@pytest.fixture
def screening(
    store: Store, gate: Gate, queue: FakeQueue, signals: FakeSignals, tmp_path: Path
) -> Screening:
    catalog = Catalog(
        profiles=(
            ModelProfile(
                name="easel-small", source=str(tmp_path), styles={"vivid": "bold", "bare": "nude"}
            ),
        )
    )
    settings = CoreSettings(home=tmp_path)
    return Screening(settings, gate, store, queue, signals, catalog, clock=lambda: NOW)


def submit(store: Store, job: Job) -> None:
    """Bring a job to SCREENING with its task sent, as the front-end does."""
    with store.unit() as unit:
        unit.jobs.add(job)
        unit.jobs.advance(job.job_id, Outcome.RULES_PASS, now=NOW)
        due = unit.outbox.due(now=NOW)
        unit.outbox.mark_sent([task.outbox_id for task in due], now=NOW)


def kind_of_review(store: Store) -> ReviewKind | None:
    with store.reading() as unit:
        item = unit.reviews.live_of_job(JobId("job1"))
    return item and item.kind


def state_of(store: Store) -> JobState:
    with store.reading() as unit:
        return unit.jobs.get(JobId("job1")).state


class TestScreenPrompt:
    def test_a_clean_prompt_is_queued_for_drawing_with_its_verdict(
        self, screening, store, queue, signals
    ):
        submit(store, job_for("a red apple"))

        screening.screen_prompt("job1")

        with store.reading() as unit:
            (verdict,) = unit.verdicts.of_job(JobId("job1"))
        assert state_of(store) is JobState.QUEUED
        assert verdict.note == "classifier_missing_rules_only"
        assert queue.sent == [(TaskName.GENERATE, "job1", "generate.easel-small")]
        assert signals.woken == []  # Nobody is told of it, so nobody need look.

    def test_a_prompt_on_a_list_is_blocked(self, screening, store, queue, signals):
        submit(store, job_for("a naked woman"))

        screening.screen_prompt("job1")

        assert state_of(store) is JobState.BLOCKED
        assert queue.sent == [(TaskName.SUGGEST_REWRITE, "job1", "screening")]
        assert signals.woken == ["easel.wake.web"]

    def test_a_blocked_prompt_is_a_strike_with_the_refusal_and_once(self, screening, store):
        submit(store, job_for("a naked woman"))

        screening.screen_prompt("job1")
        screening.screen_prompt("job1")

        with store.reading() as unit:
            [strike] = unit.sanctions.live_of(CommunityId("local"), MemberId("web:1"), now=NOW)
        assert (strike.kind, strike.category) == (SanctionKind.STRIKE, "sexual_suggestive")
        assert (strike.job_id, strike.weight) == ("job1", 0.5)

    def test_the_words_of_a_named_style_are_screened_with_the_prompt(self, screening, store):
        submit(store, job_for("a statue", spec=GenerationSpec(prompt="a statue", style="bare")))

        screening.screen_prompt("job1")

        assert state_of(store) is JobState.BLOCKED

    def test_an_age_restricted_channel_holds_what_others_refuse(self, screening, store, signals):
        address = ReplyAddress(
            platform=Platform.WEB, channel_id=ChannelId("late"), is_age_restricted=True
        )
        submit(store, job_for("a naked woman", address=address))

        screening.screen_prompt("job1")

        assert state_of(store) is JobState.PROMPT_REVIEW
        assert kind_of_review(store) is ReviewKind.HELD_PROMPT
        assert signals.woken == ["easel.wake.web", REVIEWS_TOPIC]

    def test_a_second_delivery_changes_nothing(self, screening, store, queue):
        submit(store, job_for("a red apple"))
        screening.screen_prompt("job1")

        screening.screen_prompt("job1")

        with store.reading() as unit:
            assert len(unit.verdicts.of_job(JobId("job1"))) == 1
        assert len(queue.sent) == 1

    def test_a_job_cancelled_while_it_was_screened_stays_cancelled(
        self, screening, store, gate, monkeypatch
    ):
        submit(store, job_for("a red apple"))
        screen = gate.examine

        def cancel_meanwhile(*arguments, **options):
            with store.unit() as unit:
                unit.jobs.advance(JobId("job1"), Outcome.CANCELLED, now=NOW)
            return screen(*arguments, **options)

        monkeypatch.setattr(gate, "examine", cancel_meanwhile)

        screening.screen_prompt("job1")

        with store.reading() as unit:
            assert unit.verdicts.of_job(JobId("job1")) == []
        assert state_of(store) is JobState.CANCELLED

    def test_an_unknown_job_is_let_go(self, screening, signals):
        screening.screen_prompt("nobody")

        assert signals.woken == []

    def test_a_gate_that_cannot_be_asked_holds_the_job(self, screening, store, queue):
        submit(store, job_for("a red apple", model="a-model-no-longer-on-offer"))

        screening.screen_prompt("job1")

        assert state_of(store) is JobState.PROMPT_REVIEW
        assert queue.sent == []
        assert kind_of_review(store) is ReviewKind.FAILED_CHECK

    def test_a_broker_that_is_away_leaves_the_task_in_the_outbox(self, screening, store, queue):
        submit(store, job_for("a red apple"))
        queue.is_away = True

        screening.screen_prompt("job1")

        with store.reading() as unit:
            (task,) = unit.outbox.due(now=NOW)
        assert state_of(store) is JobState.QUEUED
        assert task.task is TaskName.GENERATE


class TestSweep:
    def test_a_review_that_nobody_decided_expires_after_the_policys_time(
        self, screening, store, policy: Policy, signals
    ):
        past = NOW - timedelta(hours=policy.review_timeout_h, seconds=1)
        with store.unit() as unit:
            unit.jobs.add(job_for("a red apple", created_at=past, updated_at=past))
            unit.jobs.advance(JobId("job1"), Outcome.RULES_REVIEW, now=past)

        screening.sweep()

        assert state_of(store) is JobState.EXPIRED
        assert signals.woken == ["easel.wake.web", REVIEWS_TOPIC]

    def test_what_people_decided_is_carried_out_and_sent_on(
        self, screening, store, queue, signals, tmp_path
    ):
        submit(store, job_for("a red apple", model="a-model-no-longer-on-offer"))
        screening.screen_prompt("job1")
        with store.unit() as unit:
            item = unit.reviews.locked_of_job(JobId("job1"))
            decided = {"state": ReviewState.DECIDED, "ruling": Ruling.APPROVE, "effective_at": NOW}
            unit.reviews.save(item.model_copy(update={**decided, "decided_by": "web:mod"}))
        signals.woken.clear()

        replace(screening, blobs=Blobs(str(tmp_path / "blobs"))).sweep()

        assert state_of(store) is JobState.QUEUED
        assert [task for task, _, _ in queue.sent] == [TaskName.GENERATE]
        assert signals.woken == ["easel.wake.web", REVIEWS_TOPIC]

    def test_an_upload_whose_time_is_over_goes(self, screening, store, tmp_path):
        blobs = Blobs(str(tmp_path / "blobs"))
        days = timedelta(days=screening.settings.upload_keep_days, seconds=1)
        upload = an_upload(created_at=NOW - days)
        blobs.put(upload.blob, b"pixels")
        with store.unit() as unit:
            unit.uploads.add(upload)

        replace(screening, blobs=blobs).sweep()

        assert not blobs.exists(upload.blob)

    def test_what_was_drawn_of_no_job_goes_when_the_store_is_tidied(self, screening, tmp_path):
        blobs = Blobs(str(tmp_path / "blobs"))
        blobs.put("snapshots/stranger", b"half a picture")

        screening.tidy()
        assert blobs.exists("snapshots/stranger"), "no store was given"
        replace(screening, blobs=blobs).tidy()

        assert not blobs.exists("snapshots/stranger")

    def test_ciphertext_that_no_row_names_goes_when_the_store_is_tidied(self, screening, tmp_path):
        """Left behind by a worker, or a decision, that was killed in between."""
        blobs = Blobs(str(tmp_path / "blobs"))
        blobs.put("held/0123456789abcdef", b"ciphertext")
        long_ago = (screening.clock() - timedelta(days=2)).timestamp()
        os.utime(tmp_path / "blobs" / "held" / "0123456789abcdef", (long_ago, long_ago))

        replace(screening, blobs=blobs).tidy()

        assert blobs.listed("held") == []


def test_a_heartbeat_outlives_two_missed_beats(screening, signals):
    screening.beat()

    (kind, name, ttl_s), of_classifier = signals.beats
    assert kind == "screening"
    assert name.endswith(f":{os.getpid()}")
    assert ttl_s == 3 * screening.settings.outbox_sweep_s
    assert of_classifier == ("classifier", f"none:{name}", ttl_s)


def test_a_heartbeat_says_that_the_classifier_could_not_be_loaded(screening, signals, policy):
    gate = Gate(policy, classifier=UnloadedClassifier("gone"))

    replace(screening, gate=gate).beat()

    assert signals.beats[1][1].startswith("failed:")


def test_a_classifier_that_could_not_be_loaded_holds_every_prompt(screening, store, policy):
    """Never drawn: a person decides."""
    submit(store, job_for("a red apple"))
    gate = Gate(policy, classifier=UnloadedClassifier("gone"))

    replace(screening, gate=gate).screen_prompt("job1")

    assert state_of(store) is JobState.PROMPT_REVIEW


class FakeShadow:
    """Remember what was offered, and what was on record by then."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.offered = []

    def offer(self, live):
        with self.store.reading() as unit:
            self.offered.append((live, unit.verdicts.of_job(JobId("job1"))))


def test_the_shadow_is_offered_a_prompt_once_its_verdict_is_stored(screening, store):
    shadow = FakeShadow(store)
    submit(store, job_for("a red apple"))

    for _ in range(2):  # A second delivery is none.
        replace(screening, shadow=shadow).screen_prompt("job1")

    [(live, [verdict])] = shadow.offered
    assert (live.verdict, live.features.verdict_id) == (verdict, verdict.verdict_id)
    assert [text.text for text in live.texts] == ["a red apple"]
    assert live.gate is screening.gate


def test_the_shadow_is_spared_what_was_not_decided_by_the_policy(screening, store, policy):
    """A check that failed says nothing about the classifier in force."""
    shadow = FakeShadow(store)
    gate = Gate(policy, classifier=UnloadedClassifier("gone"))
    submit(store, job_for("a red apple"))

    replace(screening, gate=gate, shadow=shadow).screen_prompt("job1")

    assert shadow.offered == []


def test_the_settings_name_what_is_in_shadow(store):
    """Loaded by its own thread, by the same words as the one in force."""
    assert _shadow(ScreeningSettings(), store) is None

    named = ScreeningSettings(shadow_classifier="shipped", shadow_timeout_s=7.0)

    assert _shadow(named, store)._load().name == "easel-screen"


def test_a_refusal_says_which_words_the_classifier_meant(screening, store, policy):
    submit(store, job_for("a quiet harbour with an axe"))
    gate = Gate(policy, classifier=ExplainingClassifier())

    replace(screening, gate=gate).screen_prompt("job1")

    with store.reading() as unit:
        (verdict,) = unit.verdicts.of_job(JobId("job1"))
    assert verdict.deciding.span.text == "axe"


def test_the_app_takes_the_task_by_the_name_that_the_workflow_sends(screening, store):
    submit(store, job_for("a red apple"))
    app = make_app(CoreSettings(), screening)

    app.tasks[TaskName.SCREEN_PROMPT.value](job_id="job1")

    assert state_of(store) is JobState.QUEUED


def test_the_worker_takes_its_one_queue_and_sweeps_once_it_is_ready(tmp_path, monkeypatch):
    started: list[list[str]] = []
    swept = threading.Event()
    beaten = threading.Event()
    tidied = threading.Event()
    stamped = threading.Event()

    def become_ready(app: Celery, arguments: list[str]) -> None:
        assert not swept.is_set()
        worker_ready.send(sender=app)
        assert swept.wait(10)
        assert beaten.wait(10)
        assert tidied.wait(10)
        assert stamped.wait(10)
        started.append(arguments)

    monkeypatch.setattr("moderation.tasks.configure_logging", lambda settings, process: None)
    monkeypatch.setattr(Celery, "worker_main", become_ready)
    monkeypatch.setattr(Screening, "sweep", lambda screening: swept.set())
    monkeypatch.setattr(Screening, "beat", lambda screening: beaten.set())
    monkeypatch.setattr(Screening, "tidy", lambda screening: tidied.set())
    monkeypatch.setattr(Screening, "stamp_late", lambda screening: stamped.set())
    monkeypatch.setenv("EASEL_HOME", str(tmp_path))
    monkeypatch.setenv("EASEL_SCREENING_CONCURRENCY", "3")

    main()

    ((command, *options),) = started
    assert command == "worker"
    assert {"--pool=threads", "--concurrency=3", "--queues=screening"} <= set(options)


def test_time_stamps_that_are_owed_are_asked_for(screening, store, tmp_path):
    """By the one process that sweeps; pictures went out without them."""
    with store.unit() as unit:
        unit.registry.add(a_record(time_state=TimeState.PENDING))
    clock = Clock(tmp_path / "clock")

    screening.stamp_late()
    assert clock.asked == []
    with serving(clock) as url:
        replace(screening, authority=TimeAuthority(url, clock.root_pem)).stamp_late()

    with store.reading() as unit:
        assert unit.registry.get(a_record().verify_id).time_state is TimeState.STAMPED


def test_authority_that_can_not_be_used_stops_no_screening(tmp_path):
    """What nobody can check is not asked for, and the log says so; prompts are screened."""
    with capture_logs() as logs:
        assert _authority(CoreSettings(tsa_url="http://clock.test/")) is None

    assert [entry["event"] for entry in logs] == ["time_stamps_not_asked_for"]
    assert _authority(CoreSettings()) is None


def eventually(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


@pytest.mark.stack
def test_the_process_screens_what_the_broker_brings_and_ends_at_sigterm(tmp_path, store):
    with RedisServer(tmp_path / "redis") as redis:
        environment = {
            **os.environ,
            "EASEL_HOME": str(tmp_path),
            "EASEL_REDIS_URL": redis.url,
            "EASEL_DATABASE_URL": f"sqlite:///{tmp_path / 'easel.db'}",
        }
        command = [sys.executable, "-c", "from moderation.tasks import main; main()"]
        process = subprocess.Popen(command, env=environment)
        try:
            events = Events(redis.url)
            eventually(lambda: len(events.alive("screening")) == 1)
            with store.unit() as unit:
                unit.jobs.add(job_for("a red apple"))
                unit.jobs.advance(JobId("job1"), Outcome.RULES_PASS, now=NOW)
            queue = TaskQueue(CoreSettings(redis_url=redis.url))
            flush(store, queue, now=NOW)

            eventually(lambda: state_of(store) is JobState.QUEUED)

            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            queue.close()
            events.close()
        finally:
            process.kill()
            process.wait()


class TestWhatIsInForce:
    """The policy of the request's community and channel decides, and leaves what replays need."""

    def test_a_channels_part_decides_and_features_are_kept(self, screening, store):
        submit(store, job_for("a red apple"))
        with store.reading() as unit:
            job = unit.jobs.get(JobId("job1"))
        scope = Scope(community_id=job.actor.community_id, channel_id=job.address.channel_id)
        put(store, scope, "lists: {shock: {add: [red apple]}}")

        screening.screen_prompt("job1")

        assert state_of(store) is JobState.PROMPT_REVIEW
        with store.reading() as unit:
            [features] = unit.features.since(job.actor.community_id, NOW)
            [verdict] = unit.verdicts.of_job(JobId("job1"))
        assert features.rules == ["shock.terms"]
        assert features.policy_version == verdict.policy_version
        assert features.member_id == job.actor.member_id

    def test_features_go_when_their_time_is_over(self, screening, store):
        submit(store, job_for("a red apple"))
        screening.screen_prompt("job1")
        days = screening.gate.policy.retention.features_days
        later = NOW + timedelta(days=days, seconds=1)

        replace(screening, clock=lambda: NOW + timedelta(days=days - 1)).tidy()
        with store.reading() as unit:
            assert len(list(unit.features.since(None, NOW))) == 1
        replace(screening, clock=lambda: later).tidy()

        with store.reading() as unit:
            assert list(unit.features.since(None, NOW)) == []
