"""A cookie makes a browser a member, a one-time link a moderator, and neither can be forged."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.web_app.session import (
    COOKIE_MAX_AGE_S,
    ENTRY_MAX_AGE_S,
    MODERATOR_FOR_S,
    Session,
    Sessions,
    entry_link,
)
from core.contracts.actors import Role
from core.errors import UserError

NOW = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("itsdangerous.timed.time.time", clock)
    return clock


@pytest.fixture
def sessions(clock) -> Sessions:
    return Sessions("a secret", "local", clock)


def test_a_new_browser_becomes_a_member_with_a_friendly_name(sessions):
    """Two words that say nothing of who it is."""
    session = sessions.new()

    assert re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", session.name)
    assert len(set(session.name.split())) == 2
    assert session.member_id.startswith("web:")
    assert sessions.actor(session).role is Role.MEMBER


def test_two_browsers_are_two_members(sessions):
    """The id is drawn, not derived from anything the browser brings."""
    assert sessions.new().member_id != sessions.new().member_id


def test_a_cookie_reads_back_as_it_was_written(sessions):
    """The next page load finds the same member."""
    session = sessions.new()

    assert sessions.read(sessions.write(session)) == session


@pytest.mark.parametrize(
    "cookie",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("not.a.cookie", id="nonsense"),
        pytest.param(
            Sessions("another secret", "local").write(
                Session(community_id="local", member_id="web:x", name="X", moderator_until=2**40)
            ),
            id="signed with another key",
        ),
        pytest.param(
            Sessions("a secret", "elsewhere").write(
                Session(community_id="elsewhere", member_id="web:x", name="X")
            ),
            id="another community's",
        ),
        pytest.param(Sessions("a secret", "local").entry_token(), id="an entry token"),
    ],
)
def test_a_cookie_that_is_not_ours_makes_nobody_a_member(sessions, cookie):
    """Whoever brings one starts as a stranger."""
    assert sessions.read(cookie) is None


def test_a_cookie_of_an_earlier_shape_makes_nobody_a_member(sessions):
    """Signed by us, but without what is needed now."""
    assert sessions.read(str(sessions._cookies.dumps({"member": "web:x"}))) is None


def test_a_cookie_ends_after_half_a_year(sessions, clock):
    """A browser that was away for longer starts anew."""
    cookie = sessions.write(sessions.new())

    clock.now += COOKIE_MAX_AGE_S
    assert sessions.read(cookie)
    clock.now += 2
    assert sessions.read(cookie) is None


def test_a_moderator_is_one_for_a_week(sessions, clock):
    """A laptop that is lent or lost does not stay a moderator's."""
    session = sessions.promote(sessions.new())

    assert sessions.actor(session).is_moderator
    clock.now += MODERATOR_FOR_S + 1
    assert not sessions.actor(session).is_moderator


def test_promotion_keeps_who_somebody_is(sessions):
    """What they asked for before stays theirs."""
    session = sessions.new()

    promoted = sessions.promote(session)

    assert (promoted.member_id, promoted.name) == (session.member_id, session.name)


def test_each_entry_token_has_an_id_of_its_own(sessions):
    """By which it is recognised when it comes a second time."""
    first, second = (sessions.read_entry(sessions.entry_token()) for _ in range(2))

    assert first != second


def test_an_entry_token_ends_after_its_day(sessions, clock):
    """A link that nobody followed does not lie around open."""
    token = sessions.entry_token()

    clock.now += ENTRY_MAX_AGE_S + 1
    with pytest.raises(UserError, match="entry_link_invalid"):
        sessions.read_entry(token)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none"),
        pytest.param("forged", id="nonsense"),
        pytest.param(Sessions("other", "local").entry_token(), id="signed with another key"),
        pytest.param(
            Sessions("a secret", "local")._entries.dumps({"purpose": "review", "id": "1"}),
            id="for another purpose",
        ),
        pytest.param(Sessions("a secret", "local")._entries.dumps("text"), id="of another shape"),
    ],
)
def test_a_token_that_is_not_ours_lets_nobody_in(sessions, token):
    """Nor does one that was made for something else."""
    with pytest.raises(UserError, match="entry_link_invalid"):
        sessions.read_entry(token)


def test_an_entry_link_carries_its_token(clock):
    """The command line makes it for the web app to read: both know the same secret."""
    link = urlsplit(entry_link("http://127.0.0.1:8700/", "a secret", "local"))

    assert (link.netloc, link.path) == ("127.0.0.1:8700", "/enter")
    assert Sessions("a secret", "local", clock).read_entry(parse_qs(link.query)["token"][0])


def test_an_admins_link_makes_an_admin_and_a_moderators_no_more():
    """The token says which, and nobody can write one without the secret."""
    sessions = Sessions("for-tests-only", "local")
    roles = {}

    for role in (Role.MODERATOR, Role.ADMIN):
        token = sessions.entry_token(role)
        sessions.read_entry(token)
        promoted = sessions.promote(sessions.new(), sessions.role_of(token))
        roles[role] = sessions.actor(promoted).role

    assert roles == {Role.MODERATOR: Role.MODERATOR, Role.ADMIN: Role.ADMIN}


def test_an_admins_week_ends():
    now = [1_000_000.0]
    sessions = Sessions("for-tests-only", "local", clock=lambda: now[0])
    admin = sessions.promote(sessions.new(), Role.ADMIN)

    now[0] += MODERATOR_FOR_S + 1

    assert sessions.actor(admin).role is Role.MEMBER
