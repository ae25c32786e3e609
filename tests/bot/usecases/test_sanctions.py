"""Sanctions by hand: who may give and lift what, what comes of it at once, what is on record."""

from dataclasses import replace
from itertools import product

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import commands, imagine
from bot.usecases.sanctions import WORDS, read
from core.contracts.actors import Actor, Role
from core.contracts.ids import JobId, new_id
from core.contracts.policies import Scope
from core.contracts.sanctions import SanctionKind
from core.errors import UserError
from core.workflow import JobState
from tests.core.storage.samples import a_job
from tests.moderation.test_gates import put

K = SanctionKind
HOUR_S = 3600
BAD = "easel-known-positive-7q2k9x4m"
PORN = "porn"


@pytest.fixture
def eve():
    return person("eve", Role.ADMIN)


@pytest.fixture
def kim():
    return person("kim", Role.ADMIN)


def person(name, role=Role.MEMBER, community="local"):
    return Actor(
        community_id=community, member_id=f"web:{name}", display_name=name.title(), role=role
    )


@pytest.fixture
def say(services, address):
    def run(actor, text):
        return commands.run(services, actor, text, address)

    return run


@pytest.fixture(autouse=True)
def known(services, ada, bob, moderator, eve, kim):
    """Everybody has asked for something before."""
    for actor in (ada, bob, moderator, eve, kim):
        known_by_a_request(services, actor)


def known_by_a_request(services, actor):
    job = a_job(JobState.DELIVERED, created_at=services.clock())
    with services.store.unit() as unit:
        unit.jobs.add(job.model_copy(update={"job_id": JobId(new_id()), "actor": actor}))


def words_of(reply):
    fields = [f"{field.name}: {field.value}" for field in reply.fields]
    return "\n".join((reply.title, *reply.lines, *fields))


def live(services, actor):
    with services.store.reading() as unit:
        return unit.sanctions.live_of(actor.community_id, actor.member_id, now=services.clock())


def trail(services):
    with services.store.reading() as unit:
        rows = unit.audit.page("local")
    wanted = {"member_sanctioned", "member_pardoned", "pardon_asked"}
    return [(row.kind, row.by, row.about) for row in reversed(rows) if row.kind in wanted]


def refused(services, actor, address, text="a red apple"):
    try:
        imagine.submit(services, actor, text, address)
    except UserError as error:
        return error.code
    return None


# Who may do what: every kind and every role against every role.

LEAST = dict.fromkeys(K, Role.MODERATOR) | {K.BAN: Role.ADMIN}
ROLES = tuple(Role)
MATRIX = list(product(K, ROLES, ROLES))


def allowed(kind, role, other):
    if ROLES.index(role) < ROLES.index(LEAST[kind]):
        return "That takes another role"
    if role is not Role.ADMIN and ROLES.index(other) >= ROLES.index(role):
        return "Only an admin can sanction them"
    return None


@pytest.mark.parametrize(
    ("kind", "role", "other"),
    [pytest.param(*row, id="-".join(row)) for row in MATRIX],
)
def test_each_kind_by_each_role_against_each_role(services, say, kind, role, other):
    actor, target = person("giver", role), person("target", other)
    known_by_a_request(services, target)
    word = next(word for word, each in WORDS.items() if each is kind)
    hours = "24 " if kind in {K.SLOW, K.COOL_DOWN} else ""

    reply = say(actor, f"/sanction Target {word} {hours}Please do not.")

    expected = allowed(kind, role, other)
    if expected is None:
        assert reply.kind is ReplyKind.CARD
        assert [each.kind for each in live(services, target)] == [kind]
        assert trail(services) == [("member_sanctioned", "web:giver", "web:target")]
    else:
        assert reply.title == expected
        assert live(services, target) == []
        assert trail(services) == []


@pytest.mark.parametrize("kind", K)
@pytest.mark.parametrize("role", ROLES)
def test_nobody_sanctions_or_pardons_themself(services, say, kind, role):
    actor = person("giver", role)
    known_by_a_request(services, actor)
    word = next(word for word, each in WORDS.items() if each is kind)
    reply = say(actor, f"/sanction Giver {word} 24 I was good.")
    may = ROLES.index(role) >= ROLES.index(LEAST[kind])
    assert reply.title == ("That is about yourself" if may else "That takes another role")

    say(person("eve", Role.ADMIN), f"/sanction Giver {word} 24 A reason.")
    [given] = live(services, actor)
    reply = say(actor, f"/pardon {given.sanction_id}")

    assert reply.title == ("That is about yourself" if may else "That takes another role")
    assert live(services, actor) == [given]


