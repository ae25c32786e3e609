"""A stage ends when its time is up, and counts only time that it had."""

import pytest

from worker.train.schedules import Stopwatch, learning_rate


class Clock:
    """Time that the test moves."""

    now = 1000.0

    def __call__(self):
        return self.now


def test_minutes_are_spent_step_by_step():
    """The share is that of the minutes."""
    clock = Clock()
    watch = Stopwatch(minutes=1, clock=clock)
    watch.tick()

    clock.now += 3

    assert watch.tick() == pytest.approx(3 / 60)


def test_a_stop_counts_for_no_more_than_a_step():
    """A process that was stopped for an hour has not trained for an hour."""
    clock = Clock()
    watch = Stopwatch(minutes=1, clock=clock)
    watch.tick()

    clock.now += 3600

    assert watch.tick() == pytest.approx(5 / 60)


def test_a_moment_is_met_whatever_happened_before():
    """With a moment to be done by, the share is 1 at that moment and not before."""
    clock = Clock()
    watch = Stopwatch(until=1100.0, clock=clock)
    watch.tick()
    shares = []

    for step_s in (2, 60, 30, 8):
        clock.now += step_s
        shares.append(watch.tick())

    assert shares == sorted(shares)
    assert shares[-2] < 1
    assert shares[-1] == 1


def test_steps_count_whatever_they_take():
    """A plan in steps ends at the same step on every machine."""
    clock = Clock()
    watch = Stopwatch(minutes=1, steps=4, clock=clock)

    shares = []
    for done in (0, 1, 4, 5):
        clock.now += 50
        shares.append(watch.tick(done))

    assert shares == [0, 0.25, 1, 1]


def test_a_pause_is_left_out():
    """Writing a checkpoint is no training."""
    clock = Clock()
    watch = Stopwatch(minutes=1, clock=clock)
    watch.tick()

    watch.pause()
    clock.now += 4

    assert watch.tick() == 0


def test_the_learning_rate_warms_up_and_falls_to_nought():
    """Half a cosine."""
    assert learning_rate(1.0, 0.0, 0) < 0.05
    assert learning_rate(1.0, 0.5, 1000) == pytest.approx(0.5)
    assert learning_rate(1.0, 1.0, 1000) == pytest.approx(0.0)
