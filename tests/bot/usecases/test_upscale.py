"""Enlarging takes one picture alone, with its words and its seed."""

import pytest

from bot.replies import Action
from bot.usecases import actions, imagine
from bot.wording.recipes import recipe
from core.workflow import JobState
from tests.bot.road import publish


@pytest.fixture
def grid(services, ada, address):
    text = "a {red,blue} apple --n 2 --seed 7 --no leaves"
    job_id = imagine.submit(services, ada, text, address).job_id
    publish(services, job_id, pictures=4)
    return job_id


def job_of(services, job_id):
    with services.store.reading() as unit:
        return unit.jobs.get(job_id)


def pictures_of(services, job_id):
    with services.store.reading() as unit:
        return unit.pictures.of_job(job_id)


def test_one_of_several_is_enlarged(services, bob, address, grid):
    """It is drawn from nothing but the picture, so nothing else of the request goes with it."""
    reply = actions.press(services, bob, Action.UPSCALE, grid, address, picture=3)

    job, picture = job_of(services, reply.job_id), pictures_of(services, grid)[3]
    assert recipe(job.spec, job.seed) == (
        f"/imagine a blue apple --seed {picture.seed} --image {picture.verify_id} --upscale 2"
    )
    assert job.spec.picture_count == 1
    assert (job.parent_id, job.action, job.state) == (grid, "upscale", JobState.SCREENING)


def test_a_tile_is_enlarged_as_one(services, ada, address):
    """Its edges must meet still."""
    job_id = imagine.submit(services, ada, "a {red,blue} apple --tile", address).job_id
    publish(services, job_id, pictures=2)

    reply = actions.press(services, ada, Action.UPSCALE, job_id, address, picture=0)

    assert job_of(services, reply.job_id).spec.is_tile


def test_it_can_be_typed_as_well(services, bob, address, grid):
    verify_id = pictures_of(services, grid)[0].verify_id

    reply = imagine.submit(services, bob, f"a cat --image {verify_id} --upscale 4", address)

    assert job_of(services, reply.job_id).spec.upscale == 4


def test_what_is_as_large_as_possible_is_not_enlarged_further(services, bob, address, grid):
    large = actions.press(services, bob, Action.UPSCALE, grid, address, picture=0).job_id
    publish(services, large, size=2048)

    reply = actions.press(services, bob, Action.UPSCALE, large, address, picture=0)

    assert reply.title == "That would be too large"


def test_its_words_are_screened_again(services, ada, address, grid):
    """The policy may have changed since."""
    reply = actions.press(services, ada, Action.UPSCALE, grid, address, picture=0)

    with services.store.reading() as unit:
        assert unit.verdicts.of_job(reply.job_id)
