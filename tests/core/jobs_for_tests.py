"""Make jobs as a submission makes them, in whatever state a test needs."""

from datetime import UTC, datetime

from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.contracts.jobs import Job
from core.workflow import JobState

START = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
QUEUE = "generate.easel-small"


def new_job(
    job_id: str,
    *,
    state: JobState = JobState.NEW,
    at: datetime = START,
    platform: Platform = Platform.WEB,
    attempts: int = 0,
) -> Job:
    return Job(
        job_id=JobId(job_id),
        state=state,
        actor=Actor(
            community_id=CommunityId("local"), member_id=MemberId("web:m"), display_name="Mia"
        ),
        address=ReplyAddress(platform=platform, channel_id=ChannelId("general")),
        spec=GenerationSpec(prompt="a red apple"),
        seed=7,
        model="easel-small",
        queue=QUEUE,
        policy_version="1.0.0",
        attempts=attempts,
        created_at=at,
        updated_at=at,
    )
