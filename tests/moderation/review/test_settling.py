"""A decision takes effect once: its job goes on, its bytes move or go, everybody hears of it."""

import hashlib
import io
from datetime import timedelta

import pytest
from PIL import Image

from core.contracts.reviews import ReviewKind, ReviewState, Ruling
from core.errors import AppError, NotFound, Unavailable
from core.held import HeldArea
from core.settings import CoreSettings
from core.takedown import Takedowns
from core.workflow import JobState, NoticeKind, Outcome, TaskName
from moderation.review.desk import Said
from moderation.review.settling import Effect, Settling, effect_of
from tests.core.families import FamilyTree
from tests.core.storage.samples import START, a_picture, a_review
from tests.moderation.review.conftest import MOD, person
from tests.registered import register

YES, NO = Said(Ruling.APPROVE, "fine"), Said(Ruling.REJECT, "breaks_policy")
BYTES = b"\x89PNG and what follows"


@pytest.fixture
def area(blobs, tmp_path):
    return HeldArea(blobs, CoreSettings(_env_file=None, home=tmp_path, secret_key="for-tests"))


@pytest.fixture
def settling(store, area, gates, clock):
    return Settling(store, area, gates, clock)


@pytest.fixture
def decided(held, desk, clock):
    """Keep an item that was decided a minute ago."""

    def decide(said, job_state=JobState.PROMPT_REVIEW, **fields):
        item = held(job_state, **fields)
        item = desk.decide(MOD, item.item_id, said)
        clock.move(60)
        return item

    return decide


def draw(store, area, item, *, is_held=True, data=BYTES):
    """Keep the pictures of an item's job, and their bytes."""
    picture = a_picture(item.job_id, sha256=hashlib.sha256(data).hexdigest())
    if is_held:
        picture = picture.model_copy(update={"blob": area.put(picture.verify_id, data)})
    else:
        area._blobs.put(picture.blob, data)
    with store.unit() as unit:
        unit.pictures.add(picture)
        register(unit, picture)
    return picture


def stood(store, item):
    """Read an item and its job."""
    with store.reading() as unit:
        return unit.reviews.get(item.item_id), unit.jobs.get(item.job_id)


def notices(store, item):
    with store.unit() as unit:
        job = unit.jobs.get(item.job_id)
        found = []
        while taken := unit.notices.claim(
            job.address.platform, "test", now=START, lease_s=1, job_id=item.job_id
        ):
            found += [(each.kind, each.member_id) for each in taken]
            for each in taken:
                unit.notices.ack(each.notice_id, "test", now=START)
        return sorted(found, key=str)


def lying(tmp_path):
    root = tmp_path / "blobs"
    return sorted(each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file())


@pytest.fixture(autouse=True)
def _on_time(clock):
    """Notices are claimed at START: what is written later would not be due."""
    clock.move(-3600)


def test_nothing_happens_before_the_time_to_undo_is_over(settling, held, desk, store, clock):
    item = desk.decide(MOD, held().item_id, YES)
    clock.move(59)

    early = settling.settle_due()
    clock.move(1)
    [done] = settling.settle_due()

    assert early == []
    assert (done.item.item_id, done.effect) == (item.item_id, Effect.DRAW)


def test_an_approved_prompt_is_drawn(settling, decided, store):
    """The job goes on with a task and its notices; a second look finds nothing to do."""
    item = decided(YES)

    first, second = settling.settle_due(), settling.settle_due()

    found, job = stood(store, item)
    assert (len(first), second) == (1, [])
    assert (found.state, found.closed_at) == (ReviewState.SETTLED, START.replace(hour=11, minute=1))
    assert job.state is JobState.QUEUED
    with store.reading() as unit:
        assert [task.task for task in unit.outbox.due(now=START)] == [TaskName.GENERATE]
        rows = unit.audit.of_job(item.job_id)
        assert [(row.kind, row.by) for row in rows][-1] == ("review_settled", "web:mod")
        assert rows[-1].facts == {"item": item.item_id, "ruling": "approve", "effect": "draw"}
    assert (NoticeKind.QUEUED, None) in notices(store, item)


