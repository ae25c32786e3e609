"""Follow the channel for every open page of this process: what changed, and who draws how far.

One listener and one reader of the database serve all pages. What comes over Redis only makes it
quick; the database is looked at by itself too, so a lost wake-up costs seconds and no message.
"""

from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import replace

import anyio
import structlog
from anyio import to_thread
from pydantic import ValidationError

from bot.web_app.channel import Channel, topic_of
from bot.web_app.live import Live
from core.contracts.ids import JobId
from core.contracts.progress import Progress
from core.errors import Unavailable
from core.events import PROGRESS_TOPIC, Events
from core.workflow import JobState

log = structlog.get_logger()

POLL_S = 5.0
"""What a wake-up that Redis lost costs an open page at most."""

LOOK_S = 0.2
"""The shortest time between two looks at the database. The first change after a quiet moment is
looked at once; in a busy channel, what comes within this time is read together."""

TELL_S = 0.05
"""The shortest time between two words to the other web processes: a burst is told together. At 50
requests a second each word by itself was a thread woken and a round trip to Redis."""

FOREIGN_MOST = 1000
"""Jobs of other places whose progress is ignored without asking the database again."""


class Subscription:
    """What one open page has not been told yet."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._is_changed = True  # A new page first catches up.
        self._live: dict[JobId, Live] = {}
        self.is_closed = False

    def push(self, live: Mapping[JobId, Live], *, is_changed: bool) -> None:
        """Add news; a job's older, untold report is overtaken."""
        self._live.update(live)
        self._is_changed = self._is_changed or is_changed
        self._event.set()

    def close(self) -> None:
        """End the page's stream; its browser connects again by itself."""
        self.is_closed = True
        self._event.set()

    async def news(self) -> tuple[bool, list[Live]]:
        """Wait for news: whether messages changed, and the jobs that moved."""
        if not self._is_changed:
            await self._event.wait()
        self._event = anyio.Event()
        is_changed, live = self._is_changed, list(self._live.values())
        self._is_changed, self._live = False, {}
        return is_changed, live


class Hub:
    """Fan out one channel's changes and progress to this process's open pages."""

    def __init__(self, channel: Channel, events: Events, *, has_previews: bool) -> None:
        self.live: Mapping[JobId, Live] = {}
        self.is_closed = False
        self._channel = channel
        self._events = events
        self._has_previews = has_previews
        self._previews: dict[JobId, bytes] = {}
        self._pages: set[Subscription] = set()
        self._foreign: set[JobId] = set()
        self._unknown: set[JobId] = set()
        self._bell = anyio.Event()
        self._untold = anyio.Event()
        self._revision = -1

    async def run(self) -> None:
        """Follow the channel until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen)
            tasks.start_soon(self._tell_others)
            tasks.start_soon(self._follow)

    def ring(self) -> None:
        """Look at the database at once."""
        self._bell.set()

    def announce(self) -> None:
        """Tell this process's pages of a change at once, and soon every other web process."""
        self.ring()
        self._untold.set()

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Open a page's stream."""
        page = Subscription()
        page.push(self.live, is_changed=True)
        self._pages.add(page)
        self.ring()
        try:
            yield page
        finally:
            self._pages.discard(page)

    def close(self) -> None:
        """End every stream, so that the process can end."""
        self.is_closed = True
        for page in self._pages:
            page.close()

    def preview(self, job_id: JobId) -> bytes | None:
        """Find the newest preview of a running job, as a JPEG."""
        return self._previews.get(job_id)

    async def _tell_others(self) -> None:
        while True:
            await self._untold.wait()
            self._untold = anyio.Event()
            await to_thread.run_sync(self._events.wake, topic_of(self._channel.channel_id))
            await anyio.sleep(TELL_S)

    async def _listen(self) -> None:
        topics = [PROGRESS_TOPIC, topic_of(self._channel.channel_id)]
        async with aclosing(self._events.listen(topics)) as events:
            async for topic, payload in events:
                if topic == PROGRESS_TOPIC:
                    self._report(payload)
                else:
                    self.ring()

    def _report(self, payload: bytes) -> None:
        try:
            progress = Progress.model_validate_json(payload)
        except ValidationError:  # A worker of another version, during an upgrade.
            return
        job_id = progress.job_id
        if job_id not in self.live:
            if self._pages and job_id not in self._foreign:
                self._unknown.add(job_id)
                self.ring()
            return
        live = self._with_progress(self.live[job_id], progress)
        self.live = {**self.live, job_id: live}
        self._push({job_id: live}, is_changed=False)

    def _with_progress(self, live: Live, progress: Progress) -> Live:
        """Take in a report; the preview's bytes are kept once, beside it."""
        preview_no = live.preview_no
        if self._has_previews and progress.preview_jpeg:
            self._previews[progress.job_id] = progress.preview_jpeg
            preview_no += 1
        bare = progress.model_copy(update={"preview_jpeg": None})
        return replace(live, progress=bare, preview_no=preview_no)

    async def _follow(self) -> None:
        while True:
            if self._pages:
                try:
                    await self._look()
                except Unavailable as error:
                    log.warning("channel_unread", code=error.code)
                await anyio.sleep(LOOK_S)
            else:  # Nobody to tell; the next page starts with a look of its own.
                self.live, self._previews = {}, {}
            with anyio.move_on_after(POLL_S):
                await self._bell.wait()
            self._bell = anyio.Event()

    async def _look(self) -> None:
        revision, waiting = await to_thread.run_sync(self._read)
        before = self.live
        self.live = {live.job.job_id: self._going_on(live) for live in waiting}
        self._previews = {id_: jpeg for id_, jpeg in self._previews.items() if id_ in self.live}
        self._sort_out_unknown()
        moved = {id_: live for id_, live in self.live.items() if live != before.get(id_)}
        is_changed, self._revision = revision != self._revision, revision
        if moved or is_changed:
            self._push(moved, is_changed=is_changed)

    def _read(self) -> tuple[int, list[Live]]:
        """Read the channel's revision and its waiting jobs, with reports that came before us."""
        revision, waiting = self._channel.waiting()
        return revision, [self._with_latest(live) for live in waiting]

    def _with_latest(self, live: Live) -> Live:
        known = self.live.get(live.job.job_id)
        if live.job.state is not JobState.RUNNING or (known and known.progress):
            return live
        return replace(live, progress=self._events.latest_progress(live.job.job_id))

    def _going_on(self, read: Live) -> Live:
        """Join what the database says of a job with what was last reported of it."""
        known = self.live.get(read.job.job_id)
        if read.job.state is not JobState.RUNNING:
            return read  # Also after its worker was lost: the old report is no longer true.
        if known is not None and known.progress is not None:
            return replace(known, job=read.job, place=read.place)
        return read if read.progress is None else self._with_progress(read, read.progress)

    def _sort_out_unknown(self) -> None:
        if len(self._foreign) > FOREIGN_MOST:
            self._foreign.clear()
        self._foreign |= self._unknown - self.live.keys()
        self._unknown.clear()

    def _push(self, live: Mapping[JobId, Live], *, is_changed: bool) -> None:
        for page in self._pages:
            page.push(live, is_changed=is_changed)
