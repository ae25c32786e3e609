"""Hold the notices of both databases to: told once, in a job's order, by whoever holds the claim."""

from core.contracts.actors import Platform
from core.workflow import JobState, NoticeKind
from tests.core.storage.samples import OWNER, a_job, an_address, at

WEB = Platform.WEB


def with_notices(store, *kinds, seconds=0, address=None):
    """Add a job with these notices and give its id."""
    job = a_job(JobState.QUEUED)
    with store.unit() as unit:
        unit.jobs.add(job)
        for kind in kinds:
            unit.notices.add(kind, job.job_id, address or an_address(), now=at(seconds))
    return job.job_id


def claim(store, owner=OWNER, *, seconds=0, lease_s=10, platform=WEB, **asked):
    """Claim in a unit of its own, as a delivery loop does."""
    with store.unit() as unit:
        return unit.notices.claim(platform, owner, now=at(seconds), lease_s=lease_s, **asked)


def acked(store, notice, owner=OWNER, *, seconds=0):
    """Acknowledge in a unit of its own."""
    with store.unit() as unit:
        return unit.notices.ack(notice.notice_id, owner, now=at(seconds))


def test_a_claimed_notice_carries_what_its_teller_needs(store):
    """Job, kind, address with its token, and how often it was tried."""
    job_id = with_notices(store, NoticeKind.RESULT, seconds=1)

    [notice] = claim(store, seconds=2)

    assert (notice.job_id, notice.kind, notice.attempts) == (job_id, NoticeKind.RESULT, 1)
    assert (notice.address, notice.created_at) == (an_address(), at(1))


def test_nobody_else_gets_a_claimed_notice_until_its_lease_is_over(store):
    """A teller that died gives way to the next; its own acknowledgement is void then."""
    with_notices(store, NoticeKind.RESULT)
    [notice] = claim(store, lease_s=10)
    assert claim(store, "delivery-2", seconds=9.9) == []

    [again] = claim(store, "delivery-2", seconds=10)

    assert (again.notice_id, again.attempts) == (notice.notice_id, 2)
    assert not acked(store, notice, OWNER, seconds=11)
    assert acked(store, notice, "delivery-2", seconds=12)
    assert not acked(store, notice, "delivery-2", seconds=13)
    assert claim(store, "delivery-3", seconds=99) == []


def test_a_jobs_later_notice_waits_for_its_earlier_one(store):
    """Also while the earlier one is being told, and on any platform."""
    elsewhere = with_notices(store, NoticeKind.HELD, address=an_address(Platform.SLACK))
    with store.unit() as unit:
        unit.notices.add(NoticeKind.RESULT, elsewhere, an_address(), now=at(0))
    job_id = with_notices(store, NoticeKind.HELD, NoticeKind.QUEUED, NoticeKind.RESULT)

    kinds = []
    while found := claim(store):
        [notice] = found
        assert notice.job_id == job_id
        assert claim(store) == []
        assert acked(store, notice)
        kinds.append(notice.kind)

    assert kinds == [NoticeKind.HELD, NoticeKind.QUEUED, NoticeKind.RESULT]
    [first] = claim(store, platform=Platform.SLACK)
    acked(store, first)
    assert [notice.job_id for notice in claim(store)] == [elsewhere]


def test_claims_take_the_oldest_of_the_platform_or_of_one_job(store):
    """No more than asked, none of another platform, none before its time."""
    first, second, third = (with_notices(store, NoticeKind.RESULT) for _ in range(3))
    with_notices(store, NoticeKind.RESULT, address=an_address(Platform.DISCORD))
    with_notices(store, NoticeKind.RESULT, seconds=60)

    assert [notice.job_id for notice in claim(store, limit=1)] == [first]
    assert [notice.job_id for notice in claim(store, job_id=third)] == [third]
    assert [notice.job_id for notice in claim(store)] == [second]
    assert claim(store) == []


def test_a_released_notice_waits_until_its_retry(store):
    """Only its claimer can release it."""
    with_notices(store, NoticeKind.RESULT)
    [notice] = claim(store, lease_s=100)
    with store.unit() as unit:
        unit.notices.release(notice.notice_id, "delivery-2", retry_at=at(1))
    assert claim(store, "delivery-2", seconds=2) == []

    with store.unit() as unit:
        unit.notices.release(notice.notice_id, OWNER, retry_at=at(5))

    assert claim(store, "delivery-2", seconds=4) == []
    assert not acked(store, notice)
    assert [again.attempts for again in claim(store, "delivery-2", seconds=5)] == [2]


def test_pending_counts_what_is_not_acknowledged(store):
    """Claimed or not, per platform."""
    with_notices(store, NoticeKind.HELD, NoticeKind.RESULT)
    [notice] = claim(store)
    with store.unit() as unit:
        assert unit.notices.pending(WEB) == 2
        unit.notices.ack(notice.notice_id, OWNER, now=at(1))

        assert unit.notices.pending(WEB) == 1
        assert unit.notices.pending(Platform.DISCORD) == 0


def test_what_nobody_is_left_to_hear_is_dropped(store):
    """Claimed or not, of that job alone; whoever held a claim on it has lost it."""
    job_id = with_notices(store, NoticeKind.QUEUED, NoticeKind.CANCELLED)
    other = with_notices(store, NoticeKind.RESULT)
    [held] = claim(store, job_id=job_id)

    with store.unit() as unit:
        assert unit.notices.drop(job_id, Platform.CLI, now=at(1)) == 0
        assert unit.notices.drop(job_id, WEB, now=at(1)) == 2
        assert unit.notices.drop(job_id, WEB, now=at(1)) == 0

    assert not acked(store, held, seconds=2)
    assert [notice.job_id for notice in claim(store, seconds=99)] == [other]


def test_a_notice_for_one_member_waits_for_none_of_the_jobs_own(store):
    """Nor the other way round; each member's own come in their order."""
    job_id = with_notices(store, NoticeKind.QUEUED)
    with store.unit() as unit:
        for member in ("web:ada", "web:ben"):
            unit.notices.add(
                NoticeKind.REPORT_KEPT, job_id, an_address(), now=at(0), member_id=member
            )
        unit.notices.add(NoticeKind.APPROVED, job_id, an_address(), now=at(0), member_id="web:ada")
        unit.notices.add(NoticeKind.RESULT, job_id, an_address(), now=at(0))

    first = claim(store)
    for notice in first:
        acked(store, notice)
    second = claim(store)

    assert [(notice.kind, notice.member_id) for notice in first] == [
        (NoticeKind.QUEUED, None),
        (NoticeKind.REPORT_KEPT, "web:ada"),
        (NoticeKind.REPORT_KEPT, "web:ben"),
    ]
    assert [(notice.kind, notice.member_id) for notice in second] == [
        (NoticeKind.APPROVED, "web:ada"),
        (NoticeKind.RESULT, None),
    ]
