"""Hold the review items of both databases to their order, their filters and their one life."""

import pytest

from core.contracts.reviews import (
    ReviewFilter,
    ReviewId,
    ReviewItem,
    ReviewKind,
    ReviewOrder,
    ReviewState,
    Ruling,
)
from core.errors import IllegalStep, NotFound
from core.storage import Store
from core.workflow import JobState, Outcome
from tests.core.storage.samples import START, a_job, a_review, at

ALL = ReviewFilter(states=frozenset())


def held(store, job_state=JobState.PROMPT_REVIEW, *, member="web:ada", community="local", **fields):
    """Keep a held job and its item."""
    job = a_job(job_state, member=member, community=community)
    item = a_review(job, **fields)
    with store.unit() as unit:
        unit.jobs.add(job)
        assert unit.reviews.open(item)
    return item


def changed(store: Store, item: ReviewItem, **fields) -> ReviewItem:
    """Change an item as a desk does."""
    with store.unit() as unit:
        found = unit.reviews.locked(item.item_id)
        return unit.reviews.save(found.model_copy(update=fields))


def page(store: Store, asked: ReviewFilter = ALL, *args, **options) -> list[ReviewId]:
    """List the queue's ids."""
    with store.reading() as unit:
        found = unit.reviews.page("local", asked, *args, **{"now": START, **options})
    return [item.item_id for item in found]


def test_an_item_comes_back_as_it_was_written(store):
    """Every field survives, hashes and times too."""
    item = held(
        store,
        picture_hashes=("0f" * 32, "f0" * 32),
        member_note="It is a \0 quote",
        claimed_by="web:mod",
        claimed_name="Mod",
        claimed_until=at(600),
        is_escalated=True,
        reports=2,
    )

    with store.reading() as unit:
        found = unit.reviews.get(item.item_id)

    assert found == item.model_copy(update={"member_note": "It is a \ufffd quote"})


def test_an_unknown_item_is_not_found(store):
    """Asking for it and taking it say the same."""
    with store.unit() as unit:
        for ask in (unit.reviews.get, unit.reviews.locked):
            with pytest.raises(NotFound, match="review_not_found"):
                ask(ReviewId("nothere"))


def test_a_job_has_one_live_item_and_any_number_that_are_over(store):
    """The second opening says no, until the first item is over."""
    first = held(store)
    with store.reading() as unit:
        job = unit.jobs.get(first.job_id)
    second = a_review(job, opened_s=9)

    with store.unit() as unit:
        was_opened = unit.reviews.open(second)
        unit.reviews.close_of_job(job.job_id, ReviewState.LAPSED, now=at(5))
        is_opened = unit.reviews.open(second)

    with store.reading() as unit:
        assert (was_opened, is_opened) == (False, True)
        assert [each.item_id for each in unit.reviews.of_job(job.job_id)] == [
            first.item_id,
            second.item_id,
        ]
        assert unit.reviews.live_of_job(job.job_id) == second


def test_a_change_grows_the_revision_and_a_stale_one_is_refused(store):
    """Two who read the same item do not both write it."""
    item = held(store)

    once = changed(store, item, note="seen")

    assert once.revision == item.revision + 1
    with pytest.raises(IllegalStep, match="review_moved_on"), store.unit() as unit:
        unit.reviews.save(item)
    with store.reading() as unit:
        assert unit.reviews.get(item.item_id) == once


def test_the_queue_begins_with_what_is_due_first_and_pages_without_gaps(store):
    """Each order goes through all items once, whatever the page."""
    items = [held(store, opened_s=at_s, due_at=at(1000 - at_s)) for at_s in (0, 30, 10, 20)]
    a, b, c, d = (item.item_id for item in items)
    orders = {
        ReviewOrder.URGENT: [b, d, c, a],
        ReviewOrder.OLDEST: [a, c, d, b],
        ReviewOrder.NEWEST: [b, d, c, a],
    }

    for order, expected in orders.items():
        paged, after = [], None
        while found := page(store, ALL, order, after=after, limit=3):
            paged += found
            after = found[-1]

        assert paged == expected


def test_items_due_at_one_moment_are_told_apart_by_their_id(store):
    """No page skips or repeats one of them."""
    ids = sorted(held(store).item_id for _ in range(5))

    first = page(store, ALL, limit=2)

    assert first + page(store, ALL, after=first[-1], limit=9) == ids


def test_another_community_sees_nothing(store):
    """Its queue is its own."""
    held(store, community="elsewhere")

    assert page(store) == []