@pytest.mark.parametrize(
    ("kind", "role"), [pytest.param(*row, id="-".join(row)) for row in product(K, ROLES)]
)
def test_each_kind_is_pardoned_by_those_who_may_give_it(services, say, ada, eve, kind, role):
    word = next(word for word, each in WORDS.items() if each is kind)
    say(eve, f"/sanction Ada {word} 24 A reason.")
    [given] = live(services, ada)

    reply = say(person("giver", role), f"/pardon {given.sanction_id.upper()} A slip.")

    may = ROLES.index(role) >= ROLES.index(LEAST[kind])
    if not may:
        assert reply.title == "That takes another role"
        assert live(services, ada) == [given]
    elif kind is K.BAN:  # A second person has to agree.
        assert "once a second person says so" in reply.title
        assert len(live(services, ada)) == 1
    else:
        assert live(services, ada) == []
        assert trail(services)[-1] == ("member_pardoned", "web:giver", "web:ada")


def test_the_policy_says_who(services, say, ada, moderator):
    put(
        services.store,
        Scope(community_id="local"),
        "roles: {sanction: admin, ban: moderator}",
    )
    services.gates.look_again()

    assert say(moderator, "/sanction Ada warning No.").title == "That takes another role"
    assert say(moderator, "/standing Ada").title == "That takes another role"
    put(services.store, Scope(community_id="local"), "roles: {ban: moderator}")
    services.gates.look_again()
    assert say(moderator, "/sanction Ada ban No.").kind is ReplyKind.CARD


def test_a_sanction_of_another_community_is_not_there(services, say, ada, eve):
    say(eve, "/sanction Ada warning Please do not.")
    [given] = live(services, ada)
    stranger = person("eve", Role.ADMIN, "elsewhere")

    assert say(stranger, f"/pardon {given.sanction_id}").title == "There is no such sanction"
    assert say(stranger, "/standing web:ada").title == "There is no member “web:ada” here"
    assert say(stranger, "/sanction web:ada ban No.").title == "There is no member “web:ada” here"
    assert live(services, ada) == [given]


# Lifting a ban.


def test_a_ban_goes_once_two_different_people_say_so(services, say, address, ada, eve, kim):
    say(eve, "/sanction Ada ban Enough.")
    [ban] = live(services, ada)
    asked = say(eve, f"/pardon {ban.sanction_id}")
    assert f"/pardon {ban.sanction_id}" in asked.lines[0]

    again = say(eve, f"/pardon {ban.sanction_id}")
    assert again.title == "That takes a second person"
    assert refused(services, ada, address) == "member_barred"

    done = say(kim, f"/pardon {ban.sanction_id} It was another one.")
    assert done.title == "The ban of Ada is taken back"
    assert refused(services, ada, address) is None
    assert trail(services) == [
        ("member_sanctioned", "web:eve", "web:ada"),
        ("pardon_asked", "web:eve", "web:ada"),
        ("member_pardoned", "web:kim", "web:ada"),
    ]


@pytest.mark.parametrize("hours", [1, 2])
def test_what_is_over_is_not_taken_back(services, clock, say, ada, eve, hours):
    say(eve, "/sanction Ada cool-down 1 Enough.")
    [given] = live(services, ada)
    if hours == 1:
        say(eve, f"/pardon {given.sanction_id}")
    else:
        clock.move(HOUR_S)

    assert say(eve, f"/pardon {given.sanction_id}").title == "That sanction is over"


# What a barred member can do, and what not.


@pytest.mark.parametrize("kind", ["cool-down 2", "ban 2", "ban"])
def test_who_is_barred_cannot_ask_and_can_do_all_else(services, say, address, ada, eve, kind):
    shown = say(ada, "/imagine a red apple")
    say(eve, f"/sanction Ada {kind} Leave Bob alone.")
    [given] = live(services, ada)

    reply = say(ada, "/imagine a red apple")

    assert (reply.kind, reply.visibility) == (ReplyKind.ERROR, Visibility.PRIVATE)
    assert given.sanction_id in reply.lines[0]
    assert "Leave Bob alone." in reply.lines[0]
    assert ("2026-03-01 14:00 UTC" if "2" in kind else "until moderators lift it") in reply.lines[0]
    assert say(ada, f"/rerun {shown.job_id}").kind is ReplyKind.ERROR
    for text in ("/help", "/history", "/standing", "/privacy", "/policy", "/settings count 2"):
        assert say(ada, text).kind is ReplyKind.CARD, text
    assert say(ada, f"/cancel {shown.job_id}").kind is not ReplyKind.ERROR


