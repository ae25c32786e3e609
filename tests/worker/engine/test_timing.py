"""How many drawings share a step follows from how long steps take."""

import pytest

from worker.engine.families.base import BUCKETS as FAMILY_BUCKETS
from worker.engine.timing import BUCKETS, StepTimes, Timing, bucket_of

OVERHEAD_BOUND = {1: 0.030, 2: 0.036, 4: 0.050, 8: 0.080}
COMPUTE_BOUND = {1: 0.100, 2: 0.198, 4: 0.396, 8: 0.792}
FULL_AT_FOUR = {1: 0.060, 2: 0.070, 4: 0.100, 8: 0.200}


def times_of(measured, *, is_padded=False):
    times = StepTimes(is_padded)
    for count, took_s in measured.items():
        times.note(count, took_s)
    return times


@pytest.mark.parametrize(
    ("measured", "best"),
    [
        pytest.param(OVERHEAD_BOUND, 8, id="each doubling pays"),
        pytest.param(COMPUTE_BOUND, 1, id="no doubling pays"),
        pytest.param(FULL_AT_FOUR, 4, id="the device is full at four"),
        pytest.param({}, 8, id="nothing is known"),
        pytest.param({1: 0.1, 8: 0.8}, 8, id="no doubling is known"),
    ],
)
def test_the_batch_grows_as_long_as_company_pays(measured, best):
    """More than five in a hundred of a picture's share, each time it doubles."""
    assert times_of(measured).best == best


def test_the_share_is_that_of_the_best_batch():
    """What the scheduler counts work in."""
    assert times_of(OVERHEAD_BOUND).share_s() == pytest.approx(0.010)
    assert times_of(COMPUTE_BOUND).share_s() == pytest.approx(0.100)


def test_what_is_not_measured_is_read_off_its_neighbours():
    times = times_of({2: 0.04, 4: 0.06})

    assert times.step_s(3) == pytest.approx(0.05)
    assert times.step_s(1) == pytest.approx(0.04), "no longer than two"
    assert times.step_s(8) == pytest.approx(0.12), "no company pays that nobody has seen"


def test_a_quicker_step_counts_at_once_and_a_slower_one_little():
    """A neighbour's noise makes steps long, never short."""
    times = times_of({1: 0.10})

    times.note(1, 0.05)
    times.note(1, 0.09)

    assert times.known[1] == pytest.approx(0.06)


def test_padding_is_only_paid_for_where_it_is_worth_it():
    """Five in a step of eight: slower than four in a step of four where the device is full."""
    worth_it = times_of(OVERHEAD_BOUND, is_padded=True)
    not_worth_it = times_of({1: 0.1, 2: 0.15, 4: 0.22, 8: 0.40}, is_padded=True)

    assert worth_it.room(7) == 7
    assert not_worth_it.room(5) == 4
    assert not_worth_it.room(8) == 8
    assert times_of({1: 0.1, 2: 0.15, 4: 0.22, 8: 0.40}).room(5) == 5, "nothing is padded"


def test_what_does_not_fit_is_halved_down_to_one():
    """And never grows again by itself: the memory is as large as it is."""
    times = times_of(OVERHEAD_BOUND, is_padded=True)

    assert times.halve(7)
    assert (times.best, times.room(8)) == (4, 4)
    assert times.halve(4)
    assert times.halve(2)
    assert times.best == 1
    assert not times.halve(1)
    assert times.best == 1


def test_what_is_left_to_measure():
    times = times_of({2: 0.04})

    assert times.unknown() == [1, 4, 8]


def test_each_key_has_times_of_its_own_until_its_model_goes():
    timing = Timing(is_padded=False)
    timing.of("square").note(1, 0.1)
    timing.of("wide").note(4, 0.3)

    assert timing.of("square").known == {1: 0.1}
    assert timing.longest_s() == 0.3
    timing.forget({"wide"})
    assert timing.longest_s() == 0.1
    assert Timing(is_padded=True).longest_s() == 0.0


def test_the_buckets_are_those_of_the_families():
    """Written twice, because one side must not import torch."""
    assert BUCKETS == FAMILY_BUCKETS
    assert [bucket_of(count) for count in (1, 2, 3, 5, 8, 9)] == [1, 2, 4, 8, 8, 8]


def test_what_was_slow_once_is_tried_again():
    """A neighbour that disturbed one measurement may not keep company small for ever."""
    times = times_of({1: 0.030, 2: 0.036, 4: 0.050, 8: 0.300})

    sizes = [times.room(8) for _ in range(100)]

    assert set(sizes) == {4, 8}
    assert sizes.count(8) == 2
    times.note(8, OVERHEAD_BOUND[8])
    assert times.room(8) == 8


def test_nothing_is_tried_that_does_not_fit_into_memory():
    times = times_of({1: 0.030, 2: 0.060})
    times.halve(8)

    assert max(times.room(8) for _ in range(100)) <= 4
