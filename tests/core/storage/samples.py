"""Make the records that the storage tests write: valid, small, and different where asked."""

from datetime import UTC, datetime, timedelta

from core.contracts.actors import Actor, Platform, ReplyAddress, Role
from core.contracts.generation import GenerationSpec
from core.contracts.ids import (
    ChannelId,
    CommunityId,
    JobId,
    MemberId,
    VerdictId,
    new_id,
    new_verify_id,
)
from core.contracts.jobs import Job, Picture
from core.contracts.registry import Fingerprints, MarkFacts, MarkState, ProvenanceRecord
from core.contracts.reviews import ReviewId, ReviewItem, ReviewKind
from core.contracts.verdicts import Check, CheckState, Decision, Finding, Span, Stage, Verdict
from core.workflow import JobState

START = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
"""When the tests' clock starts; with microseconds, which both databases keep."""

OWNER = "delivery-1"
WORKER = "worker-1"


def at(seconds: float) -> datetime:
    """Tell the time that many seconds after the start."""
    return START + timedelta(seconds=seconds)


def an_address(platform: Platform = Platform.WEB, channel_id: str = "general") -> ReplyAddress:
    return ReplyAddress(
        platform=platform, channel_id=ChannelId(channel_id), thread="t-1", token="secret"
    )


def a_job(
    state: JobState = JobState.NEW,
    *,
    member: str = "web:ada",
    community: str = "local",
    address: ReplyAddress | None = None,
    created_at: datetime = START,
    **fields,
) -> Job:
    defaults = {
        "job_id": JobId(new_id()),
        "state": state,
        "actor": Actor(
            community_id=CommunityId(community),
            member_id=MemberId(member),
            display_name="Ada",
            role=Role.MODERATOR,
        ),
        "address": address or an_address(),
        "spec": GenerationSpec(prompt="a {red,blue} apple::2 on grass", negative=("rain",), seed=7),
        "seed": 2**32 - 1,
        "model": "easel-small",
        "queue": "generate.easel-small",
        "policy_version": "1.0.0+0a1b2c3d",
        "created_at": created_at,
        "updated_at": created_at,
    }
    return Job(**{**defaults, **fields})


def a_verdict(job_id: JobId | None, **fields) -> Verdict:
    finding = Finding(
        category="gore_graphic",
        source="rule:gore-1",
        decision=Decision.REVIEW,
        score=0.25,
        span=Span(start=2, end=5, text="red"),
    )
    defaults = {
        "verdict_id": VerdictId(new_id()),
        "job_id": job_id,
        "community_id": CommunityId("local"),
        "stage": Stage.RULES,
        "decision": Decision.REVIEW,
        "category": "gore_graphic",
        "findings": (finding,),
        "checks": (Check(name="classifier", state=CheckState.MISSING, duration_ms=0.5),),
        "policy_name": "default",
        "policy_version": "1.0.0+0a1b2c3d",
        "input_sha256": "ab" * 32,
        "duration_ms": 1.25,
        "decided_at": START,
        "note": "classifier_missing_rules_only",
    }
    return Verdict(**{**defaults, **fields})


def a_picture(job_id: JobId, index: int = 0, **fields) -> Picture:
    defaults = {
        "verify_id": new_verify_id(),
        "job_id": job_id,
        "index": index,
        "blob": f"published/{job_id}/{index}.png",
        "sha256": "cd" * 32,
        "width": 512,
        "height": 512,
        "size_bytes": 123_456,
        "seed": 2**32 - 1,
        "prompt": "a red apple",
        "alt_text": "A red apple, drawn by a computer.",
        "model": "easel-small",
        "policy_version": "1.0.0+0a1b2c3d",
        "steps": 20,
        "guidance_scale": 4.5,
        "scheduler": "DDIMScheduler",
        "duration_s": 0.75,
        "created_at": START,
    }
    return Picture(**{**defaults, **fields})


def a_record(verify_id: str = "00112233445566aa", **fields) -> ProvenanceRecord:
    defaults = {
        "verify_id": verify_id,
        "sha256": "ab" * 32,
        "media_type": "image/png",
        "width": 512,
        "height": 512,
        "size_bytes": 1000,
        "model": "easel-small",
        "policy_name": "default",
        "policy_version": "2026.11.21",
        "mark": MarkFacts(
            state=MarkState.MARKED,
            backend="easel.ss64",
            mark_id=verify_id,
            key_version=1,
            strength_db=45.0,
        ),
        "fingerprints": Fingerprints(pdq="0f" * 32, pdq_quality=100, phash="3c" * 32),
        "created_at": at(0),
    }
    return ProvenanceRecord(**(defaults | fields))


def a_review(job: Job, opened_s: float = 0, **fields) -> ReviewItem:
    defaults = {
        "item_id": ReviewId(new_id()),
        "community_id": job.actor.community_id,
        "channel_id": job.address.channel_id,
        "job_id": job.job_id,
        "member_id": job.actor.member_id,
        "author": job.actor.display_name,
        "kind": ReviewKind.HELD_PROMPT,
        "category": "gore_graphic",
        "severity": "high",
        "text": job.spec.prompt,
        "prompt_key": "ab" * 32,
        "policy_version": job.policy_version,
        "opened_at": at(opened_s),
        "due_at": at(opened_s + 3600),
        "lapses_at": at(opened_s + 48 * 3600),
    }
    return ReviewItem(**{**defaults, **fields})
