"""Hold the record of cards, on both databases, to one card an item, and never an old one."""

import pytest

from core.contracts.actors import Platform
from core.contracts.reviews import ReviewState
from core.storage.review_cards import KEPT_FOR
from core.workflow import JobState
from tests.core.storage.samples import START, a_job, a_review, at

PLACE = {"channel": "moderators"}


@pytest.fixture
def items(store):
    """Three held requests, the last one due first."""
    made = []
    for number in range(3):
        job = a_job(JobState.PROMPT_REVIEW)
        made.append(a_review(job, due_at=at(1000 - number)))
        with store.unit() as unit:
            unit.jobs.add(job)
            unit.reviews.open(made[-1])
    return made


def due(store, most=50):
    with store.reading() as unit:
        return [each.item_id for each in unit.review_cards.due("local", Platform.WEB, most=most)]


def record(store, item, now=START):
    with store.unit() as unit:
        return unit.review_cards.record(item, Platform.WEB, PLACE, now=now)


def change(store, item, **fields):
    with store.unit() as unit:
        found = unit.reviews.locked(item.item_id)
        return unit.reviews.save(found.model_copy(update=fields))


def test_items_without_a_card_are_due_and_the_most_urgent_ones_first(store, items):
    first, second, third = (each.item_id for each in items)

    assert due(store) == [third, second, first]
    assert due(store, most=2) == [third, second]


def test_cards_are_bounded_and_another_item_follows_one_that_is_closed(store, items):
    """What stands counts, and stands until its item is over."""
    first, second, third = items
    for each in (third, second):
        record(store, each)

    assert due(store, most=2) == []
    closed = change(store, third, state=ReviewState.LAPSED, closed_at=at(5))
    assert due(store, most=2) == [closed.item_id, first.item_id]
    assert record(store, closed)
    assert due(store, most=2) == [first.item_id]


def test_a_revision_is_recorded_once_and_never_an_older_one_after_a_newer(store, items):
    """Whoever comes late, or twice, shows nothing."""
    old = items[0]
    new = change(store, old, is_escalated=True)

    assert [record(store, each) for each in (old, old, new, old, new)] == [
        *(True, False, True),
        *(False, False),
    ]


def test_another_community_and_another_platform_have_cards_of_their_own(store, items):
    with store.unit() as unit:
        unit.review_cards.record(items[0], Platform.DISCORD, PLACE, now=START)

    with store.reading() as unit:
        assert unit.review_cards.due("elsewhere", Platform.WEB, most=50) == []
    assert len(due(store)) == 3


def test_what_is_long_over_is_remembered_no_longer(store, items):
    """The table stays as small as a day's work, and closed items get no second card."""
    first, second, _ = items
    early = change(store, first, state=ReviewState.LAPSED, closed_at=START)
    record(store, early)
    late = START + KEPT_FOR * 2
    record(store, change(store, second, state=ReviewState.LAPSED, closed_at=late), now=late)

    assert first.item_id not in due(store)
    with store.unit() as unit:
        assert unit.review_cards.record(early, Platform.WEB, PLACE, now=late), "it was forgotten"
