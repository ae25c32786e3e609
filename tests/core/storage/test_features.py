"""Hold the record of features on both databases to: read back whole, kept for a time, forgotten."""

from dataclasses import replace

from core.contracts.features import Asked, Disagreement, Features
from core.contracts.verdicts import Decision
from tests.core.storage.samples import START, at

ONE = Features(
    verdict_id="v1",
    job_id="j1",
    community_id="local",
    channel_id="general",
    member_id="web:ada",
    is_age_restricted=True,
    decision=Decision.REVIEW,
    category="gore_graphic",
    policy_version="1.0.0+0a1b2c3d",
    input_sha256="ab" * 32,
    texts=[["prompt", 0, "a bloody 墨绘"]],
    rules=["gore.terms"],
    scores=[{"gore_graphic": 0.5}],
    classifier=Asked.ANSWERED,
    decided_at=START,
)


def another(seconds, **changes):
    return replace(ONE, verdict_id=f"v{seconds}", decided_at=at(seconds), **changes)


def test_features_come_back_whole_oldest_first(store):
    with store.unit() as unit:
        unit.features.add(another(2))
        unit.features.add(ONE)
        unit.features.add(another(1, community_id="elsewhere"))

    with store.reading() as unit:
        assert list(unit.features.since("local", START)) == [ONE, another(2)]
        assert list(unit.features.since("local", at(1))) == [another(2)]
        assert len(list(unit.features.since(None, START))) == 3


def test_their_time_is_over_by_community(store):
    with store.unit() as unit:
        for one in (ONE, another(5), another(1, community_id="elsewhere")):
            unit.features.add(one)

        assert unit.features.forget_before("local", at(3), limit=9) == 1
        assert unit.features.forget_before("local", at(3), limit=9) == 0

    with store.reading() as unit:
        assert [each.verdict_id for each in unit.features.since(None, START)] == ["v1", "v5"]


def test_they_go_with_their_member(store):
    with store.unit() as unit:
        unit.features.add(ONE)
        unit.features.add(another(1, member_id="web:bob"))
        unit.features.add(another(2, community_id="elsewhere"))

        assert unit.features.forget_member("local", "web:ada") == 1

    with store.reading() as unit:
        assert {each.verdict_id for each in unit.features.since(None, START)} == {"v1", "v2"}


def test_disagreements_are_counted_and_the_newest_listed(store):
    def disagreement(seconds, candidate="v7"):
        return Disagreement(
            community_id="local",
            channel_id="general",
            job_id=f"j{seconds}",
            candidate=candidate,
            decision=Decision.ALLOW,
            category=None,
            would_decide=Decision.BLOCK,
            would_name="gore_graphic",
            would_score=seconds / 8 or None,
            rule="rule:gore.terms",
            at=at(seconds),
        )

    with store.unit() as unit:
        for seconds in range(3):
            unit.features.disagree(disagreement(seconds))
        unit.features.disagree(disagreement(9, "v8"))

    with store.unit() as unit:
        total, newest = unit.features.disagreements("local", "v7", limit=2)
        assert total == 3
        assert newest == [disagreement(2), disagreement(1)]
        assert unit.features.disagreements("elsewhere", "v7") == (0, [])
        assert unit.features.forget_disagreements(at(2)) == 2
