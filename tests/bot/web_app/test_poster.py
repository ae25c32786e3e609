"""Delivery's news become messages: of each job one, whatever is told how often."""

import pytest

from bot.delivery import Poster
from bot.replies import Reply, ReplyKind, Visibility
from bot.web_app.channel import Channel, job_key
from bot.web_app.hub import Hub
from bot.web_app.poster import ChannelPoster
from core.contracts.actors import Actor
from core.contracts.jobs import Notice
from core.workflow import NoticeKind

ANNA = Actor(community_id="local", member_id="web:anna", display_name="Quiet Heron")
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def channel(services) -> Channel:
    return Channel(services.store, services.clock, "local", "general")


@pytest.fixture
def poster(channel, services) -> Poster:
    return ChannelPoster(channel, Hub(channel, services.events, has_previews=False))


async def test_what_is_told_twice_is_posted_once(services, channel, poster, stage):
    """After a crash between post and acknowledgement."""
    from bot.usecases import commands

    job_id = commands.run(services, ANNA, "/imagine an apple", channel.address("s1")).job_id
    job = stage.job(job_id)
    reply = Reply(kind=ReplyKind.RESULT, title="Drawn", job_id=job_id)
    notice = Notice(
        notice_id="n1",
        job_id=job_id,
        kind=NoticeKind.RESULT,
        address=job.address,
        created_at=job.created_at,
    )

    for _ in range(2):
        await poster.post(notice, job, reply)

    revision, messages = channel.recent(ANNA)
    assert [message.key for message in messages] == [job_key(job_id)]
    assert revision == 1


async def test_what_is_for_one_member_is_a_message_of_its_own(services, channel, poster, stage):
    """Told twice, posted once; put away, it stays away; the job's message is not touched."""
    from bot.usecases import commands

    job_id = commands.run(services, ANNA, "/imagine an apple", channel.address("s1")).job_id
    job = stage.job(job_id)
    ben = ANNA.model_copy(update={"member_id": "web:ben"})
    reply = Reply(
        kind=ReplyKind.CARD, visibility=Visibility.PRIVATE, title="Looked at", job_id=job_id
    )
    notice = Notice(
        notice_id="n7",
        job_id=job_id,
        member_id=ben.member_id,
        kind=NoticeKind.REPORT_KEPT,
        address=job.address,
        created_at=job.created_at,
    )

    for _ in range(2):
        await poster.post(notice, job, reply)

    assert [message.key for message in channel.recent(ben)[1]] == ["told:n7"]
    assert channel.recent(ANNA)[1] == []
    channel.dismiss(ben, "told:n7")
    await poster.post(notice, job, reply)
    assert channel.recent(ben)[1] == []
