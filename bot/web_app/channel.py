"""Keep the channel's messages: who said what, what Easel answered, and who may see it.

A command is first written down for its author alone and becomes public, in its place, only with
a public answer: a refused prompt is never shown to anybody else. Each job has one message, which
is edited as the job goes on; where the news concern its author alone, the message and the prompt
leave the others' pages.
"""

import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Literal

from bot.replies import Action, Reply, ReplyKind, Visibility
from bot.web_app.live import Live
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.chat import ChatMessage
from core.contracts.ids import ChannelId, CommunityId, DraftId, JobId, MemberId, VerifyId, new_id
from core.contracts.jobs import Job
from core.errors import NotFound
from core.storage import Store, Unit
from core.workflow import JobState

EASEL = "Easel"
"""The name under which answers appear."""

CHANGES_MOST = 200
"""A page that missed more than this loads anew, with the latest 50 messages, and is quicker."""

_AT_WORK = frozenset({JobState.SCREENING, JobState.QUEUED, JobState.RUNNING})
"""States in which a job moves on by itself and a page shows where it stands."""

WAITING_LOOKED_AT = 200
"""Jobs among which waiting ones are looked for: twenty members with the most they may have."""


PLACES_S = 0.1
"""The least time between two answers that say where their job stands; pages hear it anyway."""


def topic_of(channel_id: ChannelId) -> str:
    """Name the topic that tells every web process that a channel changed."""
    return f"easel.chat.{channel_id}"


def said_key(said_id: str) -> str:
    """Name the message that holds what a member typed."""
    return f"said:{said_id}"


def reply_key(said_id: str) -> str:
    """Name the message that answers a command or a button and no job's progress."""
    return f"reply:{said_id}"


def job_key(job_id: JobId) -> str:
    """Name the one message of a job."""
    return f"job:{job_id}"


