"""Hold the record of policies on both databases to: versions stay, one is in force, all is noted."""

import pytest

from core.contracts.actors import Actor
from core.contracts.policies import PolicyDeed, PolicyVersion, Scope
from core.errors import NotFound, Unavailable
from tests.core.storage.samples import START, at

HERE = Scope(community_id="local")
CHANNEL = Scope(community_id="local", channel_id="general")
ADA = Actor(community_id="local", member_id="web:ada", display_name="Ada")


def a_version(number=1, scope=HERE, **fields) -> PolicyVersion:
    given = {
        "version_id": f"v{number}-{scope.channel_id}",
        "scope": scope,
        "number": number,
        "sha256": "ab" * 32,
        "source": "title: Club",
        "files": {"lists/own.txt": ("a", "b")},
        "note": "for the club",
        "proposed_by": "web:ada",
        "proposer": "Ada",
        "created_at": START,
    }
    return PolicyVersion(**{**given, **fields})


def test_a_version_comes_back_as_it_was_proposed(store):
    with store.unit() as unit:
        unit.policies.add(a_version())

    with store.reading() as unit:
        assert unit.policies.get("v1-") == a_version()
        assert unit.policies.numbered(HERE, 1) == a_version()
        assert unit.policies.versions(HERE) == [a_version()]
        assert unit.policies.versions(CHANNEL) == []
        with pytest.raises(NotFound, match="policy_version_not_found"):
            unit.policies.numbered(CHANNEL, 1)
        with pytest.raises(NotFound, match="policy_version_not_found"):
            unit.policies.get("none")


def test_versions_are_numbered_by_scope(store):
    with store.unit() as unit:
        assert unit.policies.next_number(HERE) == 1
        unit.policies.add(a_version(1))
        unit.policies.add(a_version(2))
        assert unit.policies.next_number(HERE) == 3
        assert unit.policies.next_number(CHANNEL) == 1


def test_a_number_is_given_once(store):
    with store.unit() as unit:
        unit.policies.add(a_version())

    with pytest.raises(Exception, match=r"(?i)unique"), store.unit() as unit:
        unit.policies.add(a_version(version_id="other"))


def test_one_version_is_in_force_in_a_scope(store):
    """And the chain tells what the wider ones have, the widest first."""
    with store.unit() as unit:
        for number in (1, 2):
            unit.policies.add(a_version(number))
        unit.policies.add(a_version(1, CHANNEL))
        unit.policies.put_in_force(HERE, "v1-", now=START)
        unit.policies.put_in_shadow(HERE, "v2-", now=START)
        unit.policies.put_in_force(CHANNEL, "v1-general", now=START)

    with store.reading() as unit:
        chain = unit.policies.chain(CHANNEL)
        assert [each.scope for each in chain] == [Scope(), HERE, CHANNEL]
        assert [each.active and each.active.version_id for each in chain] == [
            None,
            "v1-",
            "v1-general",
        ]
        assert chain[1].shadow.version_id == "v2-"
        assert unit.policies.places("local") == [HERE, CHANNEL]
        assert unit.policies.places("elsewhere") == []


def test_what_is_in_force_changes_within_a_unit_as_well(store):
    with store.unit() as unit:
        for number in (1, 2):
            unit.policies.add(a_version(number))
        unit.policies.put_in_force(HERE, "v1-", now=START)
        assert unit.policies.in_force(HERE).active.number == 1
        unit.policies.put_in_force(HERE, "v2-", now=at(1))
        assert unit.policies.in_force(HERE).active.number == 2
        unit.policies.put_in_force(HERE, None, now=at(2))
        assert unit.policies.in_force(HERE).active is None


def test_what_was_done_is_told_newest_first(store):
    with store.unit() as unit:
        unit.policies.note(HERE, PolicyDeed.PROPOSED, "v1-", by=ADA, facts={"n": 1}, now=START)
        unit.policies.note(HERE, PolicyDeed.ACTIVATED, "v1-", by=ADA, facts={}, now=at(1))

    with store.reading() as unit:
        told = unit.policies.events(HERE)
        assert [(each.deed, each.by, each.name) for each in told] == [
            (PolicyDeed.ACTIVATED, "web:ada", "Ada"),
            (PolicyDeed.PROPOSED, "web:ada", "Ada"),
        ]
        assert told[1].facts == {"n": 1}
        assert unit.policies.events(CHANNEL) == []


def test_the_revision_counts_changes_of_what_is_in_force(open_store):
    """Another process sees it; a proposal is none."""
    one, other = open_store(), open_store()
    with one.reading() as unit:
        assert unit.policies.revision() == 0

    with one.unit() as unit:
        unit.policies.note(HERE, PolicyDeed.PROPOSED, "v", by=ADA, facts={}, now=START)
    with one.unit() as unit:
        unit.policies.note(HERE, PolicyDeed.ACTIVATED, "v", by=ADA, facts={}, now=START)
        unit.policies.note(CHANNEL, PolicyDeed.SHADOWED, "v", by=ADA, facts={}, now=START)

    with other.reading() as unit:
        assert unit.policies.revision() == 2


def test_prints_are_kept_once(store):
    with store.unit() as unit:
        unit.policies.keep_prints("1.0.0+a", {"gore.terms": "1"})
        unit.policies.keep_prints("1.0.0+a", {"gore.terms": "2"})

    with store.reading() as unit:
        assert unit.policies.prints() == {"1.0.0+a": {"gore.terms": "1"}}


def test_a_unit_that_fails_leaves_nothing(store):
    with pytest.raises(Unavailable), store.unit() as unit:  # noqa: PT012 - all of it is undone.
        unit.policies.add(a_version())
        unit.policies.put_in_force(HERE, "v1-", now=START)
        unit.policies.note(HERE, PolicyDeed.ACTIVATED, "v1-", by=ADA, facts={}, now=START)
        raise Unavailable("database_away")

    with store.reading() as unit:
        assert unit.policies.versions(HERE) == []
        assert unit.policies.in_force(HERE).active is None
        assert unit.policies.revision() == 0
