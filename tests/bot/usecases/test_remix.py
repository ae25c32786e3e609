"""A request opens as text, and what comes back is a request like any other."""

import pytest

from bot.grammar import format as written
from bot.grammar import parse
from bot.replies import Action, Form, ReplyKind
from bot.usecases import actions, imagine
from core.contracts.personal import MemberSettings, NamedStyle, Quality
from core.workflow import JobState
from tests.bot.road import publish

TEXT = 'a {red,blue} apple "--tile"::2 a sky --no leaves --steps 9'


@pytest.fixture
def job_id(services, ada, address):
    job_id = imagine.submit(services, ada, TEXT, address).job_id
    publish(services, job_id, pictures=2)
    return job_id


def job_of(services, job_id):
    with services.store.reading() as unit:
        return unit.jobs.get(job_id)


def remix(services, actor, job_id, address, **facts):
    return actions.press(services, actor, Action.REMIX, job_id, address, **facts)


def test_the_whole_request_opens_with_the_seed_in_force(services, bob, address, job_id):
    form = remix(services, bob, job_id, address)

    job = job_of(services, job_id)
    assert isinstance(form, Form)
    assert (form.action, form.job_id, form.picture) == (Action.REMIX, job_id, None)
    (field,) = form.fields
    assert (field.name, field.is_long) == ("text", True)
    assert parse(field.value) == job.spec.model_copy(update={"seed": job.seed})


def test_one_picture_opens_with_its_own_words_and_seed(services, bob, address, job_id):
    (field,) = remix(services, bob, job_id, address, picture=1).fields

    spec = parse(field.value)
    assert spec.variants[0].startswith("a blue apple")
    assert spec.seed == job_of(services, job_id).seed + 1


def test_what_is_submitted_is_asked_for_by_who_submits(services, bob, address, job_id):
    reply = remix(services, bob, job_id, address, fields={"text": "a green pear --seed 3 --n 2"})

    job = job_of(services, reply.job_id)
    assert (written(job.spec), job.actor) == ("a green pear --seed 3 --n 2", bob)
    assert (job.parent_id, job.action, job.state) == (job_id, "remix", JobState.SCREENING)


@pytest.mark.parametrize(
    "text",
    [
        "a cat --no easel-known-positive-7q2k9x4m, x",
        "{a cat,easel-known-positive-7q2k9x4m}",
        "{easel,x}-known-positive-7q2k9x4m",
        "a cat::2 easel-known-positive-7q2k9x4m::1",
    ],
    ids=["negative", "permutation", "together only", "part"],
)
def test_every_entrance_of_a_changed_text_goes_through_the_gate(
    services, bob, address, job_id, text
):
    reply = remix(services, bob, job_id, address, fields={"text": text})

    assert reply.kind is ReplyKind.REFUSAL


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({}, "No prompt yet"),
        ({"text": "  "}, "No prompt yet"),
        ({"text": "a cat --styliez 5"}, "There is no flag --styliez"),
        ({"text": "a cat --ar 16:9"}, "This model does not draw 16:9"),
        ({"text": "a cat --image 0123456789abcdef"}, "There is no such picture to go on from"),
    ],
)
def test_a_slip_is_told_and_changes_nothing(services, bob, address, job_id, fields, title):
    reply = remix(services, bob, job_id, address, fields=fields)

    assert (reply.kind, reply.title) == (ReplyKind.ERROR, title)
    with services.store.reading() as unit:
        assert unit.usage.waiting(bob.community_id, bob.member_id)[0].count == 0


def test_settings_do_not_come_back_in_behind_a_form(services, bob, address, job_id):
    """Its text says all that counts; a style of one's own may still be named."""
    with services.store.unit() as unit:
        unit.settings.set(
            bob.community_id,
            bob.member_id,
            MemberSettings(suffix="at night", quality=Quality.HD, count=4),
            now=services.clock(),
        )
        style = NamedStyle(name="mine", text="in ink", created_at=services.clock())
        unit.styles.put(bob.community_id, bob.member_id, style)

    plain = remix(services, bob, job_id, address, fields={"text": "a cat"})
    styled = remix(services, bob, job_id, address, fields={"text": "a cat --style mine"})

    assert written(job_of(services, plain.job_id).spec) == "a cat"
    assert written(job_of(services, styled.job_id).spec) == "a cat in ink"


def test_with_remix_on_drawing_again_opens_the_request_first(services, bob, address, job_id):
    with services.store.unit() as unit:
        unit.settings.set(
            bob.community_id, bob.member_id, MemberSettings(is_remix=True), now=services.clock()
        )

    form = actions.press(services, bob, Action.REROLL, job_id, address)
    (field,) = form.fields
    reply = actions.press(
        services, bob, Action.REROLL, job_id, address, fields={"text": field.value}
    )

    job = job_of(services, reply.job_id)
    assert job.spec == job_of(services, job_id).spec
    assert (job.action, job.parent_id) == ("reroll", job_id)


def test_an_enlarged_picture_opens_with_what_it_was_drawn_by(services, ada, address, job_id):
    large = actions.press(services, ada, Action.UPSCALE, job_id, address, picture=1).job_id
    publish(services, large)

    (field,) = remix(services, ada, large, address).fields

    spec = parse(field.value)
    assert (spec.upscale, spec.image, spec.steps) == (None, None, 9)
    assert spec.variants[0].startswith("a blue apple")


def test_a_request_of_an_age_restricted_place_does_not_open_elsewhere(services, ada, address):
    inside = address.model_copy(update={"is_age_restricted": True})
    job_id = imagine.submit(services, ada, "a red apple", inside).job_id
    publish(services, job_id)

    assert remix(services, ada, job_id, address).title == "Not in this channel"
    assert isinstance(remix(services, ada, job_id, inside), Form)
