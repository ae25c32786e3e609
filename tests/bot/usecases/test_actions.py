"""What the buttons under a result do."""

import pytest

from bot import wording
from bot.replies import Action, Form, ReplyKind, Visibility
from bot.usecases import actions, imagine
from core.contracts.reviews import ReviewKind, ReviewState
from core.errors import IllegalStep, NotFound, Unavailable, UserError
from core.events import REVIEWS_TOPIC
from core.workflow import JobState
from tests.bot.road import publish, queue_up

ELSEWHERE = {Action.CANCEL, Action.CONFIRM, Action.REWRITE, Action.APPEAL, Action.ERASE}
ELSEWHERE |= {each for each in Action if each.value.startswith("review_")}
"""Buttons that stand below no result."""


@pytest.fixture
def published(services, ada, address):
    job_id = imagine.submit(services, ada, "a red apple --seed 7 --n 2", address).job_id
    publish(services, job_id, pictures=2)
    return job_id


def record(services, job_id):
    with services.store.reading() as unit:
        return unit.jobs.get(job_id), unit.pictures.of_job(job_id), unit.audit.of_job(job_id)


def test_a_reroll_is_the_same_with_a_new_seed_from_its_parent(services, bob, address, published):
    """Anybody who sees a result may re-roll it; the new job is theirs and passes the gate."""
    reply = actions.reroll(services, bob, published, address)

    job, _, _ = record(services, reply.job_id)
    parent, _, _ = record(services, published)
    assert job.spec.model_copy(update={"seed": 7}) == parent.spec
    assert job.seed != parent.seed
    assert (job.parent_id, job.action, job.actor) == (published, "reroll", bob)
    assert job.state is JobState.SCREENING
    with services.store.reading() as unit:
        assert len(unit.verdicts.of_job(job.job_id)) == 1


def test_a_reroll_of_a_refused_request_is_refused_again(services, ada, address):
    """The gate does not remember mercy."""
    refused = imagine.submit(services, ada, "easel-known-positive-7q2k9x4m", address).job_id

    reply = actions.reroll(services, ada, refused, address)

    assert reply.kind is ReplyKind.REFUSAL
    assert reply.job_id != refused


@pytest.mark.parametrize("who", ["ada", "moderator"])
def test_the_author_or_a_moderator_deletes_for_good(services, events, published, who, request):
    """The bytes are gone, the rows say so, the act is on record, the post will be edited."""
    actor = request.getfixturevalue(who)
    keys = [picture.blob for picture in record(services, published)[1]]

    actions.delete(services, actor, published)

    job, pictures, audit = record(services, published)
    assert job.state is JobState.WITHHELD
    assert not any(services.blobs.exists(key) for key in keys)
    with services.store.reading() as unit:
        assert all(unit.pictures.is_deleted(picture.verify_id) for picture in pictures)
    (act,) = [row for row in audit if row.kind == "pictures_deleted"]
    assert (act.by, act.facts["pictures"]) == (actor.member_id, 2)
    assert services.courier.settle(10)
    assert events.woken


def test_what_a_legal_hold_names_is_taken_down_and_kept(services, ada, published):
    """Nobody sees it any more, and its bytes wait for the hold to be lifted."""
    keys = [picture.blob for picture in record(services, published)[1]]
    with services.store.unit() as unit:
        unit.holds.add(
            ada.community_id,
            job_id=published,
            reason="case 7",
            by="cli:op",
            now=services.clock(),
        )

    actions.delete(services, ada, published)

    job, pictures, audit = record(services, published)
    assert job.state is JobState.WITHHELD
    assert all(services.blobs.exists(key) for key in keys)
    with services.store.reading() as unit:
        assert not any(unit.pictures.is_deleted(picture.verify_id) for picture in pictures)
    (act,) = [row for row in audit if row.kind == "pictures_deleted"]
    assert act.facts["pictures"] == 0


def test_nobody_else_deletes(services, bob, published):
    """Neither another member …"""
    with pytest.raises(UserError) as caught:
        actions.delete(services, bob, published)

    assert caught.value.code == "not_permitted"
    assert record(services, published)[0].state is JobState.PUBLISHED


def test_nobody_of_another_community_deletes(services, stranger, published):
    """… nor somebody elsewhere with the same id."""
    with pytest.raises(NotFound):
        actions.delete(services, stranger, published)


def test_deleting_twice_says_that_nothing_is_left(services, ada, published):
    """The second press changes nothing."""
    actions.delete(services, ada, published)

    with pytest.raises(UserError) as caught:
        actions.delete(services, ada, published)

    assert caught.value.code == "nothing_to_delete"


