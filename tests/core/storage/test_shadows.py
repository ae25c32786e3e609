"""Hold the tallies of what is in shadow on both databases to: added up by place and candidate."""

from core.contracts.features import ShadowTally
from tests.core.storage.samples import START, at

GUARD = "classifier:guard@1"


def count(store, community_id, candidate, now, **numbers):
    with store.unit() as unit:
        zero = {"asked": 1, "disagreed": 0, "failed": 0}
        unit.shadows.count(community_id, candidate, **zero | numbers, now=now)


def test_what_was_asked_adds_up_and_the_latest_is_first(store):
    count(store, "local", "classifier:old@1", START, asked=9)
    count(store, "local", GUARD, at(1), asked=5, disagreed=2)
    count(store, "local", GUARD, at(2), asked=3, failed=1)
    count(store, "elsewhere", GUARD, at(3))

    with store.reading() as unit:
        first, second = unit.shadows.tallies("local")

    assert first == ShadowTally(
        community_id="local",
        candidate=GUARD,
        asked=8,
        disagreed=2,
        failed=1,
        since=at(1),
        last_at=at(2),
    )
    assert second.candidate == "classifier:old@1"
