"""Post what delivery has to tell as messages of the chat, one a job, edited in place."""

from anyio import to_thread

from bot.replies import Reply
from bot.web_app.channel import Channel
from bot.web_app.hub import Hub
from core.contracts.jobs import Job, Notice
from core.contracts.sanctions import SanctionNotice


class ChannelPoster:
    """Be the web app's side of `bot.delivery`."""

    def __init__(self, channel: Channel, hub: Hub) -> None:
        self._channel = channel
        self._hub = hub

    async def post(self, notice: Notice, job: Job, reply: Reply) -> None:
        """Bring the job's message up to date, or tell one member, and tell every open page."""
        if notice.member_id is None:
            await to_thread.run_sync(self._channel.post, job, reply)
        else:
            key = f"told:{notice.notice_id}"
            await to_thread.run_sync(self._channel.tell, notice.member_id, key, reply)
        self._hub.announce()


class ChannelTeller:
    """Be the web app's side of `bot.member_delivery`."""

    def __init__(self, channel: Channel, hub: Hub) -> None:
        self._channel = channel
        self._hub = hub

    async def tell(self, notice: SanctionNotice, reply: Reply) -> None:
        """Post a message for the member alone; doing it twice changes nothing."""
        await to_thread.run_sync(self._channel.tell, notice.member_id, notice.key, reply)
        self._hub.announce()