def test_what_a_barred_member_asks_is_neither_screened_for_them_nor_counted(
    services, say, address, ada, eve
):
    """A refusal would tell them what passes, and would be one more strike."""
    say(eve, "/sanction Ada cool-down 1 Wait.")
    with services.store.reading() as unit:
        before = unit.jobs.counts()

    assert refused(services, ada, address, PORN) == "member_barred"

    with services.store.reading() as unit:
        assert unit.jobs.counts() == before
    assert [each.kind for each in live(services, ada)] == [K.COOL_DOWN]


def test_a_large_request_of_a_barred_member_is_not_even_priced(services, say, address, ada, eve):
    say(eve, "/sanction Ada cool-down 1 Wait.")
    asking = replace(services, settings=services.settings.model_copy(update={"confirm_gpu_s": 0.1}))
    asking.paces.of = lambda _model: type("Pace", (), {"step_s": 9.0, "enlarging_s": 9.0})()

    assert refused(asking, ada, address) == "member_barred"


def test_a_cool_down_ends_by_itself_to_the_second(services, clock, say, address, ada, eve):
    say(eve, "/sanction Ada cool-down 0.5h Wait.")
    clock.move(HOUR_S / 2 - 1)
    assert refused(services, ada, address) == "member_barred"

    clock.move(1)

    assert refused(services, ada, address) is None


def test_the_longest_of_several_is_told(services, say, ada, eve):
    for sentence in ("cool-down 3 Three.", "ban Good.", "cool-down 5 Five."):
        say(eve, f"/sanction Ada {sentence}")

    assert "Good." in say(ada, "/imagine a red apple").lines[0]


def test_who_is_slowed_has_one_waiting_at_a_time(services, clock, say, address, ada, bob, eve):
    say(eve, "/sanction Ada slow 1 Slowly.")

    assert refused(services, ada, address) is None
    assert refused(services, ada, address) == "member_slowed"
    assert refused(services, bob, address) is None
    reply = say(ada, "/imagine a red apple")
    assert reply.title == "You are slowed down until 2026-03-01 13:00 UTC"
    clock.move(HOUR_S)
    assert refused(services, ada, address) is None


# The ladder, through the front door.


def test_a_refused_request_is_a_strike_in_the_same_breath(services, ada, address):
    jobs = [imagine.submit(services, ada, PORN, address).job_id for _ in range(3)]

    given = live(services, ada)
    assert sorted(each.kind for each in given) == sorted([K.STRIKE] * 3 + [K.NOTE])
    assert [each.job_id for each in given if each.kind is K.NOTE] == jobs[-1:]
    assert {each.job_id for each in given} == set(jobs)


def test_the_test_string_costs_nothing(services, ada, address):
    imagine.submit(services, ada, BAD, address)

    assert live(services, ada) == []


def test_refusals_lead_to_a_cool_down_that_holds(services, clock, ada, address):
    for _ in range(8):
        clock.move(1)
        assert refused(services, ada, address, PORN) is None

    assert refused(services, ada, address, PORN) == "member_barred"
    assert [each.kind for each in live(services, ada) if each.kind is not K.STRIKE] == [
        K.NOTE,
        K.WARNING,
        K.COOL_DOWN,
    ]
    clock.move(24 * HOUR_S)
    assert refused(services, ada, address) is None


# /standing


def test_who_has_nothing_is_told_so_and_what_would_come(say, ada):
    reply = say(ada, "/standing")

    assert (reply.title, reply.visibility) == ("Your standing", Visibility.PRIVATE)
    assert reply.lines == ("Nothing counts against you.", "The next step comes at 5: a warning.")
    assert reply.fields == ()


def test_a_member_sees_strikes_with_weights_and_ends_and_no_notes(services, say, ada, address):
    for _ in range(3):
        imagine.submit(services, ada, PORN, address)

    reply = say(ada, "/standing")

    assert "Strikes add up to 3." in reply.lines
    assert [field.name for field in reply.fields] == ["Strike of 1, until 2026-03-31 12:00 UTC"] * 3
    assert all("for request" in field.value for field in reply.fields)
    assert "note" not in words_of(reply).casefold()


def test_moderators_see_everything_and_by_whom(services, clock, say, ada, moderator, eve, address):
    for _ in range(3):
        imagine.submit(services, ada, PORN, address)
    clock.move(1)
    say(eve, "/sanction Ada cool-down 2 Leave Bob alone.")

    reply = say(moderator, "/standing ada")

    assert reply.title == "The standing of Ada (web:ada)"
    assert [field.name.partition(",")[0] for field in reply.fields] == [
        "Cool-down",
        "Note",
        *["Strike of 1"] * 3,
    ]
    assert "by Eve" in words_of(reply)
    assert "automatic" in words_of(reply)
    assert "The next step comes at 5: a warning." in reply.lines


