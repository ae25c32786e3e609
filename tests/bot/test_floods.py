"""How often anybody may come is counted by window, by place and overall."""

import pytest

from bot.floods import WINDOW_S, Bounds, Flood
from tests.bot.web_app.fakes_events import EventsInMemory

BOUNDS = Bounds(each=2, overall=3, without_redis=1)


@pytest.fixture
def counted():
    return EventsInMemory()


@pytest.fixture
def flood(counted, clock):
    return Flood("door", counted, b"secret", clock)


def test_a_place_is_let_through_so_often_and_told_when_to_come_again(flood, clock):
    answers = [flood.over_for_s("here", BOUNDS) for _ in range(3)]

    assert answers[:2] == [None, None]
    assert 1 <= answers[2] <= WINDOW_S
    clock.move(answers[2])
    assert flood.over_for_s("here", BOUNDS) is None


def test_all_places_together_are_bounded(flood, counted):
    """And past that bound no further place is given a counter."""
    assert [flood.over_for_s(f"place {number}", BOUNDS) for number in range(3)] == [None] * 3

    assert flood.over_for_s("another", BOUNDS) is not None
    assert len(counted.tallies) == 4


def test_no_place_can_be_read_from_its_counter(flood, counted):
    flood.over_for_s("192.0.2.1", BOUNDS)

    assert not any("192.0.2" in name for name in counted.tallies)


def test_two_doors_count_apart(flood, counted, clock):
    other = Flood("other", counted, b"secret", clock)

    assert [each.over_for_s("here", BOUNDS) for each in (flood, other) * 2] == [None] * 4


def test_without_redis_a_few_are_let_through_in_each_window(flood, counted, clock):
    counted.is_away = True

    assert flood.over_for_s("here", BOUNDS) is None
    left_s = flood.over_for_s("there", BOUNDS)
    assert left_s is not None
    clock.move(left_s)
    assert flood.over_for_s("there", BOUNDS) is None
