"""Open pages hear of changes and progress, quickly with Redis and surely without it."""

import anyio
import anyio.from_thread
import pytest

from bot.usecases import commands
from bot.web_app import hub as hub_module
from bot.web_app.channel import Channel
from bot.web_app.hub import Hub, Subscription
from core.contracts.actors import Actor
from core.contracts.progress import Phase, Progress
from core.events import PROGRESS_TOPIC
from core.workflow import Outcome
from tests.bot.web_app.stage import encoded, painting

ANNA = Actor(community_id="local", member_id="web:anna", display_name="Quiet Heron")
BEN = Actor(community_id="local", member_id="web:ben", display_name="Bold Finch")
DEADLINE_S = 20.0
JPEG = encoded(painting(64), "JPEG")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def channel(services) -> Channel:
    return Channel(services.store, services.clock, "local", "general")


@pytest.fixture
def hub(services, channel) -> Hub:
    return Hub(channel, services.events, has_previews=True)


@pytest.fixture
def ask(services, channel):
    def ask(text="/imagine a red apple"):
        said_id = channel.say(ANNA, text)
        reply = commands.run(services, ANNA, text, channel.address(said_id))
        channel.answer(ANNA, said_id, reply)
        return reply.job_id

    return ask


class Page:
    """An open page that remembers what it was told."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self.live = {}

    async def until(self, is_seen):
        with anyio.fail_after(DEADLINE_S):
            while not is_seen(self):
                self.is_changed, moved = await self._subscription.news()
                self.live |= {live.job.job_id: live for live in moved}
        return self.live


@pytest.fixture
async def page(hub, anyio_backend):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hub.run)
        with hub.subscribe() as subscription:
            page = Page(subscription)
            await page.until(lambda page: hasattr(page, "is_changed"))
            yield page
        tasks.cancel_scope.cancel()


pytestmark = pytest.mark.anyio


async def test_a_change_reaches_an_open_page(hub, page, channel):
    """As soon as it is announced."""
    page.is_changed = False
    channel.say(ANNA, "/help")

    hub.announce()

    await page.until(lambda page: page.is_changed)


async def test_a_burst_of_changes_is_told_to_other_processes_together(
    hub, page, services, monkeypatch
):
    """One word for what came at once; what comes after it has a word of its own."""
    told, is_told = [], anyio.Event()

    def note(topic):
        told.append(topic)
        anyio.from_thread.run_sync(is_told.set)

    monkeypatch.setattr(services.events, "wake", note)
    for _ in range(20):
        hub.announce()
    with anyio.fail_after(DEADLINE_S):
        await is_told.wait()
    assert told == ["easel.chat.general"]

    is_told = anyio.Event()
    hub.announce()
    hub.announce()

    with anyio.fail_after(DEADLINE_S):
        await is_told.wait()
    assert told == ["easel.chat.general"] * 2


async def test_a_change_that_redis_lost_reaches_an_open_page(
    hub, page, channel, services, monkeypatch
):
    """Seconds later: the database is looked at by itself."""
    services.events.is_away = True
    page.is_changed = False

    channel.say(ANNA, "/help")
    hub.ring()  # The poll's own ring, without its wait.

    await page.until(lambda page: page.is_changed)


async def test_an_unreadable_database_does_not_end_the_following(hub, page, channel, monkeypatch):
    """It is read again when it is back."""
    from core.errors import Unavailable

    read = channel.waiting
    failures = iter([Unavailable("database_away")])

    def unsteady():
        for failure in failures:
            raise failure
        return read()

    monkeypatch.setattr(channel, "waiting", unsteady)
    monkeypatch.setattr(hub_module, "POLL_S", 0.01)
    hub.ring()
    channel.say(ANNA, "/help")
    page.is_changed = False

    await page.until(lambda page: page.is_changed)


async def test_a_waiting_job_is_told_with_its_place(hub, page, ask):
    """And with the new one, once those before it are done."""
    first, second = await anyio.to_thread.run_sync(lambda: (ask(), ask()))
    hub.ring()

    live = await page.until(lambda page: second in page.live)
    assert live[second].line == "Place 2 of 2 in the queue"
    assert live[first].line == "Next in the queue"


async def test_places_move_up_when_a_job_is_done(hub, page, ask, stage):
    """Nobody has to ask again."""
    first, second = await anyio.to_thread.run_sync(lambda: (ask(), ask()))
    hub.ring()
    await page.until(lambda page: second in page.live)

    await anyio.to_thread.run_sync(stage.draw, first)
    hub.ring()

    await page.until(lambda page: page.live[second].line == "Next in the queue")


async def test_steps_and_previews_are_told_as_they_come(hub, page, ask, stage):
    """Each preview gets an address of its own, for its requester alone."""
    job_id = await anyio.to_thread.run_sync(ask)
    await anyio.to_thread.run_sync(stage.begin, job_id)
    hub.ring()
    await page.until(lambda page: job_id in page.live)

    stage.report(job_id, 5, preview=JPEG)
    live = (await page.until(lambda page: page.live[job_id].done == 5))[job_id]

    assert (live.line, live.total) == ("Step 5 of 20", 20)
    assert live.preview_url(ANNA) == f"/jobs/{job_id}/preview/1"
    assert live.preview_url(BEN) is None
    assert hub.preview(job_id) == JPEG


async def test_a_report_without_a_preview_keeps_the_last_one(hub, page, ask, stage):
    """Not every step has one."""
    job_id = await anyio.to_thread.run_sync(ask)
    await anyio.to_thread.run_sync(stage.begin, job_id)
    hub.ring()
    await page.until(lambda page: job_id in page.live)

    stage.report(job_id, 5, preview=JPEG)
    stage.report(job_id, 6)
    live = (await page.until(lambda page: page.live[job_id].done == 6))[job_id]

    assert live.preview_no == 1


async def test_no_preview_is_kept_where_the_policy_wants_none(services, channel, ask, stage):
    """Not even in memory."""
    job_id = await anyio.to_thread.run_sync(ask)
    await anyio.to_thread.run_sync(stage.begin, job_id)
    hub = Hub(channel, services.events, has_previews=False)
    stage.report(job_id, 5, preview=JPEG)

    await hub._look()

    assert hub.live[job_id].done == 5
    assert hub.preview(job_id) is None
    assert hub.live[job_id].preview_url(ANNA) is None


async def test_a_page_opened_late_knows_the_step(hub, ask, stage):
    """The last report is kept for processes that start in the middle of a job."""
    job_id = await anyio.to_thread.run_sync(ask)
    await anyio.to_thread.run_sync(stage.begin, job_id)
    stage.report(job_id, 7, preview=JPEG)

    await hub._look()

    assert hub.live[job_id].done == 7
    assert hub.preview(job_id) == JPEG


async def test_a_lost_worker_s_report_is_forgotten(hub, ask, stage):
    """The job waits again, and its page says so."""
    job_id = await anyio.to_thread.run_sync(ask)
    await anyio.to_thread.run_sync(stage.begin, job_id)
    stage.report(job_id, 7)
    await hub._look()

    await anyio.to_thread.run_sync(stage.step, job_id, Outcome.WORKER_LOST)
    await hub._look()

    assert hub.live[job_id].line == "Next in the queue"
    assert hub.live[job_id].total == 0


async def test_previews_end_with_their_job(hub, ask, stage):
    """What was not checked is not kept."""
    job_id = await anyio.to_thread.run_sync(ask)
    await anyio.to_thread.run_sync(stage.begin, job_id)
    stage.report(job_id, 7, preview=JPEG)
    await hub._look()

    await anyio.to_thread.run_sync(stage.finish, job_id)
    await hub._look()

    assert hub.preview(job_id) is None
    assert job_id not in hub.live


async def test_jobs_of_other_places_are_told_to_nobody(hub, page, channel, monkeypatch):
    """And looked up once, not at every step."""
    looks = []
    read = channel.waiting
    monkeypatch.setattr(channel, "waiting", lambda: looks.append(1) or read())
    report = Progress(job_id="elsewhere", phase=Phase.DENOISING, step=1, total_steps=9)

    hub._report(report.model_dump_json().encode())
    await hub._look()
    before = len(looks)
    hub._bell = anyio.Event()
    hub._report(report.model_dump_json().encode())

    assert not hub._bell.is_set()
    assert len(looks) == before
    assert "elsewhere" not in page.live


async def test_foreign_jobs_are_not_remembered_for_ever(hub, monkeypatch):
    """A busy installation draws for other places all day."""
    monkeypatch.setattr(hub_module, "FOREIGN_MOST", 2)

    for number in range(9):
        report = Progress(job_id=f"elsewhere{number}", phase=Phase.DENOISING)
        hub._report(report.model_dump_json().encode())
        await hub._look()

    assert len(hub._foreign) <= 3


async def test_a_report_of_another_version_is_passed_over(hub, page, services, ask, stage):
    """The next one is heard."""
    job_id = await anyio.to_thread.run_sync(ask)
    await anyio.to_thread.run_sync(stage.begin, job_id)
    hub.ring()
    await page.until(lambda page: job_id in page.live)

    services.events._publish(PROGRESS_TOPIC, b'{"hologram": true}')
    stage.report(job_id, 3)

    await page.until(lambda page: page.live[job_id].done == 3)


async def test_progress_counts_over_all_pictures(hub, ask, stage):
    """One bar for the whole request."""
    job_id = await anyio.to_thread.run_sync(ask, "/imagine a red apple --n 4")
    await anyio.to_thread.run_sync(stage.begin, job_id)
    report = Progress(
        job_id=job_id, phase=Phase.DENOISING, step=5, total_steps=20, picture=2, picture_count=4
    )
    stage.services.events.publish_progress(report)

    await hub._look()

    assert (hub.live[job_id].done, hub.live[job_id].total) == (45, 80)


async def test_closing_ends_every_stream(hub, page):
    """So that the process can end."""
    hub.close()

    await page._subscription.news()

    assert page._subscription.is_closed
