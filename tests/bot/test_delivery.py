"""Notices reach people once, in order, whatever dies in between."""

import asyncio
from contextlib import asynccontextmanager, contextmanager

import anyio
import pytest

from bot import delivery
from bot.delivery import LEASE_S, RETRY_MOST_S, deliver_forever, retry_delay_s
from bot.replies import ReplyKind, Visibility
from bot.usecases import actions, imagine
from core.contracts.actors import Platform
from core.errors import Unavailable
from core.workflow import JobState, NoticeKind, Outcome
from tests.bot.road import advance, approve, publish

SOON_S = 10.0


class FakePoster:
    """Remember what was posted; fail, hang or be killed on demand."""

    def __init__(self):
        self.posts = []
        self.asides = []
        self.faults = []
        self._posted = asyncio.Event()

    async def post(self, notice, job, reply):
        if notice.member_id is not None:
            self.asides.append((notice.kind, notice.member_id, reply))
            return
        self.posts.append((notice.kind, job.job_id, reply))
        self._posted.set()
        if self.faults:
            await self.faults.pop(0)()

    @property
    def kinds(self):
        return [kind for kind, _, _ in self.posts]

    async def have(self, count):
        """Wait until so much was posted."""
        with anyio.fail_after(SOON_S):
            while len(self.posts) < count:
                self._posted.clear()
                await self._posted.wait()


@asynccontextmanager
async def delivering(services, poster, owner="one", **options):
    async with anyio.create_task_group() as tasks:

        async def deliver():
            await deliver_forever(services, Platform.WEB, poster, owner, **options)

        tasks.start_soon(deliver)
        yield
        tasks.cancel_scope.cancel()


async def until(condition):
    """Wait for what shows only in the database."""
    with anyio.fail_after(SOON_S):
        while not condition():  # noqa: ASYNC110 - a database has no event to wait for.
            await anyio.sleep(0.01)


def pending(services):
    with services.store.reading() as unit:
        return unit.notices.pending(Platform.WEB)


def state_of(services, job_id):
    with services.store.reading() as unit:
        return unit.jobs.get(job_id).state


def has_come(services, job_id, clock, events):
    """Let a second pass, look again, and tell whether the job was delivered."""
    clock.move(1)
    events.wake("easel.wake.web")
    return state_of(services, job_id) is JobState.DELIVERED


@pytest.fixture
def poster():
    return FakePoster()


@pytest.fixture
def published(services, ada, address):
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    publish(services, job_id)
    return job_id


def test_a_result_is_posted_then_acknowledged_then_delivered(services, poster, published):
    """The whole of a notice's life."""

    async def scene():
        async with delivering(services, poster):
            await until(lambda: state_of(services, published) is JobState.DELIVERED)

    anyio.run(scene)

    kind, job_id, reply = poster.posts[-1]
    assert (kind, job_id, reply.kind) == (NoticeKind.RESULT, published, ReplyKind.RESULT)
    assert pending(services) == 0
    with services.store.reading() as unit:
        outcomes = [row.facts.get("outcome") for row in unit.audit.of_job(published)]
    assert outcomes.count("delivered") == 1


def test_progress_that_a_result_has_overtaken_is_not_posted(services, poster, published):
    """Two posts that say what is no longer so are saved."""

    async def scene():
        async with delivering(services, poster):
            await until(lambda: pending(services) == 0)

    anyio.run(scene)

    assert poster.kinds == [NoticeKind.RESULT]


def test_a_picture_taken_down_before_it_was_posted_is_never_posted(
    services, poster, ada, published
):
    """The result's notice is overtaken; only the taking down is told."""
    actions.delete(services, ada, published)

    async def scene():
        async with delivering(services, poster):
            await until(lambda: pending(services) == 0)

    anyio.run(scene)

    assert poster.kinds == [NoticeKind.TAKEN_DOWN]
    assert state_of(services, published) is JobState.WITHHELD


def test_a_result_without_a_row_is_not_posted_and_holds_up_nobody(
    services, poster, bob, address, published
):
    """No row, no post; once there is one, it is told like any other."""
    with services.store.unit() as unit:
        (picture,) = unit.pictures.of_job(published)
        row = unit.registry.get(picture.verify_id)
        unit.registry._session.delete(unit.registry._row(picture.verify_id))

    async def without():
        async with delivering(services, poster):
            other = imagine.submit(services, bob, "a cat", address).job_id
            publish(services, other)
            services.courier.nudge(Platform.WEB)
            await until(lambda: state_of(services, other) is JobState.DELIVERED)

    anyio.run(without)

    assert published not in {job_id for _, job_id, _ in poster.posts}
    assert state_of(services, published) is JobState.PUBLISHED

    with services.store.unit() as unit:
        unit.registry.add(row)
    services.clock.move(LEASE_S + RETRY_MOST_S)

    async def with_row():
        async with delivering(services, poster):
            await until(lambda: state_of(services, published) is JobState.DELIVERED)

    anyio.run(with_row)

    assert published in {job_id for _, job_id, _ in poster.posts}


