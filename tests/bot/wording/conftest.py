"""Give wording its facts, all of them fixed, and a way to read a reply as a person does."""

from datetime import UTC, datetime

import pytest

from core.catalog import Concept, Vocabulary, load_profile
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId, VerifyId
from core.contracts.jobs import Job, Picture
from core.workflow import JobState
from tests.registered import record_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def told():
    """Write a whole reply as text, so that a snapshot shows what a person reads."""

    def tell(reply):
        quote = reply.quote and f"> {reply.quote.before}[{reply.quote.marked}]{reply.quote.after}"
        return "\n".join(
            part
            for part in (
                f"({reply.kind}, {reply.visibility}) {reply.title}",
                quote,
                *reply.lines,
                *(f"{field.name}: {field.value}" for field in reply.fields),
                *(f"<{button.label}>" for button in reply.buttons),
            )
            if part
        )

    return tell


THINGS = [
    "apple",
    "banana",
    "lemon",
    "pineapple",
    "grapes",
    "cherries",
    "carrot",
    "mushroom",
    "hamburger",
    "pizza",
    "croissant",
    "donut",
    "dog",
    "cat",
    "rabbit",
    "fox",
    "panda",
    "tiger",
    "lion",
    "frog",
    "penguin",
    "owl",
    "unicorn",
    "elephant",
    "turtle",
    "whale",
    "fish",
    "octopus",
    "rose",
    "tree",
    "cactus",
    "sun",
    "moon",
    "star",
    "cloud",
    "snowman",
    "house",
    "castle",
    "car",
    "bus",
    "train",
    "rocket",
    "balloon",
    "robot",
]


@pytest.fixture
def profile():
    """The shipped small model's, with a vocabulary that no training changes."""
    concepts = tuple(
        Concept(name=name, aliases=("kitten",) if name == "cat" else ()) for name in THINGS
    )
    shipped = load_profile("easel-small")
    return shipped.model_copy(update={"vocabulary": Vocabulary(concepts=concepts)})


@pytest.fixture
def make_job():
    def make(spec, **changes):
        facts = {
            "job_id": JobId("3k7fq2m9x0ab"),
            "state": JobState.DELIVERED,
            "actor": Actor(
                community_id=CommunityId("local"),
                member_id=MemberId("web:ada"),
                display_name="Ada",
            ),
            "address": ReplyAddress(platform=Platform.WEB, channel_id=ChannelId("general")),
            "spec": spec,
            "seed": 7,
            "model": "easel-small",
            "queue": "generate.easel-small",
            "policy_version": "1.0.0+aaaaaaaa",
            "created_at": NOON,
            "updated_at": NOON,
        }
        return Job(**{**facts, **changes})

    return make


@pytest.fixture
def make_pictures():
    def make(job, prompts=None):
        return [
            Picture(
                verify_id=VerifyId(f"{index:016x}"),
                job_id=job.job_id,
                index=index,
                blob=f"published/{job.job_id}/{index:016x}.png",
                sha256="ab" * 32,
                width=512,
                height=512,
                size_bytes=1000,
                seed=job.seed + index,
                prompt=prompt,
                alt_text=f"AI-generated picture: {prompt}",
                model=job.model,
                model_sha256="cd" * 32,
                policy_version=job.policy_version,
                steps=20,
                guidance_scale=4.0,
                scheduler="DDIMScheduler",
                duration_s=0.52,
                created_at=NOON,
            )
            for index, prompt in enumerate(prompts or job.spec.variants)
        ]

    return make


@pytest.fixture
def make_record():
    """What the registry remembers of a picture, by its id as wording is handed it."""

    def make(picture, **changes):
        return {picture.verify_id: record_of(picture, **changes)}

    return make
