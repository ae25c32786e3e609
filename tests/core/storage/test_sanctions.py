"""Hold the record of sanctions of both databases to: all kept, live ones found, lifted by one."""

import threading
from datetime import timedelta

import pytest

from core.contracts.actors import Platform, Role
from core.contracts.ids import MemberId, new_id
from core.contracts.sanctions import SYSTEM, Sanction, SanctionKind, SanctionNews
from core.errors import NotFound
from core.workflow import JobState
from tests.core.storage.samples import OWNER, a_job, at

K = SanctionKind


def a_sanction(kind=K.STRIKE, at_s=0.0, *, hours=24.0, member="web:ada", **fields):
    given_at = at(at_s)
    defaults = {
        "sanction_id": new_id(),
        "community_id": "local",
        "member_id": MemberId(member),
        "kind": kind,
        "weight": 1.5 if kind is K.STRIKE else 0,
        "reason": "Please do not.",
        "by": SYSTEM,
        "by_name": "",
        "at": given_at,
        "expires_at": None if hours is None else given_at + timedelta(hours=hours),
    }
    return Sanction(**{**defaults, **fields})


def add(store, *sanctions):
    with store.unit() as unit:
        for each in sanctions:
            unit.sanctions.add(each)
    return sanctions


def test_a_sanction_is_read_back_as_it_was_written(store):
    """Weight, times, reason and all; of another community nobody knows."""
    given = a_sanction(category="gore_graphic", job_id="j1", by="web:mod", by_name="Mod")
    add(store, given)

    with store.reading() as unit:
        assert unit.sanctions.read(given.sanction_id, community_id="local") == given
        assert unit.sanctions.of_member("local", "web:ada") == [given]
        assert unit.sanctions.of_member("local", "web:ada", job_id="j1") == [given]
        assert unit.sanctions.of_member("local", "web:ada", job_id="j2") == []
        assert unit.sanctions.of_member("elsewhere", "web:ada") == []
        with pytest.raises(NotFound, match="sanction_not_found"):
            unit.sanctions.read(given.sanction_id, community_id="elsewhere")
        with pytest.raises(NotFound):
            unit.sanctions.read("none", community_id="local")


def test_what_counts_at_a_moment_is_what_neither_expired_nor_was_lifted(store):
    short, long, lifted, good = add(
        store,
        a_sanction(K.WARNING, 0, hours=1),
        a_sanction(K.COOL_DOWN, 1, hours=2),
        a_sanction(K.SLOW, 2, hours=2),
        a_sanction(K.BAN, 3, hours=None),
    )
    add(store, a_sanction(K.BAN, 4, member="web:bob"))
    with store.unit() as unit:
        unit.sanctions.lift(lifted.sanction_id, community_id="local", by="web:mod", now=at(5))

    with store.reading() as unit:
        live = unit.sanctions.live_of
        assert live("local", "web:ada", now=at(10)) == [short, long, good]
        assert live("local", "web:ada", now=at(3600)) == [long, good]
        assert live("local", "web:ada", now=at(9999)) == [good]
        limiting = unit.sanctions.limiting
        assert limiting("local", "web:ada", now=at(10)) == [long, good]
        assert limiting("local", "web:eve", now=at(10)) == []
        assert limiting("elsewhere", "web:ada", now=at(10)) == []


