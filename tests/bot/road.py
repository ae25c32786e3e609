"""Walk a job down the road without workers: what screening and drawing would write."""

from bot.bootstrap import Services
from core.contracts.actors import Actor, Role
from core.contracts.ids import CommunityId, JobId, MemberId, new_verify_id
from core.contracts.jobs import Job, Picture
from core.contracts.reviews import Ruling
from core.workflow import Outcome
from moderation.review.acts import Said
from tests.registered import register


def advance(services: Services, job_id: JobId, *outcomes: Outcome) -> Job:
    for outcome in outcomes:
        with services.store.unit() as unit:
            job = unit.jobs.advance(job_id, outcome, now=services.clock())
    return job


def queue_up(services: Services, job_id: JobId) -> Job:
    return advance(services, job_id, Outcome.PROMPT_ALLOW)


def approve(services: Services, job_id: JobId) -> Job:
    """Hold a prompt that is being screened and let a moderator clear it."""
    return advance(services, job_id, Outcome.PROMPT_REVIEW, Outcome.APPROVED)


def publish(
    services: Services,
    job_id: JobId,
    pictures: int = 1,
    outcome: Outcome = Outcome.OUTPUT_ALLOW,
    size: int = 512,
    **recorded,
) -> Job:
    """Clear, draw and publish a job that is being screened, with real bytes in the blob store.

    What the registry is to say of the pictures goes into `recorded`.
    """
    advance(services, job_id, Outcome.PROMPT_ALLOW, Outcome.STARTED)
    with services.store.unit() as unit:
        job = unit.jobs.get(job_id)
        for index in range(pictures):
            picture = draw(services, job, index, size)
            services.blobs.put(picture.blob, b"pixels")
            unit.pictures.add(picture)
            register(unit, picture, **recorded)
        return unit.jobs.advance(job_id, outcome, now=services.clock())


def shows(job: Job, index: int) -> str:
    """Tell which permutation a picture shows."""
    prompts = [variant for variant in job.spec.variants for _ in range(job.spec.count)]
    return prompts[index % len(prompts)]


def draw(services: Services, job: Job, index: int, size: int = 512) -> Picture:
    verify_id = new_verify_id()
    return Picture(
        verify_id=verify_id,
        job_id=job.job_id,
        index=index,
        blob=f"published/{job.job_id}/{verify_id}.png",
        sha256=verify_id * 4,
        width=size,
        height=size,
        size_bytes=6,
        seed=job.seed + index,
        prompt=shows(job, index),
        alt_text="A red apple.",
        model=job.model,
        policy_version=job.policy_version,
        steps=20,
        guidance_scale=4.0,
        scheduler="DDIMScheduler",
        duration_s=0.5,
        created_at=services.clock(),
    )


def decided(
    services: Services, job_id: JobId, ruling: Ruling, reason_code: str, by: str = "Mod"
) -> Job:
    """Decide the live item of a held job, and let that take effect."""
    actor = Actor(
        community_id=CommunityId("local"),
        member_id=MemberId("web:mod"),
        display_name=by,
        role=Role.MODERATOR,
    )
    with services.store.reading() as unit:
        item = unit.reviews.live_of_job(job_id)
    services.desk.decide(actor, item.item_id, Said(ruling, reason_code))
    services.desk.apply_now(actor, item.item_id)
    return services.settling.settle(item.item_id).job
