"""Send the demo's request through the whole road, as a member of the local chat would."""

import time
from pathlib import Path

from bot.bootstrap import Services
from bot.cli.terminal import Terminal
from bot.replies import Reply, ReplyKind
from bot.standing import Standing, read_standing, tell
from bot.usecases import commands
from bot.web_app.channel import Channel
from core.contracts.actors import Actor
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId
from core.errors import Unavailable
from core.settings import CoreSettings, WebSettings
from core.workflow import FINAL, JobState

REQUEST = "/imagine a red apple and a rocket on a blue background"
"""Words that the shipped model knows."""

TIMEOUT_S = 300.0
"""The shipped model takes a second; a large one on a slow machine takes minutes."""

_LOOK_S = 0.1
_SETTLED = FINAL | {JobState.PROMPT_REVIEW, JobState.OUTPUT_REVIEW}
"""States that do not pass by themselves."""


def draw_first_picture(services: Services, web: WebSettings, terminal: Terminal) -> Reply:
    """Ask in the chat, as everybody will see, and wait until the answer is posted there.

    Raises:
        Unavailable: `drawing_timed_out`.
    """
    community_id, channel_id = CommunityId(web.community), ChannelId(web.channel)
    channel = Channel(services.store, services.clock, community_id, channel_id)
    actor = Actor(
        community_id=community_id, member_id=MemberId("web:demo"), display_name="Easel's demo"
    )
    terminal.say(f"Asking for: {REQUEST}")
    said_id = channel.say(actor, REQUEST)
    first = commands.run(services, actor, REQUEST, channel.address(said_id))
    channel.answer(actor, said_id, first)
    if first.kind is not ReplyKind.PROGRESS or first.job_id is None:
        return first
    standing = _await_settled(services, first.job_id)
    return tell(services, standing, standing.kind)


def _await_settled(services: Services, job_id: JobId) -> Standing:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        with services.store.reading() as unit:
            standing = read_standing(unit, unit.jobs.get(job_id))
        if standing.job.state in _SETTLED:
            return standing
        if time.monotonic() > deadline:
            raise Unavailable("drawing_timed_out", value=TIMEOUT_S)
        time.sleep(_LOOK_S)


def show_first_picture(reply: Reply, settings: CoreSettings, terminal: Terminal) -> None:
    """Say where each picture is and what its label says; without one, say why."""
    if not reply.pictures:
        terminal.card(reply)
    for picture in reply.pictures:
        path = _place_of(settings.resolved_blob_url, picture.blob)
        terminal.say(f"  Picture    {path}", "bold")
        terminal.say(f"  Label      {picture.label}")
        facts = picture.model_dump(mode="json", exclude={"blob", "file_name"})
        terminal.emit("picture", path=path, job_id=reply.job_id, **facts)
    for line in reply.lines:
        terminal.say(f"  {line}", "dim")


def _place_of(blob_url: str, key: str) -> str:
    return f"{blob_url}/{key}" if "://" in blob_url else str(Path(blob_url) / key)