def test_the_standing_of_others_is_for_moderators(say, ada, bob):
    assert say(ada, "/standing Bob").title == "That takes another role"


def test_moderators_are_told_that_the_ladder_rests(services, say, ada, bob, moderator, address):
    put(
        services.store,
        Scope(community_id="local"),
        "sanctions: {breaker: {per_hour: 1}, steps: [{at: 1, penalty: warn}]}",
    )
    services.gates.look_again()
    imagine.submit(services, ada, PORN, address)
    imagine.submit(services, bob, PORN, address)

    assert live(services, bob) == []
    for text in ("/standing", "/standing Ada", "/sanction Bob warning Careful."):
        assert any("rest until 2026-03-01 13:00 UTC" in line for line in say(moderator, text).lines)
    assert not any("rest until" in line for line in say(ada, "/standing").lines)


# Naming a member.


def test_a_name_that_two_bear_is_listed_by_id(services, clock, say, moderator, ada):
    clock.move(1)
    known_by_a_request(services, person("ada2").model_copy(update={"display_name": "ADA"}))

    reply = say(moderator, "/sanction Ada warning Which?")

    assert reply.title == "Several members are called “Ada”"
    assert "web:ada2 and web:ada" in reply.lines[0]
    assert say(moderator, "/sanction web:ada2 warning You.").title.startswith("ADA has a warning")
    assert live(services, ada) == []


def test_a_name_that_somebody_had_once_is_theirs_no_more(services, clock, say, moderator, ada):
    clock.move(1)
    known_by_a_request(services, ada.model_copy(update={"display_name": "Countess"}))

    assert say(moderator, "/standing Ada").title == "There is no member “Ada” here"
    assert "web:ada" in say(moderator, "/standing countess").title


def test_a_slip_in_a_name_is_helped(say, moderator):
    reply = say(moderator, "/standing Bop")

    assert reply.lines[0].startswith("Did you mean “Bob”?")


# What is typed.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("bob warning Be kind.", ("bob", K.WARNING, None, "Be kind."), id="plain"),
        pytest.param("bob cool_down 24 A b", ("bob", K.COOL_DOWN, 24, "A b"), id="underscore"),
        pytest.param("bob CoolDown 1.5h A", ("bob", K.COOL_DOWN, 1.5, "A"), id="half"),
        pytest.param("bob ban No.", ("bob", K.BAN, None, "No."), id="for good"),
        pytest.param("bob ban 24 No.", ("bob", K.BAN, 24, "No."), id="for a day"),
        pytest.param("bob strike 3 times", ("bob", K.STRIKE, None, "3 times"), id="no hours"),
        pytest.param("Ada L. note So.", ("Ada L.", K.NOTE, None, "So."), id="two words"),
        pytest.param('"Ban Ki" slow 2 So.', ("Ban Ki", K.SLOW, 2, "So."), id="quoted"),
        pytest.param("ban ban No.", ("ban", K.BAN, None, "No."), id="a name like a kind"),
    ],
)
def test_what_is_typed_is_read(text, expected):
    asked = read(text)

    assert (asked.member, asked.kind, asked.hours, asked.reason) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "sanction_member_missing"),
        ('"" ban No.', "sanction_member_missing"),
        ("bob", "sanction_kind_unknown"),
        ("bob bann No.", "sanction_kind_unknown"),
        ("bob cool-down No.", "sanction_hours_missing"),
        ("bob slow", "sanction_hours_missing"),
        ("bob cool-down 0 No.", "sanction_hours_invalid"),
        ("bob cool-down 8761 No.", "sanction_hours_invalid"),
        ("bob ban 24", "sanction_reason_missing"),
        ("bob warning", "sanction_reason_missing"),
        (f"bob warning {'x' * 301}", "sanction_reason_too_long"),
    ],
)
def test_what_cannot_be_read_does_nothing(services, say, moderator, bob, text, code):
    with pytest.raises(UserError) as caught:
        read(text)

    assert caught.value.code == code
    assert say(moderator, f"/sanction {text}").kind is ReplyKind.ERROR
    assert live(services, bob) == []


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("/pardon", "Which sanction?"),
        ("/pardon nothing", "There is no such sanction"),
        (f"/pardon x {'x' * 301}", "That reason is too long"),
    ],
)
def test_a_pardon_that_cannot_be_read_says_so(say, moderator, text, title):
    assert say(moderator, text).title == title
