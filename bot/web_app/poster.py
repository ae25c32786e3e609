"""Post what delivery has to tell as messages of the chat, one a job, edited in place."""

from anyio import to_thread

from bot.replies import Reply
from bot.web_app.channel import Channel
from bot.web_app.hub import Hub
from core.contracts.jobs import Job, Notice


class ChannelPoster:
    """Be the web app's side of `bot.delivery`."""

    def __init__(self, channel: Channel, hub: Hub) -> None:
        self._channel = channel
        self._hub = hub

    async def post(self, notice: Notice, job: Job, reply: Reply) -> None:  # noqa: ARG002 - `Poster`'s; a job's one message needs no more.
        """Bring the job's message up to date and tell every open page."""
        await to_thread.run_sync(self._channel.post, job, reply)
        self._hub.announce()