def test_a_rejected_prompt_is_refused_and_counts(settling, decided, store):
    """Its author gets the notice, and the strikes of the category that the policy names."""
    item = decided(NO, category="hate_extremism")

    [done] = settling.settle_due()

    found, job = stood(store, item)
    assert (done.effect, found.state, job.state) == (
        Effect.REFUSE,
        ReviewState.SETTLED,
        JobState.BLOCKED,
    )
    assert notices(store, item) == [(NoticeKind.REFUSED, None)]
    with store.reading() as unit:
        given = unit.sanctions.of_member("local", "web:ada")
    assert given
    assert given[0].job_id == item.job_id


def test_an_approved_picture_is_published_as_it_was_signed(
    settling, decided, held, desk, store, area, clock, tmp_path
):
    """The very bytes, at the place of posted ones; no ciphertext is left."""
    item = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    picture = draw(store, area, item)
    desk.decide(MOD, item.item_id, YES)
    clock.move(60)

    [done] = settling.settle_due()

    found, job = stood(store, item)
    assert (done.effect, found.state, job.state) == (
        Effect.PUBLISH,
        ReviewState.SETTLED,
        JobState.PUBLISHED,
    )
    with store.reading() as unit:
        blob = unit.pictures.get(picture.verify_id).blob
    assert lying(tmp_path) == [blob] == [f"published/{item.job_id}/{picture.verify_id}.png"]
    assert (tmp_path / "blobs" / blob).read_bytes() == BYTES
    assert (NoticeKind.RESULT, None) in notices(store, item)


@pytest.mark.parametrize(
    ("said", "is_kept"), [pytest.param(YES, True, id="yes"), pytest.param(NO, False, id="no")]
)
def test_a_held_picture_has_a_thumbnail_only_once_it_is_published(
    settling, held, desk, store, area, clock, said, is_kept
):
    """Not in the database either can be looked at what nobody decided about yet."""
    out = io.BytesIO()
    Image.new("RGB", (640, 400), "teal").save(out, "PNG")
    item = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    picture = draw(store, area, item, data=out.getvalue())
    desk.decide(MOD, item.item_id, said)
    clock.move(60)

    settling.settle_due()

    with store.reading() as unit:
        thumbnail = unit.registry.thumbnail(picture.verify_id)
    assert (thumbnail is not None) is is_kept
    if thumbnail is not None:
        with Image.open(io.BytesIO(thumbnail)) as small:
            assert (small.format, small.size) == ("WEBP", (320, 200))


def test_a_rejected_picture_is_destroyed(settling, held, desk, store, area, clock, tmp_path):
    """Every byte of it; the record says that it was there."""
    item = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    picture = draw(store, area, item)
    desk.decide(MOD, item.item_id, NO)
    clock.move(60)

    settling.settle_due()

    found, job = stood(store, item)
    assert (found.state, job.state) == (ReviewState.SETTLED, JobState.WITHHELD)
    assert lying(tmp_path) == []
    with store.reading() as unit:
        assert unit.pictures.is_deleted(picture.verify_id)
    assert notices(store, item) == [(NoticeKind.WITHHELD, None)]


def test_a_rejected_picture_stays_encrypted_while_a_legal_hold_names_it(
    settling, held, desk, store, area, clock, tmp_path
):
    """Nobody is shown it; the sweep finds it as not deleted once the hold is lifted."""
    item = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    picture = draw(store, area, item)
    with store.unit() as unit:
        unit.holds.add(
            item.community_id, job_id=item.job_id, reason="case 7", by="cli:op", now=START
        )
    desk.decide(MOD, item.item_id, NO)
    clock.move(60)

    settling.settle_due()

    found, job = stood(store, item)
    assert (found.state, job.state) == (ReviewState.SETTLED, JobState.WITHHELD)
    assert lying(tmp_path) == [picture.blob]
    with store.reading() as unit:
        assert not unit.pictures.is_deleted(picture.verify_id)
        later = clock() + timedelta(days=2)
        assert unit.forgetting.pictures_decided_against(later, limit=9) == []
    with store.unit() as unit:
        unit.holds.lift(item.community_id, 1, START)
        assert unit.forgetting.pictures_decided_against(later, limit=9) == [picture]