def test_a_wake_up_delivers_long_before_the_next_look(
    services, events, poster, ada, address, monkeypatch
):
    """With a look only every hour, nothing but the wake-up can be what works."""
    monkeypatch.setattr(delivery, "POLL_S", 3600.0)

    async def scene():
        async with delivering(services, poster):
            await until(lambda: events._ears)
            job_id = imagine.submit(services, ada, "a red apple", address).job_id
            approve(services, job_id)
            events.wake("easel.wake.web")
            await poster.have(1)

    anyio.run(scene)

    assert poster.kinds == [NoticeKind.QUEUED]


def test_what_concerns_one_member_is_told_to_them_once(
    services, poster, published, ada, bob, moderator
):
    """Author and reporters, each apart from the job's own news."""
    with services.store.unit() as unit:
        job = unit.jobs.get(published)
        for kind, member in (
            (NoticeKind.PICTURES_APPROVED, ada),
            (NoticeKind.REPORT_KEPT, bob),
            (NoticeKind.REPORT_KEPT, moderator),
        ):
            unit.notices.add(
                kind, published, job.address, now=services.clock(), member_id=member.member_id
            )

    async def scene():
        async with delivering(services, poster):
            await until(lambda: pending(services) == 0)

    anyio.run(scene)

    assert poster.kinds == [NoticeKind.RESULT]
    assert [(kind, member) for kind, member, _ in poster.asides] == [
        (NoticeKind.PICTURES_APPROVED, ada.member_id),
        (NoticeKind.REPORT_KEPT, bob.member_id),
        (NoticeKind.REPORT_KEPT, moderator.member_id),
    ]
    assert {reply.visibility for _, _, reply in poster.asides} == {Visibility.PRIVATE}


def test_without_wake_ups_looking_by_itself_is_enough(
    services, events, poster, ada, address, monkeypatch
):
    """Redis may be away for long."""
    monkeypatch.setattr(delivery, "POLL_S", 0.01)
    monkeypatch.setattr(events, "wake", lambda _topic: None)

    async def scene():
        async with delivering(services, poster):
            approve(services, imagine.submit(services, ada, "a red apple", address).job_id)
            await poster.have(1)

    anyio.run(scene)


def test_killed_between_post_and_acknowledgement_the_next_process_posts_again(
    services, clock, published
):
    """With the same job, so that an idempotent poster edits what is there."""

    class PowerCut(BaseException):
        """What no handler catches."""

    class DyingPoster(FakePoster):
        async def post(self, notice, job, reply):
            await super().post(notice, job, reply)
            services.store.unit = self.unplugged

        def unplugged(self):
            raise PowerCut

    first, second = DyingPoster(), FakePoster()
    plugged = services.store.unit

    async def scene(poster, owner):
        async with delivering(services, poster, owner):
            await until(lambda: state_of(services, published) is JobState.DELIVERED)

    with pytest.raises(BaseExceptionGroup):
        anyio.run(scene, first, "one")
    services.store.unit = plugged
    assert state_of(services, published) is JobState.PUBLISHED
    clock.move(delivery.LEASE_S + 1)
    anyio.run(scene, second, "two")

    assert first.kinds == second.kinds == [NoticeKind.RESULT]
    assert first.posts[0][1:] == second.posts[0][1:]


def test_ended_in_order_while_posting_it_is_posted_by_the_next_without_a_lease_to_wait_for(
    services, clock, poster, published
):
    """A restart costs the first back-off, not the whole lease."""
    hanging = FakePoster()
    hanging.faults = [anyio.sleep_forever]

    async def first():
        async with delivering(services, hanging, "one"):
            await hanging.have(1)

    async def second():
        async with delivering(services, poster, "two"):
            await until(lambda: state_of(services, published) is JobState.DELIVERED)

    anyio.run(first)
    clock.move(retry_delay_s(1))
    anyio.run(second)

    assert retry_delay_s(1) < delivery.LEASE_S
    assert poster.kinds == [NoticeKind.RESULT]


def test_a_failing_post_is_tried_again_and_others_do_not_wait(
    services, events, clock, poster, ada, bob, address, published
):
    """A notice that can not be posted rests; its neighbours go on; it is never given up."""

    async def refuse():
        raise RuntimeError("the platform says no")

    poster.faults = [refuse, refuse]

    async def scene():
        async with delivering(services, poster):
            await poster.have(1)
            other = imagine.submit(services, bob, "a cat", address).job_id
            approve(services, other)
            services.courier.nudge(Platform.WEB)
            await until(lambda: other in {job_id for _, job_id, _ in poster.posts})
            await until(lambda: has_come(services, published, clock, events))

    anyio.run(scene)

    results = [job_id for kind, job_id, _ in poster.posts if kind is NoticeKind.RESULT]
    assert results.count(published) >= 2
    assert pending(services) <= 1


