"""Hold what members agreed to of both databases to: one row a member, changed one at a time."""

import threading

from core.contracts.labels import Learning
from tests.core.storage.samples import at


def test_who_said_nothing_is_asked_of_the_policy(store):
    """And reading writes nothing."""
    with store.reading() as unit:
        assert unit.consents.learning("local", "web:ada") is None


def test_what_is_said_is_read_back_and_is_the_member_s_own(store):
    with store.unit() as unit:
        unit.consents.set_learning("local", "web:ada", Learning.WORDS, now=at(1))
        assert unit.consents.take_learning("local", "web:ada", now=at(1)) is Learning.WORDS

    with store.reading() as unit:
        assert unit.consents.learning("local", "web:ada") is Learning.WORDS
        assert unit.consents.learning("local", "web:bob") is None
        assert unit.consents.learning("elsewhere", "web:ada") is None


def test_a_choice_is_taken_back(store):
    for learning in (Learning.NOTHING, None):
        with store.unit() as unit:
            unit.consents.set_learning("local", "web:ada", learning, now=at(2))
        with store.reading() as unit:
            assert unit.consents.learning("local", "web:ada") is learning


def test_who_acts_on_a_consent_is_waited_for(store):
    """A withdrawal that comes meanwhile begins when that unit has ended, and sees what it wrote."""
    seen = []

    def withdraw():
        with store.unit() as unit:
            seen.append(unit.consents.take_learning("local", "web:ada", now=at(3)))

    with store.unit() as unit:
        assert unit.consents.take_learning("local", "web:ada", now=at(1)) is None
        other = threading.Thread(target=withdraw)
        other.start()
        unit.consents.set_learning("local", "web:ada", Learning.SCORES, now=at(2))
    other.join(30)

    assert seen == [Learning.SCORES]