@pytest.mark.parametrize(
    ("said", "effect", "state", "kind"),
    [
        (YES, Effect.KEEP, JobState.DELIVERED, NoticeKind.REPORT_KEPT),
        (NO, Effect.TAKE_DOWN, JobState.WITHHELD, NoticeKind.REPORT_TAKEN_DOWN),
    ],
)
def test_a_reported_picture_stays_or_goes_and_who_reported_it_hears(
    settling, held, desk, store, area, clock, tmp_path, said, effect, state, kind
):
    item = held(JobState.DELIVERED)
    picture = draw(store, area, item, is_held=False)
    with store.unit() as unit:
        unit.reports.add(item.job_id, person("eve").member_id, "", now=START)
    desk.decide(MOD, item.item_id, said)
    clock.move(60)

    [done] = settling.settle_due()

    _, job = stood(store, item)
    is_kept = effect is Effect.KEEP
    assert (done.effect, job.state, done.item.state) == (effect, state, ReviewState.SETTLED)
    assert lying(tmp_path) == ([picture.blob] if is_kept else [])
    expected = [(kind, "web:eve")]
    assert notices(store, item) == (
        expected if is_kept else sorted([*expected, (NoticeKind.TAKEN_DOWN, None)], key=str)
    )


def test_a_rejection_counts_although_the_author_was_quicker(settling, decided, store):
    """Calling the request back saves nobody from what follows."""
    item = decided(NO, category="hate_extremism")
    with store.unit() as unit:
        unit.jobs.advance(item.job_id, Outcome.CANCELLED, now=START)

    [done] = settling.settle_due()

    _, job = stood(store, item)
    assert (done.effect, done.item.state) == (Effect.NOTHING, ReviewState.SETTLED)
    assert job.state is JobState.CANCELLED
    with store.reading() as unit:
        assert unit.sanctions.of_member("local", "web:ada")


def test_an_unknown_item_is_not_found(settling):
    with pytest.raises(NotFound, match="review_not_found"):
        settling.settle("nothere")


# What breaks in between


class Falls(Exception):
    """The process died here."""


def at_call(monkeypatch, owner, name, number=1):
    """Let the process die at the n-th call of something, before it does anything."""
    calls, real = [], getattr(owner, name)

    def dying(*args, **kwargs):
        calls.append(name)
        if len(calls) == number:
            raise Falls
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, dying)


FALLS = {
    "before the bytes": (HeldArea, {YES: "publish", NO: "destroy"}),
    "after the bytes": (Settling, {YES: "_record", NO: "_record"}),
    "after the record": (Settling, {YES: "_clear", NO: "_clear"}),
}


@pytest.mark.parametrize("where", FALLS)
@pytest.mark.parametrize("said", [YES, NO], ids=["approve", "reject"])
def test_a_fall_anywhere_is_made_good_by_the_next_one(
    held, desk, settling, store, area, clock, tmp_path, monkeypatch, where, said
):
    """Published or destroyed, told and recorded once; in between nobody can undo it."""
    item = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    draw(store, area, item)
    desk.decide(MOD, item.item_id, said)
    clock.move(60)
    owner, names = FALLS[where]
    with monkeypatch.context() as patch:
        at_call(patch, owner, names[said])
        with pytest.raises(Falls):
            settling.settle(item.item_id)
    fallen, _ = stood(store, item)
    with pytest.raises(AppError, match="review_undo_late"):
        desk.undo(MOD, item.item_id)

    settled = settling.settle_due()

    found, job = stood(store, item)
    was_recorded = where == "after the record"
    assert (fallen.is_settling, len(settled)) == (not was_recorded, 0 if was_recorded else 1)
    assert (found.state, found.is_settling) == (ReviewState.SETTLED, False)
    assert job.state is (JobState.PUBLISHED if said is YES else JobState.WITHHELD)
    with store.reading() as unit:
        kinds = [row.kind for row in unit.audit.of_job(item.job_id)]
    assert kinds.count("review_settled") == 1
    if said is YES and was_recorded:  # The ciphertext that is left goes with the next tidying.
        assert len(lying(tmp_path)) == 2
    else:
        assert len(lying(tmp_path)) == (1 if said is YES else 0)