class Channel:
    """One channel of the local chat, over the shared record."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        community_id: CommunityId,
        channel_id: ChannelId,
    ) -> None:
        self.community_id = community_id
        self.channel_id = channel_id
        self._store = store
        self._clock = clock
        self._placed_at = -PLACES_S

    def address(self, said_id: str) -> ReplyAddress:
        """Say where answers go; the thread is the id of the command, so that a job finds it."""
        return ReplyAddress(platform=Platform.WEB, channel_id=self.channel_id, thread=said_id)

    def recent(self, viewer: Actor) -> tuple[int, list[ChatMessage]]:
        """Read what a page shows first, and the revision from which its stream goes on."""
        with self._store.reading() as unit:
            messages = unit.chat.recent(self.channel_id, viewer=viewer.member_id)
            return unit.chat.revision(self.channel_id), messages

    def changes_after(self, revision: int, viewer: Actor) -> tuple[int, list[ChatMessage]]:
        """Read the newest revision, and the first changes for a viewer since an older one."""
        with self._store.reading() as unit:
            newest = unit.chat.revision(self.channel_id)
            return newest, unit.chat.changes_after(
                self.channel_id, revision, viewer=viewer.member_id, limit=CHANGES_MOST
            )

    def gone_among(self, verify_ids: Iterable[VerifyId]) -> frozenset[VerifyId]:
        """Pick the pictures that were taken down: older messages may still show them."""
        with self._store.reading() as unit:
            return frozenset(each for each in verify_ids if _is_gone(unit, each))

    def visible(self, viewer: Actor, key: str) -> ChatMessage | None:
        """Find a message that stands in this channel and is for everybody or the viewer."""
        with self._store.reading() as unit:
            message = unit.chat.get(key)
        if message is None or message.is_deleted or message.channel_id != self.channel_id:
            return None
        return message if message.audience in {None, viewer.member_id} else None

    def waiting(self) -> tuple[int, list[Live]]:
        """Read the channel's newest revision and its jobs that are on their way."""
        with self._store.reading() as unit:
            jobs = unit.jobs.recent(
                self.community_id, channel_id=self.channel_id, limit=WAITING_LOOKED_AT
            )
            return unit.chat.revision(self.channel_id), _waiting(unit, jobs)

    def waiting_among(self, job_ids: Collection[JobId]) -> list[Live]:
        """Pick the jobs that are on their way.

        In a busy moment without their places, which take a fifth of an answer's time: pages are
        told by the hub's next look.
        """
        if not job_ids:
            return []
        now = time.monotonic()
        is_busy = now - self._placed_at < PLACES_S
        if not is_busy:
            self._placed_at = now
        with self._store.reading() as unit:
            return _waiting(unit, map(unit.jobs.get, job_ids), has_places=not is_busy)

    def say(self, actor: Actor, text: str) -> str:
        """Write down what a member typed, for the member alone; return its id."""
        said_id = new_id()
        with self._store.unit() as unit:
            unit.chat.put(
                key=said_key(said_id),
                community_id=self.community_id,
                channel_id=self.channel_id,
                audience=actor.member_id,
                author=actor.display_name,
                author_id=actor.member_id,
                kind="member",
                body=text,
                job_id=None,
                now=self._clock(),
            )
        return said_id

    def answer(self, actor: Actor, said_id: str, reply: Reply) -> list[ChatMessage]:
        """Show the answer to a command or button; return the messages that are its asker's news.

        The answer with which a command's own job begins is that job's message from the start. One
        about another job is a message by itself; while that job runs it is for the asker alone,
        since it tells of one moment and the job's own message goes on.
        """
        with self._store.unit() as unit:
            job = unit.jobs.get(reply.job_id) if reply.job_id else None
            if job is not None and job.address.thread == said_id:
                key = job_key(job.job_id)
                if unit.chat.get(key) is None:  # Delivery may have been quicker.
                    self._put_of_job(unit, job, reply)
            else:
                key = reply_key(said_id)
                if reply.kind is ReplyKind.PROGRESS:
                    reply = reply.model_copy(update={"visibility": Visibility.PRIVATE})
                is_private = reply.visibility is Visibility.PRIVATE
                if not is_private:
                    self._show_said(unit, said_id, None, reply.job_id)
                self._put(unit, key, actor if is_private or job is None else job.actor, reply)
            written = (unit.chat.get(said_key(said_id)), unit.chat.get(key))
            return [message for message in written if message is not None]

    def settle(
        self, actor: Actor, draft_id: DraftId, said_id: str, reply: Reply
    ) -> list[ChatMessage]:
        """Show what came of a question in its place; a failure stands beside it, to try again."""
        if reply.kind is ReplyKind.ERROR:
            return self.answer(actor, said_id, reply)
        with self._store.reading() as unit:
            asked_id = unit.drafts.get(draft_id).address.thread or said_id
        messages = self.answer(actor, asked_id, reply)
        if reply.job_id is None:
            return messages
        key = reply_key(asked_id)  # The request's own message takes the question's place.
        with self._store.unit() as unit:
            if unit.chat.get(key) is None:
                return messages
            unit.chat.delete(key, now=self._clock())
            question = unit.chat.get(key)
        return messages if question is None else [*messages, question]

    def post(self, job: Job, reply: Reply) -> None:
        """Bring a job's message up to date; doing it twice changes nothing."""
        if reply.kind is ReplyKind.PROGRESS and self._shows_progress(job.job_id):
            return  # Pages say by themselves where a waiting job stands.
        with self._store.unit() as unit:
            standing = unit.chat.get(job_key(job.job_id))
            offers = {button.action for button in reply.buttons}
            if Action.REWRITE in offers and standing is not None and standing.is_deleted:
                return  # Dismissed by its author; that there is a rewrite brings it not back.
            self._put_of_job(unit, job, reply, is_news=_is_news(standing, reply))

    def tell(self, member_id: MemberId, key: str, reply: Reply) -> None:
        """Write to one member what nobody asked for, once by its key; dismissed, it stays away."""
        with self._store.unit() as unit:
            if unit.chat.get(key) is not None:
                return
            unit.chat.put(
                key=key,
                community_id=self.community_id,
                channel_id=self.channel_id,
                audience=member_id,
                author=EASEL,
                author_id=member_id,
                kind="easel",
                body=reply.model_dump_json(exclude_defaults=True),
                job_id=None,
                now=self._clock(),
            )

    def edit(self, job_id: JobId, reply: Reply) -> list[ChatMessage]:
        """Bring a job's message up to date before delivery does, for the one who changed it."""
        with self._store.unit() as unit:
            standing = unit.chat.get(job_key(job_id))
            is_news = _is_news(standing, reply)
            self._put_of_job(unit, unit.jobs.get(job_id), reply, is_news=is_news)
            message = unit.chat.get(job_key(job_id))
            return [message] if message else []

    def dismiss(self, actor: Actor, key: str) -> list[ChatMessage]:
        """Forget a private answer, with the command that it answered; return what is left of them.

        Raises:
            NotFound: `message_not_found`, also when it is somebody else's.
        """
        with self._store.unit() as unit:
            message = unit.chat.get(key)
            if message is None or message.audience != actor.member_id:
                raise NotFound("message_not_found")
            said = unit.chat.get(said_key(_said_id_of(unit, message)))
            is_said_private = said is not None and said.audience == actor.member_id
            gone = [message, said] if said is not None and is_said_private else [message]
            for each in gone:
                unit.chat.delete(each.key, now=self._clock())
            tombstones = [unit.chat.get(each.key) for each in gone]
            return [each for each in tombstones if each is not None]

    def _shows_progress(self, job_id: JobId) -> bool:
        with self._store.reading() as unit:
            message = unit.chat.get(job_key(job_id))
        if message is None or message.is_deleted:
            return False
        return Reply.model_validate_json(message.body).kind is ReplyKind.PROGRESS

    def _put_of_job(self, unit: Unit, job: Job, reply: Reply, *, is_news: bool = False) -> None:
        is_private = reply.visibility is Visibility.PRIVATE
        audience = job.actor.member_id if is_private else None
        self._show_said(unit, job.address.thread, audience, job.job_id)
        # In the job's own channel, should the setting have been changed since.
        place = job.address.channel_id
        self._put(unit, job_key(job.job_id), job.actor, reply, place, is_news=is_news)

    def _put(
        self,
        unit: Unit,
        key: str,
        author: Actor,
        reply: Reply,
        channel_id: ChannelId | None = None,
        *,
        is_news: bool = False,
    ) -> None:
        is_private = reply.visibility is Visibility.PRIVATE
        audience = author.member_id if is_private else None
        body = reply.model_dump_json(exclude_defaults=True)
        standing = unit.chat.get(key)
        # An edit that changes nothing would still be read out to everybody again.
        if standing and not standing.is_deleted and _is_same(standing, audience, body):
            return
        unit.chat.put(
            key=key,
            community_id=self.community_id,
            channel_id=channel_id or self.channel_id,
            audience=audience,
            author=EASEL,
            author_id=author.member_id,
            kind="easel",
            body=body,
            job_id=reply.job_id,
            now=self._clock(),
            is_news=is_news,
        )

    def _show_said(
        self, unit: Unit, said_id: str | None, audience: MemberId | None, job_id: JobId | None
    ) -> None:
        """Let everybody see a typed command (audience None), or its author alone."""
        said = unit.chat.get(said_key(said_id)) if said_id else None
        if said is None or said.is_deleted or said.audience == audience:
            return
        kept = said.model_dump(include={"key", "community_id", "channel_id", "author", "author_id"})
        kind: Literal["member"] = "member"
        unit.chat.put(
            **kept, kind=kind, body=said.body, audience=audience, job_id=job_id, now=self._clock()
        )