def test_a_hanging_post_is_cut_off_and_tried_again(
    services, events, clock, poster, published, monkeypatch
):
    """Nobody else may begin while it hangs, so it may not hang as long as the lease."""
    monkeypatch.setattr(delivery, "POST_TIMEOUT_S", 0.05)
    poster.faults = [anyio.sleep_forever]

    async def scene():
        async with delivering(services, poster):
            await until(lambda: has_come(services, published, clock, events))

    anyio.run(scene)

    assert poster.kinds == [NoticeKind.RESULT] * 2
    assert delivery.POST_TIMEOUT_S < delivery.LEASE_S


def test_a_jobs_notices_keep_their_order_while_posts_overlap(services, poster, ada, address):
    """Many jobs at once: each is queued before it is cancelled."""
    jobs = []

    async def scene():
        async with delivering(services, poster):
            for number in range(12):
                actor = ada.model_copy(update={"member_id": f"web:{number}"})
                jobs.append(imagine.submit(services, actor, "a cat", address).job_id)
                approve(services, jobs[-1])
            services.courier.nudge(Platform.WEB)
            await poster.have(12)
            for job_id in jobs:
                advance(services, job_id, Outcome.CANCELLED)
            services.courier.nudge(Platform.WEB)
            await poster.have(24)

    anyio.run(scene)

    for job_id in jobs:
        kinds = [kind for kind, of, _ in poster.posts if of == job_id]
        assert kinds == [NoticeKind.QUEUED, NoticeKind.CANCELLED]


def test_a_database_that_is_away_is_waited_for(services, poster, published, monkeypatch):
    """The loop outlives it."""
    monkeypatch.setattr(delivery, "POLL_S", 0.01)
    present = services.store.unit
    looks = []

    def away():
        looks.append(1)
        if len(looks) > 3:
            services.store.unit = present
        raise Unavailable("database_away")

    services.store.unit = away

    async def scene():
        async with delivering(services, poster):
            await until(lambda: state_of(services, published) is JobState.DELIVERED)

    anyio.run(scene)

    assert len(looks) == 4
    assert poster.kinds == [NoticeKind.RESULT]


def test_a_caller_that_waits_for_one_job_leaves_the_others_alone(
    services, poster, bob, address, published
):
    """A terminal delivers its own request only."""
    other = imagine.submit(services, bob, "a cat", address).job_id
    approve(services, other)

    async def scene():
        async with delivering(services, poster, job_id=published):
            await until(lambda: state_of(services, published) is JobState.DELIVERED)

    anyio.run(scene)

    assert other not in {job_id for _, job_id, _ in poster.posts}
    assert pending(services) == 3, "held, queued, and that a moderator approved it"


def test_a_moderators_no_is_told(services, poster, ada, address):
    """A notice that follows a review, long after the request."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    advance(services, job_id, Outcome.PROMPT_REVIEW, Outcome.REJECTED)

    async def scene():
        async with delivering(services, poster):
            await until(lambda: pending(services) == 0)

    anyio.run(scene)

    assert poster.kinds == [NoticeKind.REFUSED]


@pytest.mark.parametrize(
    ("attempts", "delay_s"), [(0, 0.5), (1, 0.5), (2, 1.0), (4, 4.0), (8, 60.0), (10_000, 60.0)]
)
def test_a_notice_rests_longer_after_each_failure_up_to_a_minute(attempts, delay_s):
    """Also one that fails for weeks."""
    assert retry_delay_s(attempts) == delay_s


def test_a_notice_that_can_not_be_worded_rests_and_its_neighbours_are_told(
    services, poster, bob, address, published, monkeypatch
):
    """A poison record holds up itself alone."""
    other = approve(services, imagine.submit(services, bob, "a cat", address).job_id).job_id
    tell = delivery.tell

    def stumble(services, standing, kind):
        if standing.job.job_id == published:
            raise RuntimeError("no words")
        return tell(services, standing, kind)

    monkeypatch.setattr(delivery, "tell", stumble)

    async def scene():
        async with delivering(services, poster):
            await poster.have(1)

    anyio.run(scene)

    assert [job_id for _, job_id, _ in poster.posts] == [other]
    assert state_of(services, published) is JobState.PUBLISHED


def test_a_database_that_goes_away_between_claim_and_wording_costs_one_rest(
    services, clock, events, poster, published, monkeypatch
):
    """The claim is handed back, not lost to its lease."""
    present = services.store.reading

    @contextmanager
    def away():
        monkeypatch.setattr(services.store, "reading", present)
        raise Unavailable("database_away")
        yield

    monkeypatch.setattr(services.store, "reading", away)

    async def scene():
        async with delivering(services, poster):
            await until(lambda: services.store.reading == present)
            await until(lambda: has_come(services, published, clock, events))

    anyio.run(scene)

    assert poster.kinds == [NoticeKind.RESULT]
