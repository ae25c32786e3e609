"""Who takes part in the next step: short ones soon, nobody never, and owners in turn."""

import pytest

from bench.report import percentile
from tests.worker.engine.step_simulation import (
    ROW_S,
    STEP_S,
    FirstComeFirstServed,
    Wish,
    mixed_load,
    play,
    waits,
)
from worker.engine.turns import AGEING, RESIDENCY_S, Candidate, Turns


def wanting(name, remaining_s=1.0, *, picture=0, **fields):
    defaults = {"key": "square", "arrived_at": 0.0, "owner": name}
    return Candidate(
        request_id=name, picture=picture, remaining_s=remaining_s, **{**defaults, **fields}
    )


def room_for(most):
    return lambda _key, count: min(count, most)


def chosen(turns, waiting, *, now=0.0, most=8):
    return [each.request_id for each in turns.choose(waiting, now, room_for(most))]


def test_nobody_waits_nobody_is_chosen():
    assert Turns().choose([], 0.0, room_for(8)) == []


def test_the_least_work_goes_first():
    """Of a request's pictures all count: it is done when they all are."""
    waiting = [
        wanting("long", 3.0),
        *[wanting("four", 1.0, picture=index) for index in range(4)],
        wanting("short", 0.5),
    ]

    assert chosen(Turns(), waiting, most=3) == ["short", "long", "four"]


def test_a_higher_priority_goes_first_however_long_it_is():
    """The room that it leaves is for the others of its key."""
    waiting = [wanting("short", 0.1), wanting("urgent", 9.0, priority=1)]

    assert chosen(Turns(), waiting, most=1) == ["urgent"]
    assert chosen(Turns(), waiting, most=2) == ["urgent", "short"]


def test_only_one_key_takes_a_step():
    """What differs in size or model cannot share one."""
    waiting = [wanting("a", 1.0), wanting("b", 0.5, key="wide"), wanting("c", 2.0)]

    assert chosen(Turns(), waiting) == ["b"]


def test_as_many_as_there_is_room_for_take_part():
    waiting = [wanting(f"r{index}", 1.0 + index) for index in range(5)]

    assert chosen(Turns(), waiting, most=4) == ["r0", "r1", "r2", "r3"]


def test_what_has_not_begun_takes_no_part_but_counts():
    """Four pictures are four pictures' work, however many of them have begun."""
    waiting = [
        wanting("four", 1.0),
        *[wanting("four", 1.0, picture=index, is_ready=False) for index in (1, 2, 3)],
        wanting("two", 2.0),
    ]

    assert chosen(Turns(), waiting) == ["two", "four"]
    assert chosen(Turns(), [each for each in waiting if not each.is_ready]) == []


def test_waiting_makes_up_for_work():
    """Once it has waited for its work over the weight, no newcomer overtakes it."""
    big = wanting("big", 2.0)
    for now, first in ((1.0, "new"), (2.0 / AGEING + 1, "big")):
        waiting = [big, wanting("new", 0.01, arrived_at=now)]

        assert chosen(Turns(), waiting, now=now, most=1) == [first]


def test_who_asks_often_waits_behind_who_asks_once():
    """The second request of an owner counts with the first one before it."""
    waiting = [
        wanting("a1", 1.0, owner="a"),
        wanting("a2", 1.0, owner="a"),
        wanting("b", 1.5, owner="b"),
    ]

    assert chosen(Turns(), waiting, most=2) == ["a1", "b"]


def test_what_an_owner_was_given_counts_against_their_next_request():
    """A stream of short requests does not shut out a longer one of somebody else."""
    turns = Turns(ageing=0.0)
    longer = wanting("b", 0.35, owner="b")
    served = []
    for index in range(10):
        waiting = [wanting(f"a{index}", 0.1, owner="a"), longer]
        (first,) = turns.choose(waiting, 0.0, room_for(1))
        served.append(first.owner)
        turns.charge([first], 0.1)

    assert served[:4] == ["a", "a", "a", "b"]


def test_nobody_saves_up_turns():
    """Who comes back after a long absence stands where the least served one stands."""
    turns = Turns(ageing=0.0)
    for index in range(100):
        (first,) = turns.choose([wanting(f"a{index}", 1.0, owner="a")], 0.0, room_for(1))
        turns.charge([first], 1.0)

    waiting = [wanting("a", 1.0, owner="a"), wanting("b", 1.1, owner="b")]
    assert chosen(turns, waiting, most=1) == ["a"]


def test_a_key_that_waits_is_let_in_and_may_stay_a_little():
    """A stream of short requests of one size does not shut out another size."""
    turns = Turns(ageing=0.0)
    now, step_s = 0.0, 0.05
    served = []
    while now < 10.0:
        waiting = [wanting(f"s{now}", 0.05), wanting("wide", 50.0, key="wide")]
        (first,) = turns.choose(waiting, now, room_for(1))
        turns.charge([first], step_s)
        served.append(first.key)
        now += step_s

    shares = served.count("wide") / len(served)
    first_wide = served.index("wide") * step_s
    assert first_wide <= RESIDENCY_S + 2 * step_s
    assert shares == pytest.approx(0.2, abs=0.05)


def test_short_requests_do_not_queue_behind_long_ones():
    """At load 0.8 the 4-step requests' p95 is a quarter of that in order of arrival, or less."""
    for seed in (0, 1):
        wishes = mixed_load(load=0.8, count=400, seed=seed)
        short = [wish.name for wish in wishes if wish.steps == 4]

        ours = waits(wishes, play(Turns(), wishes))
        theirs = waits(wishes, play(FirstComeFirstServed(), wishes))

        ratio = percentile([ours[name] for name in short], 0.95) / percentile(
            [theirs[name] for name in short], 0.95
        )
        assert ratio <= 0.25
        assert sum(ours.values()) < sum(theirs.values())


def test_a_big_request_is_never_starved():
    """Short ones come for ever at the rate at which the device can just serve them."""
    apart_s = 4 * ROW_S
    crowd = [Wish(f"{index}", index * apart_s, 4, owner=f"{index}") for index in range(3000)]
    big = Wish("big", 0.0, 30, pictures=4, owner="big")

    finished = play(Turns(), [big, *crowd], until_s=big.work_s / AGEING * 3)

    # From work / ageing on nobody overtakes it; then there is its own work, in their company.
    bound_s = big.work_s / AGEING + 30 * STEP_S[8] * 2
    assert finished["big"] <= bound_s


def test_owners_get_equal_shares_whatever_they_ask_for():
    """One asks for forty requests, one for four at a time: both are served alike while both wait."""
    greedy = [Wish(f"g{index}", 0.0, 10, owner="greedy") for index in range(40)]
    modest = [Wish(f"m{index}", 0.0, 10, owner="modest") for index in range(10)]

    finished = play(Turns(), [*greedy, *modest])

    ends = max(finished[wish.name] for wish in modest)
    served = sum(finished[wish.name] <= ends for wish in greedy)
    assert 5 <= served <= 16


def test_ageing_costs_the_short_ones_nothing():
    """What the weight was chosen by: the largest wait falls, the short ones' p95 stays."""
    wishes = mixed_load(load=0.8, count=600, seed=1)
    short = [wish.name for wish in wishes if wish.steps == 4]

    with_ageing = waits(wishes, play(Turns(), wishes))
    without = waits(wishes, play(Turns(ageing=0.0), wishes))

    assert max(with_ageing.values()) < 0.75 * max(without.values())
    assert percentile([with_ageing[name] for name in short], 0.95) < 1.2 * percentile(
        [without[name] for name in short], 0.95
    )
