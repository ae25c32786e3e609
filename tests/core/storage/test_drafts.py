"""A draft keeps a request as it was, for one use."""

import pytest

from core.contracts.ids import CommunityId, DraftId, MemberId
from core.contracts.personal import Draft
from core.errors import NotFound
from tests.core.storage.samples import START, a_job, an_address, at
from tests.core.storage.test_concurrency import at_once


def a_draft(draft_id="d1", **fields) -> Draft:
    defaults = {
        "draft_id": DraftId(draft_id),
        "community_id": CommunityId("local"),
        "member_id": MemberId("web:ada"),
        "address": an_address(),
        "spec": a_job().spec,
        "action": "reroll",
        "price_gpu_s": 75.5,
        "created_at": START,
    }
    return Draft(**{**defaults, **fields})


def added(store, draft: Draft) -> Draft:
    with store.unit() as unit:
        unit.drafts.add(draft)
    return draft


def test_a_draft_comes_back_as_it_was_kept(store):
    """With the job that it goes on from."""
    parent = a_job()
    with store.unit() as unit:
        unit.jobs.add(parent)
    draft = added(store, a_draft(parent_id=parent.job_id))

    with store.reading() as unit:
        assert unit.drafts.get(draft.draft_id) == draft


def test_an_unknown_draft_is_not_found(store):
    with store.unit() as unit:
        with pytest.raises(NotFound, match="draft_not_found"):
            unit.drafts.get(DraftId("nothere"))
        assert not unit.drafts.use(DraftId("nothere"), START)


def test_of_ten_clicks_one_uses_it(store, open_store):
    """A used draft can still be read, to say what became of it."""
    draft = added(store, a_draft())

    def use(own, _number):
        with own.unit() as unit:
            return unit.drafts.use(draft.draft_id, START)

    assert sorted(at_once(open_store, 10, use)) == [False] * 9 + [True]
    with store.reading() as unit:
        assert unit.drafts.get(draft.draft_id) == draft


def test_drafts_of_yesterday_make_room(store):
    """Nobody has to sweep them."""
    added(store, a_draft("old"))
    added(store, a_draft("day", created_at=at(24 * 3600)))
    added(store, a_draft("new", created_at=at(24 * 3600 + 1)))

    with store.reading() as unit:
        assert unit.drafts.get("day")
        with pytest.raises(NotFound):
            unit.drafts.get("old")
