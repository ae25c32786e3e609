"""Hold the console's sessions of both databases to: known by a hash, over in four ways."""

from datetime import timedelta

import pytest

from core.contracts.actors import Role
from core.contracts.console import ConsoleSession
from tests.core.storage.samples import at

IDLE = timedelta(seconds=30)


def a_session(session_id="s1", **changes):
    fields = {
        "session_id": session_id,
        "community_id": "local",
        "member_id": "web:mo",
        "display_name": "Mo",
        "role": Role.MODERATOR,
        "provider": "link",
        "browser": "Firefox on Linux",
        "created_at": at(0),
        "seen_at": at(0),
        "expires_at": at(100),
    }
    return ConsoleSession(**fields | changes)


def opened(store, session, proof=None):
    with store.unit() as unit:
        return unit.console_sessions.open(
            session,
            token_sha256=f"hash of {session.session_id}",
            proof_id=proof or f"proof of {session.session_id}",
        )


def found(store, session_id="s1", community="local", now=None):
    with store.reading() as unit:
        return unit.console_sessions.find(
            community, f"hash of {session_id}", idle=IDLE, now=now or at(1)
        )


def test_a_session_is_found_by_its_token_s_hash(store):
    assert opened(store, a_session()) is True

    assert found(store) == a_session()
    assert found(store).actor.role is Role.MODERATOR
    assert found(store, "another") is None


def test_a_session_of_another_community_is_nobody_s_here(store):
    """One store may hold several communities."""
    opened(store, a_session())

    assert found(store, community="elsewhere") is None


@pytest.mark.parametrize(
    ("seen", "now", "is_live"),
    [
        pytest.param(0, 29, True, id="quiet, not for long"),
        pytest.param(0, 30, False, id="idle"),
        pytest.param(90, 99, True, id="busy to the last"),
        pytest.param(99, 100, False, id="busy, and over"),
    ],
)
def test_a_session_ends_by_being_idle_and_by_its_age(store, seen, now, is_live):
    opened(store, a_session())
    with store.unit() as unit:
        unit.console_sessions.touch("s1", now=at(seen))

    assert (found(store, now=at(now)) is not None) is is_live
    with store.reading() as unit:
        listed = unit.console_sessions.of_member("local", "web:mo", idle=IDLE, now=at(now))
    assert bool(listed) is is_live


def test_a_proof_of_sign_in_is_good_for_one_session(store):
    """A second one changes nothing: neither a new session nor the first one's token."""
    opened(store, a_session("s1"), proof="link 1")

    assert opened(store, a_session("s2"), proof="link 1") is False

    assert found(store, "s1") is not None
    assert found(store, "s2") is None


def test_signing_out_ends_one_session_and_it_stays_over(store):
    opened(store, a_session("s1"))
    opened(store, a_session("s2"))

    with store.unit() as unit:
        assert unit.console_sessions.end("local", "web:mo", "s1", now=at(1)) is True
        assert unit.console_sessions.end("local", "web:mo", "s1", now=at(2)) is False
        unit.console_sessions.touch("s1", now=at(3))

    assert found(store, "s1") is None
    assert found(store, "s2") is not None


def test_nobody_ends_another_person_s_session(store):
    opened(store, a_session("s1"))

    with store.unit() as unit:
        assert unit.console_sessions.end("local", "web:eve", "s1", now=at(1)) is False
        assert unit.console_sessions.end("elsewhere", "web:mo", "s1", now=at(1)) is False
        assert unit.console_sessions.end_all("local", "web:eve", now=at(1)) is False

    assert found(store, "s1") is not None


def test_signing_out_everywhere_may_spare_one_session(store):
    for name in ("s1", "s2", "s3"):
        opened(store, a_session(name))
    opened(store, a_session("eve", member_id="web:eve"))

    with store.unit() as unit:
        assert unit.console_sessions.end_all("local", "web:mo", but="s2", now=at(1)) is True

    assert [found(store, name) is not None for name in ("s1", "s2", "s3", "eve")] == [
        False,
        True,
        False,
        True,
    ]


def test_the_newest_session_is_listed_first(store):
    opened(store, a_session("s1"))
    opened(store, a_session("s2", created_at=at(5)))
    opened(store, a_session("eve", member_id="web:eve"))

    with store.reading() as unit:
        listed = unit.console_sessions.of_member("local", "web:mo", idle=IDLE, now=at(6))

    assert [each.session_id for each in listed] == ["s2", "s1"]


def test_what_is_long_over_makes_room(store):
    """And what is over since yesterday still stands for its used proof."""
    opened(store, a_session("old"), proof="old link")
    later = at(100) + timedelta(days=8)
    times = {"created_at": later, "seen_at": later, "expires_at": later + timedelta(hours=1)}

    assert opened(store, a_session("yesterday"), proof="old link") is False
    assert opened(store, a_session("new", **times)) is True
    assert opened(store, a_session("newer", **times), proof="old link") is True
