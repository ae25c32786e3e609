"""A take-down reaches all that came from a picture, and nothing leaves it half done unnoticed."""

from datetime import timedelta

import pytest

from core.blobs import Blobs
from core.errors import NotFound, Unavailable
from core.held import HeldArea
from core.settings import CoreSettings
from core.storage.pictures import Pictures
from core.takedown import GRACE, Takedowns, reach_of
from core.workflow import JobState
from tests.core.families import FamilyTree
from tests.fakes import FakeClock

BOB = "web:bob"
MOD = "web:mod"


class KilledError(BaseException):
    """The process ends here."""


@pytest.fixture
def blobs(tmp_path):
    return Blobs(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def tree(sqlite_store, blobs):
    return FamilyTree(sqlite_store, blobs)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def takedowns(sqlite_store, blobs, tmp_path, clock):
    settings = CoreSettings(_env_file=None, home=tmp_path, secret_key="for-tests")
    return Takedowns(sqlite_store, HeldArea(blobs, settings), clock)


@pytest.fixture
def begin(tree, clock):
    def begin(root, by=MOD, only_of=None):
        with tree.store.unit() as unit:
            reach = len(reach_of(unit, "local", root, only_of).jobs)
            return unit.takedowns.begin(
                "local", root, by=by, only_of=only_of, reach=reach, now=clock()
            ).takedown_id

    return begin


def stood(tree, *jobs):
    with tree.store.reading() as unit:
        return [unit.jobs.get(each).state for each in jobs]


def is_gone(tree, job):
    """Tell whether bytes, record and thumbnails are gone, and ids and hashes still there."""
    pictures = tree.pictures(job)
    with tree.store.reading() as unit:
        records = [unit.registry.get(each.verify_id) for each in pictures]
        assert all(each.fingerprints and each.sha256 for each in records)
        return all(
            not tree.blobs.exists(each.blob)
            and unit.pictures.is_deleted(each.verify_id)
            and unit.registry.thumbnail(each.verify_id) is None
            for each in pictures
        )


def is_whole(tree, job):
    """Tell whether nothing of a request is gone."""
    with tree.store.reading() as unit:
        return all(
            tree.blobs.exists(each.blob)
            and not unit.pictures.is_deleted(each.verify_id)
            and unit.registry.thumbnail(each.verify_id) == b"small"
            for each in tree.pictures(job)
        )


def audit(tree, job, kind):
    with tree.store.reading() as unit:
        return [row for row in unit.audit.of_job(job) if row.kind == kind]


def test_everything_that_came_from_it_goes_and_is_on_record(tree, takedowns, begin):
    """Whosever it is, with the root and how many there were; what took up words alone stays."""
    root = tree.request(pictures=2)
    tree.grid(root, "aa" * 8)
    varied = tree.from_picture(root, 1, member=BOB)
    enlarged = tree.from_picture(varied, action="upscale")
    rerolled = tree.request(of=root, action="reroll")

    carried = takedowns.carry_out(begin(root))

    assert all(is_gone(tree, each) for each in (root, varied, enlarged))
    assert stood(tree, root, varied, enlarged, rerolled) == [JobState.WITHHELD] * 3 + [
        JobState.DELIVERED
    ]
    assert is_whole(tree, rerolled)
    told = carried.takedown
    assert (told.jobs, told.pictures, told.ended_at is not None) == (3, 4, True)
    (begun,) = audit(tree, root, "takedown_begun")
    (ended,) = audit(tree, root, "takedown_ended")
    assert (begun.by, begun.facts["requests"], begun.facts["is_own"]) == (MOD, 2, False)
    assert (ended.by, ended.facts["requests"], ended.facts["pictures"]) == (MOD, 3, 4)
    (act,) = audit(tree, enlarged, "pictures_deleted")
    assert (act.by, act.facts["root"], act.facts["pictures"]) == (MOD, root, 1)
    with tree.store.reading() as unit:
        assert unit.registry.thumbnail("aa" * 8) is None


def test_a_members_own_reaches_theirs_alone(tree, takedowns, begin):
    """Also behind what somebody else made of it, which stays."""
    root = tree.request()
    bobs = tree.from_picture(root, member=BOB)
    own = tree.from_picture(bobs)
    with tree.store.reading() as unit:
        reach = reach_of(unit, "local", root, "web:ada")

    takedowns.carry_out(begin(root, by="web:ada", only_of="web:ada"))

    assert (reach.jobs, reach.others) == ((own,), 1)
    assert is_gone(tree, root)
    assert is_gone(tree, own)
    assert is_whole(tree, bobs)


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        (JobState.SCREENING, JobState.CANCELLED),
        (JobState.PROMPT_REVIEW, JobState.CANCELLED),
        (JobState.QUEUED, JobState.CANCELLED),
        (JobState.RUNNING, JobState.CANCELLED),
        (JobState.OUTPUT_REVIEW, JobState.WITHHELD),
        (JobState.BLOCKED, JobState.BLOCKED),
        (JobState.FAILED, JobState.FAILED),
    ],
)
def test_what_is_on_its_way_is_ended_too(tree, takedowns, begin, state, ended):
    """So that nothing new is shown of what is gone."""
    root = tree.request()
    child = tree.from_picture(root, state=state, pictures=int(state is JobState.OUTPUT_REVIEW))

    carried = takedowns.carry_out(begin(root))

    assert stood(tree, child) == [ended]
    assert is_gone(tree, child)
    assert carried.running == ([child] if state is JobState.RUNNING else [])
    assert carried.takedown.ended_at is not None