def test_a_blob_store_that_is_away_leaves_everything_as_it_was(
    services, ada, published, monkeypatch
):
    """Deleted on record with the bytes still there would be a lie."""

    def away(*_args):
        raise Unavailable("blobs_away")

    monkeypatch.setattr(type(services.blobs), "delete", away)
    with pytest.raises(Unavailable):
        actions.delete(services, ada, published)
    monkeypatch.undo()

    assert record(services, published)[0].state is JobState.PUBLISHED
    actions.delete(services, ada, published)
    assert record(services, published)[0].state is JobState.WITHHELD


def test_the_slower_of_two_deleters_is_told_so(services, ada, published, monkeypatch):
    """Both looked while the picture stood; one transaction wins."""

    def too_late(*_args, **_kwargs):
        raise IllegalStep("illegal_step")

    monkeypatch.setattr("core.storage.jobs.Jobs.advance", too_late)

    with pytest.raises(UserError) as caught:
        actions.delete(services, ada, published)

    assert caught.value.code == "nothing_to_delete"


def test_a_report_is_kept_once_a_member(services, bob, moderator, published):
    """With its reason, for the moderators."""
    reply = actions.report(services, bob, published, "It is not an apple.")

    assert reply.visibility is Visibility.PRIVATE
    with pytest.raises(UserError) as caught:
        actions.report(services, bob, published)
    assert caught.value.code == "already_reported"
    actions.report(services, moderator, published)
    with services.store.reading() as unit:
        reports = unit.reports.of_job(published)
    assert [(each.reporter, each.reason) for each in reports] == [
        (bob.member_id, "It is not an apple."),
        (moderator.member_id, ""),
    ]


def test_a_reported_picture_waits_for_the_moderators(services, events, ada, bob, published):
    """One item for all who report it; taken down by its author, there is nothing to decide."""
    actions.report(services, bob, published, "It is not an apple.")
    actions.report(services, ada, published)
    assert services.courier.settle(10)

    with services.store.reading() as unit:
        item = unit.reviews.live_of_job(published)
    assert item is not None
    assert (item.kind, item.reports, item.lapses_at) == (ReviewKind.REPORT, 2, None)
    assert item.member_note == "It is not an apple."
    assert REVIEWS_TOPIC in events.woken
    actions.delete(services, ada, published)
    with services.store.reading() as unit:
        assert unit.reviews.get(item.item_id).state is ReviewState.WITHDRAWN


def test_what_was_not_posted_can_not_be_reported(services, ada, bob, address):
    """There is nothing to look at yet."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    queue_up(services, job_id)

    with pytest.raises(UserError) as caught:
        actions.report(services, bob, job_id)

    assert caught.value.code == "nothing_to_report"


def test_an_author_calls_a_waiting_request_back(services, ada, bob, address):
    """Nobody else does, and not when it is over."""
    job_id = imagine.submit(services, ada, "a red apple", address).job_id
    queue_up(services, job_id)
    with pytest.raises(UserError) as caught:
        actions.cancel(services, bob, job_id)
    assert caught.value.code == "not_permitted"

    actions.cancel(services, ada, job_id)

    assert record(services, job_id)[0].state is JobState.CANCELLED
    with pytest.raises(UserError) as caught:
        actions.cancel(services, ada, job_id)
    assert caught.value.code == "nothing_to_cancel"


@pytest.mark.parametrize(
    "action",
    [each for each in Action if each not in ELSEWHERE],
    ids=lambda action: action.value,
)
def test_every_button_does_something_and_answers_for_errors(
    services, ada, stranger, address, published, action
):
    """A press never raises what is expected to happen."""
    good = actions.press(services, ada, action, published, address, picture=1)
    bad = actions.press(services, stranger, action, published, address, picture=1)

    assert good.job_id is not None
    assert isinstance(good, Form) or good.kind is not ReplyKind.ERROR
    assert (bad.kind, bad.visibility) == (ReplyKind.ERROR, Visibility.PRIVATE)
    assert bad == wording.error(NotFound("job_not_found", value=published))


def test_a_button_calls_a_waiting_request_back(services, ada, address):
    job_id = imagine.submit(services, ada, "a red apple", address).job_id

    reply = actions.press(services, ada, Action.CANCEL, job_id, address)

    assert reply.job_id == job_id
    assert record(services, job_id)[0].state is JobState.CANCELLED
