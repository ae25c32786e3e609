"""Play the processes behind the chat: screening and a worker that do as a test says."""

import hashlib
import io
from dataclasses import dataclass
from datetime import timedelta

from PIL import Image, ImageDraw

from bot.bootstrap import Services
from core.contracts.actors import Platform
from core.contracts.ids import JobId, new_verify_id
from core.contracts.jobs import Job, Picture
from core.contracts.progress import Phase, Progress
from core.errors import Unavailable
from core.events import wake_topic
from core.workflow import JobState, Outcome, TaskName
from tests.registered import register

WORKER = "stage:1"


class QueueAway:
    """A broker that takes nothing: the stage walks the jobs itself."""

    def send(self, task: TaskName, job_id: JobId, queue: str, *, priority: int = 3) -> None:
        raise Unavailable("broker_away")

    def close(self) -> None:
        """Nothing was opened."""


def painting(size: int = 512, noise: float = 0.0) -> Image.Image:
    """Paint a red apple on a blue ground, in some stage of its making."""
    image = Image.new("RGB", (size, size), "#5b8fd0")
    draw = ImageDraw.Draw(image)
    unit = size / 64
    for x in (24, 40):
        draw.ellipse([(x - 15) * unit, 18 * unit, (x + 15) * unit, 54 * unit], fill="#c9321f")
    draw.ellipse([18 * unit, 24 * unit, 28 * unit, 34 * unit], fill="#e2705d")
    draw.line([32 * unit, 24 * unit, 36 * unit, 10 * unit], fill="#4a3520", width=int(2 * unit))
    draw.ellipse([36 * unit, 9 * unit, 50 * unit, 17 * unit], fill="#4f8f3a")
    if not noise:
        return image
    grain = Image.effect_noise((64, 64), 120).resize((size, size)).convert("RGB")
    return Image.blend(image, grain, noise)


def encoded(image: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


@dataclass
class Stage:
    """Walks jobs of a store through their workflow, one call a step."""

    services: Services

    def newest(self) -> Job:
        with self.services.store.reading() as unit:
            return unit.jobs.recent("local", limit=1)[0]

    def job(self, job_id: JobId) -> Job:
        with self.services.store.reading() as unit:
            return unit.jobs.get(job_id)

    def step(self, job_id: JobId, outcome: Outcome, **facts) -> Job:
        with self.services.store.unit() as unit:
            job = unit.jobs.advance(job_id, outcome, now=self.services.clock(), **facts)
        self.services.events.wake(wake_topic(Platform.WEB))
        return job

    def begin(self, job_id: JobId) -> None:
        """Let the prompt pass and start drawing."""
        if self.job(job_id).state is JobState.SCREENING:
            self.step(job_id, Outcome.PROMPT_ALLOW)
        now = self.services.clock()
        with self.services.store.unit() as unit:
            unit.jobs.start(job_id, WORKER, now + timedelta(minutes=5), now=now)

    def report(
        self, job_id: JobId, step: int, total: int = 20, preview: bytes | None = None
    ) -> None:
        self.services.events.publish_progress(
            Progress(
                job_id=job_id,
                phase=Phase.DENOISING,
                step=step,
                total_steps=total,
                preview_jpeg=preview,
            )
        )

    def finish(self, job_id: JobId) -> list[Picture]:
        """Store and publish the pictures."""
        job = self.job(job_id)
        pictures = [self._picture(job, index) for index in range(job.spec.picture_count)]
        with self.services.store.unit() as unit:
            for picture in pictures:
                unit.pictures.add(picture)
                register(unit, picture)
        self.step(job_id, Outcome.OUTPUT_ALLOW, worker_id=WORKER)
        return pictures

    def draw(self, job_id: JobId) -> list[Picture]:
        self.begin(job_id)
        return self.finish(job_id)

    def _picture(self, job: Job, index: int) -> Picture:
        data = encoded(painting(), "PNG")
        verify_id = new_verify_id()
        blob = f"published/{job.job_id}/{verify_id}.png"
        self.services.blobs.put(blob, data)
        return Picture(
            verify_id=verify_id,
            job_id=job.job_id,
            index=index,
            blob=blob,
            sha256=hashlib.sha256(data).hexdigest(),
            width=512,
            height=512,
            size_bytes=len(data),
            seed=job.seed + index,
            prompt=job.spec.prompt,
            alt_text=f"AI-generated picture: {job.spec.prompt}",
            model=job.model,
            policy_version=job.policy_version,
            steps=20,
            guidance_scale=5.0,
            scheduler="DDIM",
            duration_s=0.5,
            created_at=self.services.clock(),
        )
