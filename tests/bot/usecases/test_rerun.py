"""A picture again as it was: the record of the first one is what is asked for."""

import pytest

from bot import grammar
from bot.replies import ReplyKind
from bot.usecases import actions, commands, imagine, rerun
from core.contracts.personal import MemberSettings
from core.errors import NotFound, UserError
from core.workflow import JobState, Outcome
from tests.bot.road import advance, publish, queue_up


@pytest.fixture
def published(services, ada, address):
    text = "a {red,blue} apple::2 a \\{leaf::1 --no rain --n 2 --seed 7"
    job_id = imagine.submit(services, ada, text, address).job_id
    publish(services, job_id)
    with services.store.unit() as unit:
        job = unit.jobs.get(job_id)
        first = unit.pictures.of_job(job_id)[0]
        for index, prompt in enumerate(p for p in job.spec.variants for _ in range(2)):
            if index:
                again = {"index": index, "seed": 7 + index % 2, "prompt": prompt}
                verify_id = f"{index:016x}"
                unit.pictures.add(first.model_copy(update={**again, "verify_id": verify_id}))
    return job_id


@pytest.fixture
def typed(services, ada, address):
    def run(rest, actor=ada):
        reply = commands.run(services, actor, f"/rerun {rest}", address)
        assert reply.job_id is not None, reply
        return job_of(services, reply.job_id)

    return run


def job_of(services, job_id):
    with services.store.reading() as unit:
        return unit.jobs.get(job_id)


def test_a_whole_request_is_asked_for_again_with_its_seed(services, bob, typed, published):
    """By whoever sees it, as that person's own job, through the gate."""
    job = typed(published.upper(), bob)

    first = job_of(services, published)
    in_force = {"model": "easel-small", "guidance_scale": 4.0}  # As its pictures tell.
    assert job.spec == first.spec.model_copy(update=in_force)
    assert (job.seed, job.actor, job.state) == (7, bob, JobState.SCREENING)
    assert (job.parent_id, job.action) == (published, "rerun")
    with services.store.reading() as unit:
        assert len(unit.verdicts.of_job(job.job_id)) == 1


def test_a_seed_that_was_drawn_by_chance_is_asked_for(services, ada, address, typed):
    job_id = imagine.submit(services, ada, "a cat", address).job_id
    publish(services, job_id)

    assert typed(job_id).seed == job_of(services, job_id).seed


@pytest.mark.parametrize("how", ["{job} 4", f"{3:016x}", f"{3:016X}"])
def test_one_picture_is_asked_for_alone(services, typed, published, how):
    """By its number or its verify id: its own words, its own seed."""
    job = typed(how.format(job=published))

    assert job.spec.variants == job_of(services, published).spec.variants[1:]
    assert (job.spec.count, job.seed, job.spec.negative) == (1, 8, ("rain",))
    assert grammar.parse(grammar.format(job.spec)) == job.spec


def test_the_steps_and_guidance_of_then_are_asked_for(services, ada, address, typed):
    """Whatever the model's profile says by now."""
    job_id = imagine.submit(services, ada, "a cat --hd --stylize 250", address).job_id
    publish(services, job_id)

    spec = typed(job_id).spec

    assert (spec.steps, spec.guidance_scale, spec.stylize) == (20, 4.0, None)


def test_settings_of_who_asks_are_not_in_force(services, bob, typed, published):
    with services.store.unit() as unit:
        kept = MemberSettings(suffix="at night", count=4)
        unit.settings.set(bob.community_id, bob.member_id, kept, now=services.clock())

    assert typed(published, bob).spec.prompt == job_of(services, published).spec.prompt


def test_an_author_may_draw_a_deleted_picture_again(services, ada, bob, address, typed, published):
    """What it looked like is gone; what it was made of is not. Others do not know of it."""
    actions.delete(services, ada, published)

    assert typed(published).parent_id == published
    with pytest.raises(NotFound):
        rerun.rerun(services, bob, published, address)


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        pytest.param("", "rerun_id_missing", id="nothing"),
        pytest.param("3k7fq2m9x0ab", "job_not_found", id="no such request"),
        pytest.param("00000000000000ff", "picture_not_found", id="no such picture"),
        pytest.param("{job} two", "rerun_number_invalid", id="no number"),
        pytest.param("{job} 5", "nothing_to_rerun", id="too high"),
        pytest.param("{job} 0", "nothing_to_rerun", id="zero"),
    ],
)
def test_what_cannot_be_drawn_again_is_told(services, ada, address, published, rest, code):
    with pytest.raises((UserError, NotFound)) as caught:
        rerun.rerun_command(services, ada, rest.format(job=published), address)

    assert caught.value.code == code


def test_nobody_learns_of_what_they_may_not_see(services, stranger, address, published):
    """Neither by the request's id nor by a picture's."""
    for rest in (published, f"{3:016x}"):
        with pytest.raises(NotFound):
            rerun.rerun_command(services, stranger, rest, address)


def test_what_was_never_shown_is_not_drawn_again(services, ada, address):
    """A waiting request, and one whose pictures a check withheld."""
    waiting = imagine.submit(services, ada, "a cat", address).job_id
    queue_up(services, waiting)
    withheld = imagine.submit(services, ada, "a dog", address).job_id
    publish(services, withheld)
    advance(services, withheld, Outcome.TAKEN_DOWN)  # Its picture is not marked as deleted.
    for job_id in (waiting, withheld):
        with pytest.raises(UserError) as caught:
            rerun.rerun(services, ada, job_id, address)
        assert caught.value.code == "nothing_to_rerun"


def test_what_was_made_in_an_age_restricted_place_stays_there(services, ada, address):
    restricted = address.model_copy(update={"is_age_restricted": True})
    job_id = imagine.submit(services, ada, "a red apple", restricted).job_id
    publish(services, job_id)

    with pytest.raises(UserError) as caught:
        rerun.rerun(services, ada, job_id, address)
    assert caught.value.code == "age_restricted"
    assert rerun.rerun(services, ada, job_id, restricted).kind is ReplyKind.PROGRESS
