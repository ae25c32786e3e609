"""Labels on both databases: one a job, kept for a time, gone with their member."""

from core.contracts.actors import Role
from core.contracts.labels import Label, LabelSource
from core.contracts.verdicts import Decision
from tests.core.storage.samples import START, at
from tests.core.storage.test_features import ONE as FEATURES

ONE = Label(
    job_id="j1", community_id="local", member_id="web:ada", source=LabelSource.REPORTED,
    decided=Decision.ALLOW, right=Decision.BLOCK, category="gore_graphic", role=Role.MODERATOR,
    is_age_restricted=False, scores={"gore_graphic": 0.3}, texts=("a bloody 墨绘",),
    policy_version="1.0.0+0a1b2c3d", at=START,
)  # fmt: skip


def another(seconds, **changes):
    return ONE.model_copy(update={"job_id": f"j{seconds}", "at": at(seconds), **changes})


def test_labels_come_back_whole_oldest_first(store):
    with store.unit() as unit:
        for one in (another(5, texts=None), ONE, another(7, community_id="elsewhere")):
            unit.labels.put(one)

    with store.reading() as unit:
        assert unit.labels.since("local", START) == [ONE, another(5, texts=None)]
        assert len(unit.labels.since(None, START)) == 3
        assert unit.labels.since("local", at(6)) == []


def test_the_last_word_on_a_job_counts(store):
    changed = ONE.model_copy(update={"right": Decision.ALLOW, "category": None, "at": at(9)})
    with store.unit() as unit:
        unit.labels.put(ONE)
    with store.unit() as unit:
        unit.labels.put(changed)

    with store.reading() as unit:
        assert unit.labels.since(None, START) == [changed]


def test_they_are_forgotten_with_time_and_with_their_member(store):
    with store.unit() as unit:
        for one in (ONE, another(5), another(7, member_id="web:bob")):
            unit.labels.put(one)

        assert unit.labels.forget_before(at(3)) == 1
        assert unit.labels.forget_member("local", "web:ada") == 1

    with store.reading() as unit:
        assert [each.job_id for each in unit.labels.since(None, START)] == ["j7"]


def test_words_alone_are_forgotten(store):
    """Of that member, in that community; the rest of the row stays."""
    with store.unit() as unit:
        for one in (ONE, another(5, texts=None), another(7, member_id="web:bob")):
            unit.labels.put(one)
        unit.labels.put(another(8, community_id="elsewhere"))

        assert unit.labels.forget_words("local", "web:ada") == 1
        assert unit.labels.forget_words("local", "web:ada") == 0

    with store.reading() as unit:
        assert [each.texts for each in unit.labels.since(None, START)] == [
            None, None, ONE.texts, ONE.texts,
        ]  # fmt: skip
        assert unit.labels.since("local", START)[0] == ONE.model_copy(update={"texts": None})
        assert unit.labels.count_of_member("local", "web:ada") == 2


def test_a_job_s_features_are_found(store):
    with store.unit() as unit:
        unit.features.add(FEATURES)

    with store.reading() as unit:
        assert unit.features.of_job("j1") == FEATURES
        assert unit.features.of_job("j2") is None