def test_a_community_s_sanctions_are_listed_newest_first_page_by_page(store):
    given = add(store, *(a_sanction(K.STRIKE, second // 2) for second in range(6)))
    [ban] = add(store, a_sanction(K.BAN, 9, member="web:bob"))
    add(store, a_sanction(K.BAN, 9, community_id="elsewhere"))

    with store.reading() as unit:
        seen, before = [], None
        while page := unit.sanctions.recent("local", limit=3, before=before):
            seen += page
            before = (page[-1].at, page[-1].sanction_id)
        assert seen[0] == ban
        assert len(seen) == 7
        assert sorted(seen[1:], key=lambda each: each.sanction_id) == sorted(
            given, key=lambda each: each.sanction_id
        )
        assert unit.sanctions.recent("local", kinds=[K.BAN]) == [ban]


def test_only_what_counts_is_listed_where_that_is_asked_for(store):
    """To the very moment, and page by page as everything is."""
    short, ban, lifted, strike = add(
        store,
        a_sanction(K.COOL_DOWN, 0, hours=1),
        a_sanction(K.BAN, 1, hours=None),
        a_sanction(K.WARNING, 2),
        a_sanction(K.STRIKE, 3),
    )
    add(store, a_sanction(K.BAN, 4, hours=None, community_id="club"))
    with store.unit() as unit:
        unit.sanctions.lift(lifted.sanction_id, community_id="local", by="web:mod", now=at(9))

    with store.reading() as unit:
        before = unit.sanctions.recent("local", live_at=at(3599))
        after = unit.sanctions.recent("local", live_at=at(3600))
        rest = unit.sanctions.recent(
            "local", live_at=at(3599), before=(strike.at, strike.sanction_id), limit=1
        )
    assert before == [strike, ban, short]
    assert after == [strike, ban]
    assert rest == [ban]


def test_a_sanction_is_lifted_with_who_when_and_why(store):
    [given] = add(store, a_sanction(K.BAN, hours=None))

    with store.unit() as unit:
        asked = unit.sanctions.ask_lift(given.sanction_id, community_id="local", by="web:eve")
        lifted = unit.sanctions.lift(
            given.sanction_id, community_id="local", by="web:kim", reason="A slip.", now=at(7)
        )

    assert asked.lift_asked_by == "web:eve"
    assert asked.is_live(at(7))
    assert (lifted.lifted_by, lifted.lifted_at, lifted.lift_reason) == ("web:kim", at(7), "A slip.")
    assert not lifted.is_live(at(7))
    with store.reading() as unit:
        assert unit.sanctions.of_member("local", "web:ada") == [lifted]


def test_who_decides_about_a_sanction_is_waited_for(store):
    """A second pardon begins when the first has ended, and sees what came of it."""
    [given] = add(store, a_sanction(K.BAN, hours=None))
    seen, looked = [], threading.Event()

    def second():
        with store.unit() as unit:
            looked.set()
            seen.append(unit.sanctions.get(given.sanction_id, community_id="local").lifted_at)

    other = threading.Thread(target=second)
    with store.unit() as unit:
        unit.sanctions.get(given.sanction_id, community_id="local")
        other.start()
        unit.sanctions.lift(given.sanction_id, community_id="local", by="web:kim", now=at(1))
    other.join(30)

    assert looked.is_set()
    assert seen == [at(1)]


def test_ladders_of_a_community_are_climbed_one_at_a_time(store):
    """Of two refusals at once, the later one sees the strike of the earlier."""
    seen = []

    def climb():
        with store.unit() as unit:
            unit.sanctions.take_turns("local")
            seen.append(len(unit.sanctions.live_of("local", "web:ada", now=at(1))))

    other = threading.Thread(target=climb)
    with store.unit() as unit:
        unit.sanctions.take_turns("local")
        unit.sanctions.add(a_sanction())
        other.start()
        unit.sanctions.add(a_sanction())
    other.join(30)

    assert seen == [2]


def test_the_breaker_counts_what_the_ladder_gave_and_no_strikes(store):
    times = [a_sanction(K.NOTE, 1), a_sanction(K.BAN, 2), a_sanction(K.WARNING, 3)]
    add(store, *times, a_sanction(K.STRIKE, 4), a_sanction(K.NOTE, 5, by="web:mod"))
    add(store, a_sanction(K.NOTE, 6, community_id="elsewhere"))

    with store.reading() as unit:
        since = unit.sanctions.automatic_since
        assert since("local", at(0), limit=9) == [at(3), at(2), at(1)]
        assert since("local", at(1), limit=1) == [at(3)]


def news(store, now, platform=Platform.WEB):
    with store.unit() as unit:
        due = unit.sanction_notices.claim(platform, OWNER, now=now, lease_s=20)
        for each in due:
            assert unit.sanction_notices.ack(each.notice_no, OWNER, now=now)
    return [(each.news, each.sanction_id) for each in due]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (K.NOTE, []),
        (K.WARNING, [SanctionNews.GIVEN]),
        (K.STRIKE, [SanctionNews.GIVEN]),
        (K.SLOW, [SanctionNews.GIVEN, SanctionNews.ENDED]),
        (K.COOL_DOWN, [SanctionNews.GIVEN, SanctionNews.ENDED]),
        (K.BAN, [SanctionNews.GIVEN, SanctionNews.ENDED]),
    ],
)
def test_a_member_is_told_when_it_begins_and_when_it_ends(store, kind, told):
    [given] = add(store, a_sanction(kind, hours=2))

    at_once = news(store, at(1))
    with store.reading() as unit:
        assert not unit.sanction_notices.is_due(Platform.WEB, now=at(7199))
    later = news(store, at(7200))

    assert at_once + later == [(each, given.sanction_id) for each in told]
    assert len(at_once) <= 1
    assert news(store, at(99999)) == []


def test_a_refusal_s_strike_is_no_news_and_a_pardon_is(store):
    """Of the refusal itself its author has heard."""
    strike, ban = add(
        store, a_sanction(job_id="j1", hours=1), a_sanction(K.BAN, hours=None, member="slack:bob")
    )
    assert news(store, at(1)) == []
    assert news(store, at(1), Platform.SLACK) == [(SanctionNews.GIVEN, ban.sanction_id)]

    with store.unit() as unit:
        for each in (strike, ban):
            unit.sanctions.lift(each.sanction_id, community_id="local", by="web:mod", now=at(2))

    assert news(store, at(2)) == []
    assert news(store, at(2), Platform.SLACK) == [(SanctionNews.LIFTED, ban.sanction_id)]


@pytest.mark.parametrize("member", ["cli:root", "nobody"])
def test_who_has_no_front_end_is_told_by_none(store, member):
    add(store, a_sanction(K.BAN, member=member))

    assert [news(store, at(1), platform) for platform in Platform] == [[]] * len(Platform)


def test_a_notice_is_told_by_one_and_comes_back_when_its_teller_dies(store):
    add(store, a_sanction(K.WARNING))

    with store.unit() as unit:
        [notice] = unit.sanction_notices.claim(Platform.WEB, "one", now=at(1), lease_s=20)
        assert unit.sanction_notices.claim(Platform.WEB, "two", now=at(2), lease_s=20) == []
    with store.unit() as unit:
        [again] = unit.sanction_notices.claim(Platform.WEB, "two", now=at(21), lease_s=20)
        assert (again.notice_no, again.attempts, again.key) == (notice.notice_no, 2, notice.key)
        assert not unit.sanction_notices.ack(notice.notice_no, "one", now=at(22))
        unit.sanction_notices.release(notice.notice_no, "one", retry_at=at(22))
        unit.sanction_notices.release(notice.notice_no, "two", retry_at=at(30))
        assert unit.sanction_notices.claim(Platform.WEB, "two", now=at(29), lease_s=20) == []
        [last] = unit.sanction_notices.claim(Platform.WEB, "two", now=at(30), lease_s=20)
        assert unit.sanction_notices.ack(last.notice_no, "two", now=at(31))


def test_members_are_known_by_their_newest_request(store):
    with store.unit() as unit:
        for second, (member, name, role) in enumerate(
            [
                ("web:ada", "Ada", Role.MEMBER),
                ("web:bob", "Bob", Role.MODERATOR),
                ("web:ada", "Ada L", Role.ADMIN),
            ]
        ):
            job = a_job(JobState.DELIVERED, member=member, created_at=at(second))
            actor = job.actor.model_copy(update={"display_name": name, "role": role})
            unit.jobs.add(job.model_copy(update={"actor": actor}))
        unit.jobs.add(a_job(JobState.DELIVERED, member="web:eve", community="elsewhere"))

    with store.reading() as unit:
        found = unit.members.recent("local")
        assert [(each.member_id, each.display_name, each.role) for each in found] == [
            ("web:ada", "Ada L", Role.ADMIN),
            ("web:bob", "Bob", Role.MODERATOR),
        ]
        assert unit.members.get("local", "web:ada") == found[0]
        assert unit.members.get("local", "web:eve") is None