def _waiting(unit: Unit, jobs: Iterable[Job], *, has_places: bool = True) -> list[Live]:
    at_work = [job for job in jobs if job.state in _AT_WORK]
    places = unit.jobs.places([job.job_id for job in at_work]) if has_places else {}
    return [Live(job, places.get(job.job_id)) for job in at_work]


def _is_gone(unit: Unit, verify_id: VerifyId) -> bool:
    try:
        return unit.pictures.is_deleted(verify_id)
    except NotFound:  # Its record went too, by the community's retention rules.
        return True


def _is_news(standing: ChatMessage | None, reply: Reply) -> bool:
    """Tell whether its author waits for this: what a person said to a request that was held.

    That may come days later, when the request itself has long left the page.
    """
    if standing is None or reply.visibility is not Visibility.PRIVATE:
        return False
    if standing.is_deleted:
        return True
    return Reply.model_validate_json(standing.body).kind is ReplyKind.HELD


def _is_same(message: ChatMessage, audience: MemberId | None, body: str) -> bool:
    return (message.audience, message.body) == (audience, body)


def _said_id_of(unit: Unit, message: ChatMessage) -> str:
    """Find the command that a private message answers."""
    if message.key.startswith("job:") and message.job_id is not None:
        return unit.jobs.get(message.job_id).address.thread or ""
    return message.key.removeprefix("reply:")
