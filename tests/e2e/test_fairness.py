"""Twenty members on the shipped model: nobody waits for more than one job of each of the others."""

import random

import pytest

from bench.fairness import ENV, overtakings, serve, waits_in_starts
from bot.bootstrap import build_services
from bot.embedded.stack import Stack, settings_from

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

MEMBERS = 20


def test_nobody_waits_for_two_jobs_of_the_same_person(tmp_path):
    """With one to three small jobs each, four at a time, over the whole road."""
    chance = random.Random(3)
    counts = [3, *(chance.randint(1, 3) for _ in range(MEMBERS - 2)), 1]

    with (
        Stack(ENV, tmp_path).start() as stack,
        build_services(settings_from(stack.env)) as services,
    ):
        served = serve(services, stack, counts)

    began = [member for what, _, member in served.events if what == "began"]
    assert len(began) == sum(counts)
    assert max(overtakings(served.events)) == 1
    assert max(waits_in_starts(served.events)) <= MEMBERS
