"""Take one request down the whole road from a terminal, with a delivery of its own."""

import getpass
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Self

import anyio
from pydantic import ValidationError
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from bot import wording
from bot.bootstrap import Services
from bot.cli.terminal import Exit, Terminal
from bot.delivery import deliver_forever
from bot.replies import Reply, ReplyKind
from bot.usecases import cancel, imagine
from core.contracts.actors import Actor, Platform, ReplyAddress
from core.contracts.ids import ChannelId, CommunityId, JobId, MemberId, new_id
from core.contracts.jobs import Job, Notice
from core.contracts.progress import Progress
from core.errors import Unavailable, UserError
from core.events import PROGRESS_TOPIC
from core.settings import WebSettings
from core.workflow import JobState

_DRAWN = frozenset({JobState.PUBLISHED, JobState.DELIVERED})
_STOPPED_BY_POLICY = frozenset(
    {JobState.BLOCKED, JobState.PROMPT_REVIEW, JobState.OUTPUT_REVIEW, JobState.WITHHELD}
)


def terminal_actor() -> Actor:
    """Name the person at this terminal, as a member of the local community."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # A container may run a user id that has no name.
        name = "terminal"
    return Actor(
        community_id=CommunityId(WebSettings().community),
        member_id=MemberId(f"cli:{name}"),
        display_name=name[:80],
    )


class Drawing:
    """One request, from its text to its answer."""

    def __init__(
        self,
        services: Services,
        terminal: Terminal,
        timeout_s: float,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare one request.

        Args:
            services: The Easel that is asked.
            terminal: Who is told on the way.
            timeout_s: How long an answer is waited for.
            begin: Called once the request is accepted, before it is waited for.
        """
        self._services = services
        self._terminal = terminal
        self._begin = begin
        self._timeout_s = timeout_s
        self._actor = terminal_actor()
        self._job_id: JobId | None = None

    def draw(self, text: str) -> Reply:
        """Ask, wait, and return the answer; a request that nobody waits for is cancelled.

        Raises:
            UserError: the request was not one.
            Unavailable: `drawing_timed_out`.
        """
        address = ReplyAddress(platform=Platform.CLI, channel_id=ChannelId("terminal"))
        first = imagine.submit(self._services, self._actor, text, address)
        self._job_id = first.job_id
        if first.kind is not ReplyKind.PROGRESS or first.job_id is None:
            return first
        try:
            self._begin()
            answer = anyio.run(self._await_answer, first.job_id)
        except (KeyboardInterrupt, Unavailable):
            self._cancel(first.job_id)
            raise
        if answer is None:
            self._cancel(first.job_id)
            raise Unavailable("drawing_timed_out", value=self._timeout_s)
        return answer

    @property
    def exit_code(self) -> Exit:
        """Say what the job's state means to a shell."""
        if self._job_id is None:
            return Exit.REFUSED
        with self._services.store.reading() as unit:
            state = unit.jobs.get(self._job_id).state
        if state in _DRAWN:
            return Exit.OK
        return Exit.REFUSED if state in _STOPPED_BY_POLICY else Exit.FAILED

    def _cancel(self, job_id: JobId) -> None:
        """Call the request back; what would be told of it now has nobody to listen."""
        try:
            cancel.cancel(self._services, self._actor, job_id)
        except UserError:
            self._terminal.say("It was finished already.")
        with self._services.store.unit() as unit:
            unit.notices.drop(job_id, Platform.CLI, now=self._services.clock())

    async def _await_answer(self, job_id: JobId) -> Reply | None:
        with _StepBar(self._terminal) as bar:
            collector = _Collector(bar)
            deliver = partial(deliver_forever, job_id=job_id)
            owner = f"cli-{new_id()}"
            with anyio.move_on_after(self._timeout_s):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(deliver, self._services, Platform.CLI, collector, owner)
                    tasks.start_soon(_follow, self._services, job_id, bar)
                    await collector.answered.wait()
                    tasks.cancel_scope.cancel()
        return collector.answer


class _StepBar:
    """Show how far the drawing is, where somebody looks."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(), console=terminal.console, transient=True
        )
        self._task = self._bar.add_task("", total=None)
        self._is_drawing = False

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._bar.stop()

    def wait(self, reply: Reply) -> None:
        """Show that the job waits; a notice may come later than the first step."""
        if self._is_drawing:
            return
        self._bar.update(self._task, description=reply.lines[-1] if reply.lines else reply.title)

    def step(self, progress: Progress) -> None:
        """Show the step that the job has reached."""
        self._is_drawing = True
        done = progress.picture * progress.total_steps + progress.step
        self._bar.update(
            self._task,
            description=wording.progress_line(progress),
            completed=done,
            total=progress.total_steps * progress.picture_count or None,
        )
        self._terminal.emit(
            "progress", **progress.model_dump(mode="json", exclude={"preview_jpeg"})
        )


class _Collector:
    """Be the terminal's side of delivery: keep the first answer that is more than progress."""

    def __init__(self, bar: _StepBar) -> None:
        self.answer: Reply | None = None
        self.answered = anyio.Event()
        self._bar = bar

    async def post(self, notice: Notice, _job: Job, reply: Reply) -> None:
        """Show or keep what delivery has to tell."""
        if notice.member_id is not None:
            return  # Whoever waits at a terminal sees what comes of it.
        if reply.kind is ReplyKind.PROGRESS:
            self._bar.wait(reply)
        else:
            self.answer = reply
            self.answered.set()


async def _follow(services: Services, job_id: JobId, bar: _StepBar) -> None:
    async with aclosing(services.events.listen([PROGRESS_TOPIC])) as events:
        async for _topic, report in events:
            try:
                progress = Progress.model_validate_json(report)
            except ValidationError:  # Written by another version of Easel.
                continue
            if progress.job_id == job_id:
                bar.step(progress)