FILTERS = {
    "states": (ReviewFilter(states=frozenset({ReviewState.SECOND})), {"second"}),
    "kinds": (ReviewFilter(kinds=frozenset({ReviewKind.APPEAL})), {"appeal"}),
    "categories": (ReviewFilter(categories=frozenset({"ip_brand"})), {"brand"}),
    "severities": (ReviewFilter(severities=frozenset({"low"})), {"brand"}),
    "holder": (ReviewFilter(claimed_by="web:mod"), {"claimed"}),
    "free": (
        ReviewFilter(is_free=True),
        {"second", "appeal", "brand", "stale", "escalated", "bob", "words"},
    ),
    "escalated": (ReviewFilter(is_escalated=True), {"escalated"}),
    "member": (ReviewFilter(member_id="web:bob"), {"bob"}),
    "words in any case": (ReviewFilter(words="Ärger IN 100%_"), {"words"}),
    "words that stand for themselves": (ReviewFilter(words="in 1__"), set()),
    "two at once": (
        ReviewFilter(is_free=True, kinds=frozenset({ReviewKind.APPEAL})),
        {"appeal"},
    ),
}


@pytest.fixture
def queue(store):
    """One item for each filter."""
    claim = {"claimed_by": "web:mod", "claimed_name": "Mod"}
    return {
        "second": held(store, state=ReviewState.SECOND),
        "appeal": held(store, kind=ReviewKind.APPEAL),
        "brand": held(store, category="ip_brand", severity="low"),
        "claimed": held(store, **claim, claimed_until=at(60)),
        "stale": held(store, **claim, claimed_until=at(-60)),
        "escalated": held(store, is_escalated=True),
        "bob": held(store, member="web:bob"),
        "words": held(store, text="viel Ärger in 100%_ing"),
    }


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_lists_and_counts_what_it_says(store, queue, name):
    """Alone and together, and the number agrees with the list."""
    asked, expected = FILTERS[name]

    found = page(store, asked)

    names = {item.item_id: name for name, item in queue.items()}
    assert {names[item_id] for item_id in found} == expected
    with store.reading() as unit:
        assert unit.reviews.count("local", asked, now=START) == len(expected)


def test_what_is_not_over_is_counted_by_state_and_kind(store, queue):
    """For the head of the queue."""
    changed(store, queue["bob"], state=ReviewState.LAPSED, closed_at=START)

    with store.reading() as unit:
        counts = unit.reviews.counts("local")

    assert counts == {
        (ReviewState.OPEN, ReviewKind.HELD_PROMPT): 5,
        (ReviewState.OPEN, ReviewKind.APPEAL): 1,
        (ReviewState.SECOND, ReviewKind.HELD_PROMPT): 1,
    }


def test_a_members_past_is_listed_and_counted(store):
    """Newest first; what is still open counts for nothing."""
    decided = [held(store, opened_s=second) for second in (0, 1, 2)]
    still_open, others = held(store, opened_s=3), held(store, member="web:bob")
    for item, ruling in zip(decided, (Ruling.APPROVE, Ruling.REJECT, None), strict=True):
        changed(store, item, ruling=ruling, state=ReviewState.SETTLED, closed_at=at(9))

    with store.reading() as unit:
        listed = unit.reviews.of_member("local", "web:ada", limit=3)
        counts = unit.reviews.outcomes_of_member("local", "web:ada")

    assert [item.item_id for item in listed] == [
        still_open.item_id,
        decided[2].item_id,
        decided[1].item_id,
    ]
    assert counts == {Ruling.APPROVE: 1, Ruling.REJECT: 1, None: 1}
    assert others.item_id not in {item.item_id for item in listed}


def test_items_alike_share_a_key_a_community_and_a_state(store):
    """And no key is like no other."""
    one, two = held(store), held(store, opened_s=1)
    held(store, prompt_key="cd" * 32)
    held(store, community="elsewhere")
    keyless = held(store, prompt_key="")
    changed(store, held(store), state=ReviewState.SETTLED, closed_at=START)

    with store.reading() as unit:
        found = unit.reviews.alike("local", one.prompt_key)
        nothing = unit.reviews.alike("local", keyless.prompt_key)

    assert ([item.item_id for item in found], nothing) == ([two.item_id, one.item_id], [])


def test_only_undecided_pictures_are_compared(store):
    """Prompts have none, and what is over is no longer bulk work."""
    seen = held(store, kind=ReviewKind.HELD_PICTURE, picture_hashes=("0f" * 32,))
    held(store, kind=ReviewKind.HELD_PICTURE)
    held(store, picture_hashes=("0f" * 32,))
    over = held(store, kind=ReviewKind.REPORT, picture_hashes=("0f" * 32,))
    changed(store, over, state=ReviewState.DECIDED)

    with store.reading() as unit:
        assert unit.reviews.hashed("local") == [(seen.item_id, ("0f" * 32,))]
        assert unit.reviews.among([seen.item_id, ReviewId("nothere")]) == [seen]