def test_one_that_cannot_be_carried_out_does_not_hold_up_the_others(
    settling, held, desk, store, area, clock, monkeypatch
):
    """A blob store that is away changes nothing; once it is back, the decision is carried out."""
    stuck = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    draw(store, area, stuck)
    desk.decide(MOD, stuck.item_id, YES)
    clock.move(1)
    other = desk.decide(MOD, held().item_id, YES)
    clock.move(60)

    def away(*_args):
        raise Unavailable("blobs_away")

    with monkeypatch.context() as patch:
        patch.setattr(HeldArea, "publish", away)
        first = settling.settle_due()
    second = settling.settle_due()

    assert [each.item.item_id for each in first] == [other.item_id]
    assert [each.item.item_id for each in second] == [stuck.item_id]


def test_a_bug_in_one_does_not_hold_up_the_others(settling, decided, monkeypatch):
    broken, other = decided(NO), decided(YES)

    def bug(*_args, **_kwargs):
        raise RuntimeError("oh")

    with monkeypatch.context() as patch:
        patch.setattr("moderation.review.settling.on_rejected", bug)
        settled = settling.settle_due()

    assert [each.item.item_id for each in settled] == [other.item_id]
    assert [each.item.item_id for each in settling.settle_due()] == [broken.item_id]


def test_a_database_that_is_away_is_said_at_once(settling, decided, monkeypatch):
    """There is no use in trying the others."""
    decided(YES)

    def away(*_args):
        raise Unavailable("database_away")

    monkeypatch.setattr(Settling, "_locked", away)

    with pytest.raises(Unavailable, match="database_away"):
        settling.settle_due()


@pytest.mark.parametrize("damage", ["altered", "gone"])
def test_bytes_that_are_not_what_was_drawn_are_never_published(
    settling, held, desk, store, area, blobs, clock, tmp_path, damage
):
    """They are withheld although somebody approved them, and nobody is punished."""
    item = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    picture = draw(store, area, item)
    if damage == "gone":
        blobs.delete(picture.blob)
    else:
        area.put(picture.verify_id, b"something else")
    desk.decide(MOD, item.item_id, YES)
    clock.move(60)

    [done] = settling.settle_due()

    _, job = stood(store, item)
    assert (done.effect, job.state, lying(tmp_path)) == (Effect.WITHHOLD, JobState.WITHHELD, [])
    with store.reading() as unit:
        assert unit.pictures.is_deleted(picture.verify_id)
        assert unit.sanctions.of_member("local", "web:ada") == []


def test_an_approval_of_what_is_no_longer_there_is_withdrawn(settling, decided, store):
    """As when a bug moved the job on without its item."""
    item = decided(YES)
    with store.unit() as unit:
        unit.jobs._locked(item.job_id).state = JobState.EXPIRED

    [done] = settling.settle_due()

    assert (done.effect, done.item.state) == (Effect.NOTHING, ReviewState.WITHDRAWN)


def test_who_comes_late_leaves_what_was_published(
    settling, held, desk, store, area, clock, tmp_path, monkeypatch
):
    """It finds no ciphertext any more; that is no reason to destroy anything."""
    item = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    draw(store, area, item)
    desk.decide(MOD, item.item_id, YES)
    clock.move(60)
    other, publish = Settling(store, area, settling.gates, clock), HeldArea.publish

    def late(self, picture):
        monkeypatch.setattr(HeldArea, "publish", publish)
        assert other.settle(item.item_id) is not None
        return publish(self, picture)

    monkeypatch.setattr(HeldArea, "publish", late)

    assert settling.settle(item.item_id) is None

    _, job = stood(store, item)
    assert job.state is JobState.PUBLISHED
    assert len(lying(tmp_path)) == 1


def test_one_is_settled_in_its_time_and_never_without_a_ruling(settling, held, desk, store):
    """Whoever asks for it by its id is told that there is nothing to do yet."""
    item = desk.decide(MOD, held().item_id, YES)

    assert settling.settle(item.item_id) is None

    _, job = stood(store, item)
    assert job.state is JobState.PROMPT_REVIEW
    assert effect_of(item.model_copy(update={"ruling": None}), job) is Effect.NOTHING


