"""What a member keeps, on the shipped model: in force, remembered after a full restart, redrawn.

The whole road with its real processes: typed lines and pressed buttons, answers as the chat has them.
"""

import time

import pytest

from bot.bootstrap import build_services
from bot.embedded.stack import Stack, settings_from
from bot.replies import Action, Reply, ReplyKind
from bot.usecases import actions, commands
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId, MemberId
from core.settings import WebSettings
from core.workflow import JobState
from tests.e2e.labels import assert_files_labelled, assert_visibly_labelled

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

DEADLINE_S = 180.0
ENV = {"EASEL_WEB_PORT": "0", "EASEL_OUTBOX_SWEEP_S": "0.5"}
ENDED = {JobState.DELIVERED, JobState.FAILED, JobState.WITHHELD, JobState.BLOCKED}
EXACT = {**ENV, "EASEL_WORKER_REPRODUCIBLE": "true"}
"""Pictures of one request share steps or not, as it comes: only so do they come out the same."""


MEMBER = Actor(
    community_id=CommunityId(WebSettings().community),
    member_id=MemberId("web:keeper"),
    display_name="Keeper",
)
OTHER = MEMBER.model_copy(update={"member_id": MemberId("web:other"), "display_name": "Other"})
ADDRESS = ReplyAddress(platform=Platform.WEB, channel_id=ChannelId(WebSettings().channel))
ELSEWHERE = ADDRESS.model_copy(update={"channel_id": ChannelId("another-channel")})


def delivered(services, job_id):
    """Wait until a job has its pictures posted; give its record and its pictures."""
    ends = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends:
        with services.store.reading() as unit:
            job = unit.jobs.get(job_id)
            if job.state in ENDED:
                assert (job.state, job.failure) == (JobState.DELIVERED, None)
                pictures = unit.pictures.of_job(job_id)
                break
        time.sleep(0.05)
    else:
        pytest.fail(f"{job_id} was not drawn within {DEADLINE_S:.0f} s")
    assert_files_labelled(services, job_id)
    assert_visibly_labelled(message_of(services, job_id))
    return job, pictures


def message_of(services, job_id) -> Reply:
    with services.store.reading() as unit:
        said = unit.chat.recent(ADDRESS.channel_id, viewer=MEMBER.member_id, limit=100)
    (message,) = [each for each in said if each.job_id == job_id and each.kind == "easel"]
    return Reply.model_validate_json(message.body)


def test_what_a_member_keeps_outlives_a_full_restart(tmp_path):
    """Settings and a style make a request; later its buttons, its history and its pixels are there."""
    with (
        Stack(EXACT, tmp_path).start() as stack,
        build_services(settings_from(stack.env)) as services,
    ):

        def say(line, actor=MEMBER):
            return commands.run(services, actor, line, ADDRESS)

        say("/style save shore on the beach")
        say("/style use shore")
        say("/settings count 2")
        say("/settings quality draft")
        asked = say("/imagine a red apple --seed 7")
        first, pictures = delivered(services, asked.job_id)
        actions.press(services, MEMBER, Action.FAVOURITE, first.job_id, ADDRESS, picture=1)
        say("/style delete shore")
        say("/settings reset")

    assert (first.spec.prompt, first.spec.count) == ("a red apple on the beach", 2)
    assert [each.seed for each in pictures] == [7, 8]

    with (
        Stack(EXACT, tmp_path).start() as stack,
        build_services(settings_from(stack.env)) as services,
    ):
        shown = commands.run(services, OTHER, f"/show {pictures[1].verify_id}", ELSEWHERE)
        assert shown == message_of(services, first.job_id)
        marked = commands.run(services, MEMBER, "/favourites", ADDRESS)
        assert [each.verify_id for each in marked.pictures] == [pictures[1].verify_id]
        listed = commands.run(services, MEMBER, "/history", ADDRESS)
        assert [field.name for field in listed.fields] == [first.job_id]
        assert commands.run(services, OTHER, "/history", ADDRESS).fields == ()

        details = actions.press(services, OTHER, Action.DETAILS, first.job_id, ADDRESS)
        (button,) = details.buttons
        reply = actions.press(services, OTHER, button.action, first.job_id, ADDRESS)
        assert reply.kind is ReplyKind.PROGRESS
        _, again = delivered(services, reply.job_id)

        lines = message_of(services, reply.job_id).lines
    assert [each.difference.is_identical for each in again] == [True, True]
    assert sum("identical" in line and "0 of 786,432" in line for line in lines) == 2