def test_a_decision_takes_effect_when_its_time_to_undo_is_over(store):
    """The longest due goes first; what is settled goes no more."""
    late, soon, later = (held(store) for _ in range(3))
    for item, due_s in ((late, 60), (soon, 30), (later, 61)):
        changed(store, item, state=ReviewState.DECIDED, effective_at=at(due_s))
    changed(store, held(store), state=ReviewState.SETTLED, effective_at=at(1), closed_at=START)

    with store.reading() as unit:
        assert unit.reviews.due_effects(at(60)) == [soon.item_id, late.item_id]
        assert unit.reviews.due_effects(at(60), limit=1) == [soon.item_id]


def test_what_nobody_decides_lapses_and_reports_never_do(store):
    """Decided items wait for their effect instead."""
    due = held(store, lapses_at=at(10))
    held(store, lapses_at=at(11))
    held(store, JobState.DELIVERED, kind=ReviewKind.REPORT, lapses_at=None)
    changed(store, held(store, lapses_at=at(9)), state=ReviewState.DECIDED)

    with store.unit() as unit:
        assert [item.item_id for item in unit.reviews.lapsing(at(10))] == [due.item_id]


@pytest.mark.parametrize("state", [JobState.PROMPT_REVIEW, JobState.OUTPUT_REVIEW])
def test_a_held_job_without_an_item_is_an_orphan(store, state):
    """One with an item that is over, too; one that waits for nobody is not."""
    job, lone = held(store, state), a_job(state)
    held(store, state)
    with store.unit() as unit:
        unit.jobs.add(lone)
        unit.jobs.add(a_job(JobState.QUEUED))
        unit.reviews.close_of_job(job.job_id, ReviewState.WITHDRAWN, now=START)

    with store.reading() as unit:
        assert set(unit.reviews.orphans()) == {job.job_id, lone.job_id}


def test_an_item_whose_job_went_on_is_a_stray(store):
    """A report belongs to what is posted, every other item to what is held."""
    strays = [
        held(store, JobState.QUEUED),
        held(store, JobState.WITHHELD, kind=ReviewKind.REPORT),
        held(store, JobState.DELIVERED, kind=ReviewKind.HELD_PICTURE),
    ]
    held(store, JobState.PROMPT_REVIEW)
    held(store, JobState.OUTPUT_REVIEW, kind=ReviewKind.FAILED_CHECK)
    held(store, JobState.PUBLISHED, kind=ReviewKind.REPORT)
    rejected = held(store, JobState.CANCELLED)
    changed(store, rejected, state=ReviewState.DECIDED, ruling=Ruling.REJECT)

    with store.unit() as unit:
        found = unit.reviews.strays()

    assert {item.item_id for item in found} == {item.item_id for item in strays}


@pytest.mark.parametrize(
    ("job_state", "outcome", "state"),
    [
        (JobState.PROMPT_REVIEW, Outcome.CANCELLED, ReviewState.WITHDRAWN),
        (JobState.PROMPT_REVIEW, Outcome.TIMED_OUT, ReviewState.LAPSED),
        (JobState.OUTPUT_REVIEW, Outcome.TIMED_OUT, ReviewState.LAPSED),
        (JobState.DELIVERED, Outcome.TAKEN_DOWN, ReviewState.WITHDRAWN),
    ],
)
def test_a_job_that_goes_on_by_itself_ends_its_item(store, job_state, outcome, state):
    """In the same transaction, and whoever held it holds it no more."""
    kind = ReviewKind.REPORT if job_state is JobState.DELIVERED else ReviewKind.HELD_PROMPT
    item = held(store, job_state, kind=kind, claimed_by="web:mod", claimed_until=at(60))

    with store.unit() as unit:
        unit.jobs.advance(item.job_id, outcome, now=at(30))

    with store.reading() as unit:
        found = unit.reviews.get(item.item_id)
        assert (found.state, found.closed_at, found.claimed_by) == (state, at(30), None)
        assert found.revision == item.revision + 1


def test_who_calls_back_what_was_rejected_does_not_escape(store):
    """The rejection stands and is carried out; an approval has nothing left to approve."""
    items = {}
    for ruling in Ruling:
        items[ruling] = held(store)
        changed(store, items[ruling], state=ReviewState.DECIDED, ruling=ruling)

    with store.unit() as unit:
        for item in items.values():
            unit.jobs.advance(item.job_id, Outcome.CANCELLED, now=at(30))

    with store.reading() as unit:
        states = {ruling: unit.reviews.get(item.item_id).state for ruling, item in items.items()}
    assert states == {
        Ruling.APPROVE: ReviewState.WITHDRAWN,
        Ruling.REJECT: ReviewState.DECIDED,
    }


def test_a_posted_job_that_is_delivered_keeps_its_report(store):
    """Only what takes the picture down ends it."""
    item = held(store, JobState.PUBLISHED, kind=ReviewKind.REPORT)

    with store.unit() as unit:
        unit.jobs.advance(item.job_id, Outcome.DELIVERED, now=at(30))

    with store.reading() as unit:
        assert unit.reviews.live_of_job(item.job_id) == item