def test_ciphertext_that_cannot_be_removed_now_stays_for_the_tidying(
    settling, held, desk, store, area, clock, tmp_path, monkeypatch
):
    """What is published is published all the same."""
    item = held(JobState.OUTPUT_REVIEW, kind=ReviewKind.HELD_PICTURE)
    picture = draw(store, area, item)
    desk.decide(MOD, item.item_id, YES)
    clock.move(60)

    def away(*_args):
        raise Unavailable("blobs_away")

    monkeypatch.setattr(HeldArea, "clear", away)

    [done] = settling.settle_due()

    assert (done.effect, done.job.state) == (Effect.PUBLISH, JobState.PUBLISHED)
    assert f"held/{picture.verify_id}" in lying(tmp_path)


@pytest.fixture
def reported(store, blobs, held):
    """Keep a reported request from whose picture another member's was made."""
    tree = FamilyTree(store, blobs)
    root = tree.request()
    made = tree.from_picture(root, member="web:eve")
    with store.unit() as unit:
        job = unit.jobs.get(root)
        item = a_review(job, kind=ReviewKind.REPORT, lapses_at=None, reports=1)
        assert unit.reviews.open(item)
    return item, made


def state_of(store, job_id):
    with store.reading() as unit:
        return unit.jobs.get(job_id).state


ALL_OF_IT = Said(Ruling.REJECT, "breaks_policy", is_cascading=True)


@pytest.mark.parametrize(
    ("said", "state"), [(NO, JobState.DELIVERED), (ALL_OF_IT, JobState.WITHHELD)]
)
def test_a_rejected_report_reaches_as_far_as_was_said(
    settling, reported, desk, store, clock, said, state
):
    """On record with its root and how many there were, by who decided."""
    item, made = reported
    desk.decide(MOD, item.item_id, said)
    clock.move(60)

    [done] = settling.settle_due()

    assert state_of(store, item.job_id) is JobState.WITHHELD
    assert state_of(store, made) is state
    with store.reading() as unit:
        rows = {row.kind: row for row in unit.audit.of_job(item.job_id)}
    is_all = said is ALL_OF_IT
    assert ("takedown_ended" in rows) is is_all
    assert rows["review_decided"].facts.get("is_cascading", False) is is_all
    if is_all:
        ended = rows["takedown_ended"]
        assert (ended.by, ended.facts["requests"], ended.facts["pictures"]) == (MOD.member_id, 1, 1)
        assert done.platforms


def test_an_undone_rejection_reaches_nothing(settling, reported, desk, store, clock):
    item, made = reported
    desk.decide(MOD, item.item_id, ALL_OF_IT)
    desk.undo(MOD, item.item_id)
    desk.decide(MOD, item.item_id, NO)
    clock.move(60)

    settling.settle_due()

    assert state_of(store, made) is JobState.DELIVERED


def test_only_a_rejected_report_takes_anything_along(decided, settling, store):
    """Approved words do not, whatever a form says."""
    item = decided(Said(Ruling.APPROVE, "fine", is_cascading=True))

    assert not item.is_cascading
    settling.settle_due()
    with store.reading() as unit:
        assert unit.takedowns.unfinished(START, limit=9) == []


def test_what_a_settled_report_takes_along_goes_on_after_a_crash(
    settling, reported, desk, store, clock, monkeypatch
):
    """The decision and what is to follow from it are one transaction; the sweep has the rest."""
    item, made = reported
    desk.decide(MOD, item.item_id, ALL_OF_IT)
    clock.move(60)

    def away(*_args):
        raise Unavailable("blobs_away")

    monkeypatch.setattr(Takedowns, "carry_out", away)
    [done] = settling.settle_due()
    monkeypatch.undo()

    assert done.takedown_id is not None
    assert state_of(store, item.job_id) is JobState.WITHHELD
    assert state_of(store, made) is JobState.DELIVERED
    clock.move(60)
    Takedowns(store, settling.held, clock).resume()
    assert state_of(store, made) is JobState.WITHHELD
