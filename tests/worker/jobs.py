"""Make queued jobs for the worker's tests, and a studio whose engine and gate can be steered."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.blobs import Blobs
from core.catalog import Catalog, load_profile
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.contracts.jobs import Job
from core.contracts.progress import Progress
from core.held import HeldArea
from core.settings import CoreSettings
from core.storage import Store
from core.workflow import JobState, Outcome
from moderation.engine import Gate
from moderation.gates import Gates
from moderation.policy import load_policy
from tests.fakes import FakeClock, FakeQueue
from worker.engine.messages import DrawFinished, DrawProgress, DrawRequest, DrawResult, PictureDrawn
from worker.finishing import Finishing
from worker.tasks import Studio

PROFILE = load_profile("easel-small")
JOB_ID = JobId("job1")


def job_for(prompt: str = "a red apple", *, seed: int = 7, **spec) -> Job:
    """Describe a job that has just been submitted."""
    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    return Job(
        job_id=JOB_ID,
        state=JobState.NEW,
        actor=Actor(
            community_id=CommunityId("local"), member_id=MemberId("web:1"), display_name="Ada"
        ),
        address=ReplyAddress(platform=Platform.WEB, channel_id=ChannelId("general")),
        spec=GenerationSpec(prompt=prompt, **spec),
        seed=seed,
        model=PROFILE.name,
        queue=PROFILE.queue,
        policy_version="1.0.0",
        created_at=now,
        updated_at=now,
    )


def queue_up(store: Store, job: Job) -> None:
    """Record a job and clear it for drawing; what that sent is counted as sent."""
    with store.unit() as unit:
        unit.jobs.add(job)
        for outcome in (Outcome.RULES_PASS, Outcome.PROMPT_ALLOW):
            unit.jobs.advance(job.job_id, outcome, now=job.created_at)
        due = unit.outbox.due(now=job.created_at)
        unit.outbox.mark_sent([task.outbox_id for task in due], now=job.created_at)


class FakeEngine:
    """Draw grey squares at once; `before` is called first and may raise or meddle."""

    ready = None
    gpu_s = 0.125

    def __init__(self) -> None:
        self.requests: list[DrawRequest] = []
        self.cancelled: list[str] = []
        self.before = lambda: None

    def draw(self, request, on_progress) -> DrawResult:
        self.requests.append(request)
        self.before()
        pictures = []
        for index, order in enumerate(request.pictures):
            on_progress(
                DrawProgress(
                    request_id=request.request_id,
                    picture=index,
                    step=request.steps,
                    total_steps=request.steps,
                    preview_jpeg=b"jpeg",
                )
            )
            pictures.append(
                PictureDrawn(
                    request_id=request.request_id,
                    picture=index,
                    width=8,
                    height=8,
                    rgb=bytes([index]) * 8 * 8 * 3,
                    seed=order.seed,
                    duration_s=0.25,
                    gpu_s=self.gpu_s,
                )
            )
        facts = DrawFinished(
            request_id=request.request_id,
            model_sha256="ab" * 32,
            scheduler="DDIMScheduler",
            steps=request.steps,
            guidance_scale=request.guidance_scale or 0.0,
        )
        return DrawResult(tuple(pictures), facts)

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)


class FakeSignals:
    """Remember what was told."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.progress: list[Progress] = []
        self.cleared: list[JobId] = []

    def wake(self, topic: str) -> None:
        self.woken.append(topic)

    def publish_progress(self, progress: Progress) -> None:
        self.progress.append(progress)

    def clear_progress(self, job_id: JobId) -> None:
        self.cleared.append(job_id)


@dataclass
class Workplace:
    """A studio on a real store and real blobs, with everything that tests steer and look at."""

    store: Store
    blobs: Blobs
    stamper: object
    gate: Gate = field(default_factory=lambda: Gate(load_policy()))
    engine: FakeEngine = field(default_factory=FakeEngine)
    queue: FakeQueue = field(default_factory=FakeQueue)
    signals: FakeSignals = field(default_factory=FakeSignals)
    clock: FakeClock = field(default_factory=FakeClock)
    job_lease_s: float = 15.0
    is_reproducible: bool = False
    catalog: Catalog = field(default_factory=lambda: Catalog(profiles=(PROFILE,)))

    @property
    def held(self) -> HeldArea:
        return HeldArea(self.blobs, CoreSettings(_env_file=None))

    def studio(self) -> Studio:
        return Studio(
            CoreSettings(job_lease_s=self.job_lease_s),
            self.catalog,
            self.engine,
            Finishing(
                self.catalog,
                self.gate,
                self.stamper,
                self.blobs,
                self.held,
                self.clock,
                Gates(self.store, self.gate),
            ),
            self.store,
            self.queue,
            self.signals,
            "host:1",
            self.clock,
            is_reproducible=self.is_reproducible,
        )

    def generate(self, job_id: JobId = JOB_ID, keep_message=lambda: True) -> None:
        self.studio().generate(job_id, keep_message)

    def job(self) -> Job:
        with self.store.reading() as unit:
            return unit.jobs.get(JOB_ID)

    def pictures(self):
        with self.store.reading() as unit:
            return unit.pictures.of_job(JOB_ID)

    def verdicts(self):
        with self.store.reading() as unit:
            return unit.verdicts.of_job(JOB_ID)
