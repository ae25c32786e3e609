"""Members hear of their sanctions once, privately, whatever dies on the way."""

from datetime import timedelta

import pytest

from bot.member_delivery import tell_members_forever, tell_next
from bot.web_app.channel import Channel
from bot.web_app.poster import ChannelTeller
from core.contracts.actors import Platform
from core.contracts.sanctions import SanctionKind
from core.errors import Unavailable
from tests.core.storage.test_sanctions import a_sanction

pytestmark = pytest.mark.anyio

K = SanctionKind
HOUR_S = 3600


class Told:
    """A teller that remembers, by key, and fails where it is asked to."""

    def __init__(self):
        self.replies = {}
        self.calls = 0
        self.failures = 0

    async def tell(self, notice, reply):
        self.calls += 1
        if self.failures:
            self.failures -= 1
            raise Unavailable("platform_away")
        self.replies.setdefault(notice.key, reply)

    def titles(self):
        return [reply.title for reply in self.replies.values()]


@pytest.fixture
def told():
    return Told()


def give(services, kind, *, hours=None, member="web:ada", **fields):
    now = services.clock()
    expires_at = None if hours is None else now + timedelta(hours=hours)
    given = a_sanction(kind, member=member).model_copy(
        update={"at": now, "expires_at": expires_at, "reason": "Leave Bob alone", **fields}
    )
    with services.store.unit() as unit:
        unit.sanctions.add(given)
    return given


async def tell_all(services, told, owner="one"):
    while await tell_next(services, Platform.WEB, told, owner):
        pass
    return told.titles()


def lift(services, given, reason="A slip"):
    with services.store.unit() as unit:
        unit.sanctions.lift(
            given.sanction_id,
            community_id="local",
            by="web:mod",
            reason=reason,
            now=services.clock(),
        )


async def test_a_cool_down_is_told_when_it_begins_and_when_it_is_over(services, clock, told):
    given = give(services, K.COOL_DOWN, hours=2)

    assert await tell_all(services, told) == ["A cool-down for you until 2026-03-01 14:00 UTC"]
    [reply] = told.replies.values()
    assert reply.lines[0] == "Leave Bob alone."
    assert given.sanction_id in reply.lines[-1]
    clock.move(2 * HOUR_S - 1)
    assert len(await tell_all(services, told)) == 1
    clock.move(1)
    assert (await tell_all(services, told))[1:] == ["Your cool-down is over"]
    clock.move(HOUR_S)
    await tell_all(services, told)
    assert told.calls == 2


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (K.WARNING, "A warning for you"),
        (K.STRIKE, "A strike for you"),
        (K.BAN, "A ban for you"),
        (K.SLOW, "A slow-down for you until 2026-03-01 13:00 UTC"),
        (K.NOTE, None),
    ],
)
async def test_each_kind_is_told_in_its_words_and_a_note_in_none(services, told, kind, title):
    give(services, kind, hours=1 if kind is K.SLOW else None)

    assert await tell_all(services, told) == ([title] if title else [])


async def test_the_ladders_own_reason_is_told_where_nobody_gave_one(services, told):
    give(services, K.COOL_DOWN, hours=1, reason="")

    await tell_all(services, told)

    [reply] = told.replies.values()
    assert reply.lines[0] == "Several requests of yours were refused within a short time."


async def test_a_pardon_is_told_and_then_no_end(services, clock, told):
    given = give(services, K.COOL_DOWN, hours=2)
    await tell_all(services, told)
    lift(services, given)

    assert (await tell_all(services, told))[1:] == ["Your cool-down was taken back"]
    clock.move(3 * HOUR_S)
    assert len(await tell_all(services, told)) == 2


async def test_what_was_taken_back_before_it_was_told_is_told_as_that_alone(services, told):
    lift(services, give(services, K.BAN))

    assert await tell_all(services, told) == ["Your ban was taken back"]


async def test_an_end_is_no_news_while_something_else_keeps_them_out(services, clock, told):
    give(services, K.COOL_DOWN, hours=1)
    give(services, K.BAN)
    await tell_all(services, told)

    clock.move(HOUR_S)

    assert len(await tell_all(services, told)) == 2


async def test_what_could_not_be_told_is_tried_again_later(services, clock, told):
    give(services, K.WARNING)
    told.failures = 1

    assert await tell_next(services, Platform.WEB, told, "one")
    assert not await tell_next(services, Platform.WEB, told, "one")
    clock.move(1)

    assert await tell_all(services, told) == ["A warning for you"]
    assert told.calls == 2


async def test_a_teller_that_died_leaves_it_to_the_next(services, clock, told):
    """It may have told it already: the same key is shown once."""
    give(services, K.WARNING)
    with services.store.unit() as unit:
        unit.sanction_notices.claim(Platform.WEB, "dead", now=services.clock(), lease_s=20)
    assert await tell_all(services, told, "next") == []

    clock.move(20)

    assert await tell_all(services, told, "next") == ["A warning for you"]


async def test_the_loop_waits_out_a_database_that_is_away(services, told, monkeypatch):
    """And goes on by itself."""
    give(services, K.WARNING)
    store, outages = services.store, [Unavailable("database_away")]

    def reading():
        if outages:
            raise outages.pop()
        return type(store).reading(store)

    class Done(Exception):
        pass

    class Once(Told):
        async def tell(self, notice, reply):
            await super().tell(notice, reply)
            rounds.append(notice.key)

    rounds = []

    async def short(_seconds):
        if rounds:
            raise Done

    monkeypatch.setattr(store, "reading", reading)
    monkeypatch.setattr("bot.member_delivery.anyio.sleep", short)

    with pytest.raises(Done):
        await tell_members_forever(services, Platform.WEB, Once(), "one")

    assert outages == []
    assert len(rounds) == 1


async def test_the_chat_shows_it_to_the_member_alone_once_and_dismissed_for_good(
    services, ada, bob
):
    class Hub:
        announced = 0

        def announce(self):
            self.announced += 1

    class Twice(ChannelTeller):
        async def tell(self, notice, reply):
            told[notice.key] = reply
            await super().tell(notice, reply)
            await super().tell(notice, reply)  # As after a crash in between.

    told, hub = {}, Hub()
    channel = Channel(services.store, services.clock, ada.community_id, "general")
    given = give(services, K.WARNING)

    assert await tell_next(services, Platform.WEB, Twice(channel, hub), "one")

    [message] = channel.recent(ada)[1]
    key = f"sanction:{given.sanction_id}:given"
    assert (message.audience, message.key) == (ada.member_id, key)
    assert channel.recent(bob)[1] == []
    assert hub.announced == 2
    channel.dismiss(ada, key)
    channel.tell(ada.member_id, key, told[key])
    assert channel.recent(ada)[1] == []