def test_what_a_legal_hold_names_is_shown_no_more_and_kept(tree, takedowns, begin, clock):
    root = tree.request()
    held = tree.from_picture(root)
    with tree.store.unit() as unit:
        unit.holds.add("local", job_id=held, reason="case 7", by="cli:op", now=clock())

    told = takedowns.carry_out(begin(root)).takedown

    assert is_gone(tree, root)
    assert is_whole(tree, held)
    assert stood(tree, held) == [JobState.WITHHELD]
    assert (told.jobs, told.pictures) == (2, 1)


@pytest.mark.parametrize("killed_after", range(1, 6))
def test_a_killed_process_leaves_what_the_next_one_goes_on_with(
    tree, takedowns, begin, clock, monkeypatch, killed_after
):
    """Wherever it is killed: among the bytes or between two transactions."""
    root = tree.request()
    made = [tree.from_picture(root) for _ in range(3)]
    takedown_id = begin(root)
    left = [killed_after]

    def may_be_killed(do):
        def done(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                raise KilledError
            return do(*args, **kwargs)

        return done

    monkeypatch.setattr(HeldArea, "destroy", may_be_killed(HeldArea.destroy))
    unit_of = type(tree.store).unit
    monkeypatch.setattr(type(tree.store), "unit", may_be_killed(unit_of))
    with pytest.raises(KilledError):
        takedowns.carry_out(takedown_id)
    monkeypatch.undo()
    assert takedowns.resume() == []  # Whoever began it may still be at it.

    clock.move(GRACE.total_seconds() + 1)
    (carried,) = takedowns.resume()

    assert all(is_gone(tree, each) for each in (root, *made))
    assert (carried.takedown.jobs, carried.takedown.pictures) == (4, 4)
    assert len(audit(tree, root, "takedown_ended")) == 1
    assert takedowns.resume() == []


def test_a_store_of_bytes_that_is_away_postpones_it(tree, takedowns, begin, clock, monkeypatch):
    """One that cannot go on does not hold up another."""
    root, other = tree.request(), tree.request()
    begin(root)
    second = begin(other)
    destroy = HeldArea.destroy

    def away(self, picture):
        if picture.job_id == root:
            raise Unavailable("blobs_away")
        destroy(self, picture)

    monkeypatch.setattr(HeldArea, "destroy", away)
    clock.move(GRACE.total_seconds() + 1)

    assert [each.takedown.takedown_id for each in takedowns.resume()] == [second]
    assert stood(tree, root) == [JobState.DELIVERED]
    monkeypatch.undo()
    assert len(takedowns.resume()) == 1
    assert is_gone(tree, root)


def test_what_is_asked_for_meanwhile_goes_too(tree, takedowns, begin, monkeypatch):
    """Somebody varies a picture of the family while it is being taken down."""
    root = tree.request()
    varied = tree.from_picture(root)
    late = []
    destroy = HeldArea.destroy

    def meanwhile(self, picture):
        if picture.job_id == varied and not late:
            late.append(tree.from_picture(varied, state=JobState.QUEUED, pictures=0))
        destroy(self, picture)

    monkeypatch.setattr(HeldArea, "destroy", meanwhile)

    takedowns.carry_out(begin(root))

    assert stood(tree, *late) == [JobState.CANCELLED]


def test_pictures_published_in_between_go_with_the_next_look(tree, takedowns, begin, monkeypatch):
    """The look saw a request without pictures; when it was locked, there was one."""
    root = tree.request()
    child = tree.from_picture(root)
    of_jobs, is_blind = Pictures.of_jobs, [True]

    def blind_once(self, job_ids):
        if is_blind[0] and child in job_ids:
            is_blind[0] = False
            return {}
        return of_jobs(self, job_ids)

    monkeypatch.setattr(Pictures, "of_jobs", blind_once)

    takedowns.carry_out(begin(root))

    assert is_blind == [False]
    assert is_gone(tree, child)


def test_one_that_is_through_does_nothing_more(tree, takedowns, begin, clock):
    root = tree.request()
    takedown_id = begin(root)
    takedowns.carry_out(takedown_id)
    clock.move(timedelta(days=1).total_seconds())

    assert takedowns.carry_out(takedown_id).platforms == set()
    assert takedowns.resume() == []
    with pytest.raises(NotFound):
        takedowns.carry_out("nothere")
