"""A variation begins from the picture itself, in the words of that very picture."""

import pytest

from bot.grammar import parse
from bot.replies import Action, Form, ReplyKind
from bot.usecases import actions, imagine
from core.contracts.personal import MemberSettings
from core.workflow import JobState
from tests.bot.road import publish


def job_of(services, reply):
    with services.store.reading() as unit:
        return unit.jobs.get(reply.job_id)


def pictures_of(services, job_id):
    with services.store.reading() as unit:
        return unit.pictures.of_job(job_id)


def switch_remix_on(services, actor):
    with services.store.unit() as unit:
        unit.settings.set(
            actor.community_id, actor.member_id, MemberSettings(is_remix=True), now=services.clock()
        )


@pytest.fixture
def grid(services, ada, address):
    """Two permutations, two pictures of each."""
    text = "a {red,\\{blue\\}} apple --n 2 --seed 7 --steps 9 --no leaves"
    job_id = imagine.submit(services, ada, text, address).job_id
    publish(services, job_id, pictures=4)
    return job_id


@pytest.mark.parametrize(
    ("action", "weight", "name"),
    [
        (Action.VARY, 2.25, "vary_subtle"),
        (Action.VARY_SUBTLE, 2.25, "vary_subtle"),
        (Action.VARY_STRONG, 1.0, "vary_strong"),
    ],
)
def test_each_button_keeps_so_much_of_that_picture(
    services, bob, address, grid, action, weight, name
):
    """Of the fourth: its permutation, plain braces and all, and what else was asked for."""
    reply = actions.press(services, bob, action, grid, address, picture=3)

    job, picture = job_of(services, reply), pictures_of(services, grid)[3]
    assert job.spec.variants == ("a {blue} apple",) == (picture.prompt,)
    assert (job.spec.image, job.spec.image_weight) == (picture.verify_id, weight)
    assert (job.spec.steps, job.spec.negative, job.spec.count) == (9, ("leaves",), 2)
    assert (job.spec.seed, job.actor) == (None, bob)
    assert (job.parent_id, job.action, job.state) == (grid, name, JobState.SCREENING)


def test_a_variation_of_a_variation_begins_from_the_second(services, ada, address, grid):
    first = actions.press(services, ada, Action.VARY_STRONG, grid, address, picture=0).job_id
    publish(services, first, pictures=2)

    second = actions.press(services, ada, Action.VARY_SUBTLE, first, address, picture=1)

    spec = job_of(services, second).spec
    assert (spec.image, spec.image_weight) == (pictures_of(services, first)[1].verify_id, 2.25)


def test_a_variation_of_an_enlarged_picture_is_drawn_as_the_picture_behind_it(
    services, ada, address, grid
):
    """The enlarging asked for nothing but size; how it was drawn stands with the first request."""
    large = actions.press(services, ada, Action.UPSCALE, grid, address, picture=2).job_id
    publish(services, large)

    spec = job_of(
        services, actions.press(services, ada, Action.VARY_SUBTLE, large, address, picture=0)
    ).spec

    assert spec.image == pictures_of(services, large)[0].verify_id
    assert (spec.upscale, spec.steps, spec.negative) == (None, 9, ("leaves",))
    assert spec.variants == ("a {blue} apple",)


def test_with_remix_on_the_words_are_opened_first(services, ada, address, grid):
    """What the form says is what the button would have asked for, and can be changed."""
    switch_remix_on(services, ada)

    form = actions.press(services, ada, Action.VARY, grid, address, picture=1)

    assert isinstance(form, Form)
    assert (form.action, form.job_id, form.picture) == (Action.VARY, grid, 1)
    (field,) = form.fields
    picture = pictures_of(services, grid)[1]
    spec = parse(field.value)
    assert (spec.image, spec.image_weight, spec.seed) == (picture.verify_id, 2.25, None)

    changed = field.value.replace("red", "green")
    reply = actions.press(
        services, ada, form.action, grid, address, picture=1, fields={"text": changed}
    )

    job = job_of(services, reply)
    assert job.spec.prompt == "a green apple"
    assert (job.spec.image, job.action, job.parent_id) == (picture.verify_id, "vary_subtle", grid)


def test_a_changed_text_goes_through_the_whole_gate(services, ada, address, grid):
    """The form is an entrance like any other."""
    fields = {"text": "easel-known-positive-7q2k9x4m"}

    reply = actions.press(
        services, ada, Action.VARY_SUBTLE, grid, address, picture=0, fields=fields
    )

    assert reply.kind is ReplyKind.REFUSAL


@pytest.mark.parametrize("picture", [4, 99])
def test_a_picture_that_the_job_does_not_have_is_not_found(services, ada, address, grid, picture):
    reply = actions.press(services, ada, Action.VARY, grid, address, picture=picture)

    assert (reply.kind, reply.title) == (ReplyKind.ERROR, "There is no such picture")


def test_a_deleted_picture_is_not_varied(services, ada, address, grid):
    actions.delete(services, ada, grid)

    reply = actions.press(services, ada, Action.VARY, grid, address, picture=0)

    assert reply.title == "That picture was deleted"


def test_a_stranger_learns_nothing_of_it(services, stranger, address, grid):
    reply = actions.press(services, stranger, Action.VARY, grid, address, picture=0)

    assert reply.title == "There is no such request"
