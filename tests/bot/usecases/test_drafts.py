"""A large request is asked about first, and begun once, by its author, within a quarter of an hour."""

from dataclasses import replace

import pytest

from bot.replies import Action, ReplyKind, Visibility
from bot.usecases import imagine
from bot.usecases.actions import press
from bot.usecases.price import price_of
from core.contracts.actors import Platform
from core.contracts.generation import GenerationSpec, Quality
from core.contracts.ids import JobId
from core.contracts.usage import Pace
from core.workflow import JobState
from tests.bot.road import draw
from tests.bot.usecases.test_imagine import BLOCKED
from tests.core.storage.samples import a_job

LARGE = "a {red,blue} apple --n 2 --steps 100"


@pytest.fixture
def services(services):
    """The usual ones, with a model that lately took a fifth of a second a step."""
    job = a_job(JobState.DELIVERED, created_at=services.clock())
    with services.store.unit() as unit:
        unit.jobs.add(job)
        unit.pictures.add(draw(services, job, 0).model_copy(update={"gpu_s": 4.0, "steps": 20}))
    return services


def ask(services, actor, address, text=LARGE):
    """Ask for something large; return the question and its draft."""
    reply = imagine.submit(services, actor, text, address)
    return reply, reply.buttons[0].draft


def answer(services, actor, draft, address, action=Action.CONFIRM):
    return press(services, actor, action, JobId(""), address, draft=draft)


def jobs_of(services, actor):
    with services.store.reading() as unit:
        return unit.jobs.recent(actor.community_id, member_id=actor.member_id)


PROFILE_STEPS = {"draft": 12, "standard": 20, "hd": 30}


@pytest.mark.parametrize(
    ("spec", "price"),
    [
        pytest.param({}, 20 * 0.2, id="default"),
        pytest.param({"steps": 50, "count": 3}, 3 * 50 * 0.2, id="steps times pictures"),
        pytest.param({"prompt": "a {red,blue} cat"}, 2 * 20 * 0.2, id="permutations"),
        pytest.param({"quality": Quality.HD}, 30 * 0.2, id="quality"),
        pytest.param({"image": "0" * 16, "steps": 100}, 72 * 0.2, id="from a picture"),
        pytest.param({"image": "0" * 16, "upscale": 2}, 1.5, id="enlarging"),
    ],
)
def test_a_price_is_pictures_times_steps_times_pace(services, spec, price):
    """Where a picture is gone on from, only the part that is noised is drawn."""
    profile = services.catalog.default.model_copy(update={"steps": PROFILE_STEPS})

    found = price_of(
        GenerationSpec(**{"prompt": "a cat", **spec}), profile, Pace(step_s=0.2, enlarging_s=1.5)
    )

    assert found == pytest.approx(price)


def test_a_model_that_never_drew_has_no_price(services):
    spec = GenerationSpec(prompt="a cat")

    assert price_of(spec, services.catalog.default, Pace()) is None


def test_every_request_records_its_price(services, ada, address):
    """And shows it while it waits."""
    reply = imagine.submit(services, ada, "a cat --steps 10", address)

    (job,) = [job for job in jobs_of(services, ada) if job.job_id == reply.job_id]
    assert job.price_gpu_s == pytest.approx(2.0)
    assert "About 2 GPU-seconds" in reply.lines


def test_a_large_request_is_answered_with_its_price_and_a_question(services, ada, address):
    """Privately; nothing is begun."""
    reply, draft = ask(services, ada, address)

    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PRIVATE)
    assert "It takes about 80 GPU-seconds, while others wait." in reply.lines
    assert "3596 GPU-seconds are left to you today." in reply.lines
    assert [(button.action, button.draft) for button in reply.buttons] == [
        (Action.CONFIRM, draft),
        (Action.CANCEL, draft),
    ]
    assert [job.state for job in jobs_of(services, ada)] == [JobState.DELIVERED]


@pytest.mark.parametrize("limit", [0.0, 80.0])
def test_a_request_is_begun_at_once_where_it_is_not_large(services, ada, address, limit):
    """Or where nobody wants to be asked."""
    settings = services.settings.model_copy(update={"confirm_gpu_s": limit})

    reply = imagine.submit(replace(services, settings=settings), ada, LARGE, address)

    assert reply.kind is ReplyKind.PROGRESS


def test_a_terminal_is_not_asked(services, ada, address):
    """It has no buttons, and whoever waits there can end it."""
    terminal = address.model_copy(update={"platform": Platform.CLI})

    assert imagine.submit(services, ada, LARGE, terminal).kind is ReplyKind.PROGRESS


def test_a_yes_begins_what_was_asked_for_where_it_was_asked(services, ada, address):
    """With its price, at the draft's address, and through the gate like any request."""
    _, draft = ask(services, ada, address)
    elsewhere = address.model_copy(update={"thread": "m2"})

    reply = answer(services, ada, draft, elsewhere)

    assert reply.kind is ReplyKind.PROGRESS
    (job,) = [job for job in jobs_of(services, ada) if job.job_id == reply.job_id]
    assert (job.state, job.address) == (JobState.SCREENING, address)
    assert job.spec.steps == 100
    assert job.price_gpu_s == pytest.approx(80)
    with services.store.reading() as unit:
        assert len(unit.verdicts.of_job(job.job_id)) == 1


def test_a_yes_counts_once(services, ada, address):
    """A double click draws one."""
    _, draft = ask(services, ada, address)
    answer(services, ada, draft, address)

    again = answer(services, ada, draft, address)

    assert again.title == "That was answered already"
    assert len(jobs_of(services, ada)) == 2


def test_a_yes_counts_for_a_quarter_of_an_hour(services, clock, ada, address):
    """Then the price may be another."""
    _, draft = ask(services, ada, address)
    clock.move(15 * 60 + 1)

    assert answer(services, ada, draft, address).title == "That question is too old"


@pytest.mark.parametrize("who", ["bob", "stranger"])
@pytest.mark.parametrize("action", [Action.CONFIRM, Action.CANCEL])
def test_nobody_else_answers(services, address, ada, who, action, request):
    """They are not even told that there is a question."""
    _, draft = ask(services, ada, address)

    reply = answer(services, request.getfixturevalue(who), draft, address, action)

    assert reply.title == "There is no such question"


def test_a_no_begins_nothing_and_ends_the_question(services, ada, address):
    """A later yes has nothing to begin."""
    _, draft = ask(services, ada, address)

    reply = answer(services, ada, draft, address, Action.CANCEL)

    assert (reply.title, reply.visibility) == ("Not drawn", Visibility.PRIVATE)
    assert answer(services, ada, draft, address).title == "That was answered already"
    assert answer(services, ada, draft, address, Action.CANCEL).title == (
        "That was answered already"
    )
    assert len(jobs_of(services, ada)) == 1


def test_a_yes_that_meets_a_full_queue_can_be_given_again(services, ada, address):
    """The draft is used in the transaction that begins the job, or not at all."""
    _, draft = ask(services, ada, address)
    small = [imagine.submit(services, ada, "a cat", address).job_id for _ in range(3)]
    assert answer(services, ada, draft, address).title == "Your queue is full"

    press(services, ada, Action.CANCEL, small[0], address)

    assert answer(services, ada, draft, address).kind is ReplyKind.PROGRESS


def test_what_would_be_refused_is_refused_before_its_price_is_told(services, ada, address):
    """By the rules, and by the limits."""
    blocked = imagine.submit(services, ada, f"{BLOCKED} --steps 150 --n 4", address)
    assert blocked.kind is ReplyKind.REFUSAL
    settings = services.settings.model_copy(update={"daily_gpu_s": 70.0})

    reply = press_submit(replace(services, settings=settings), ada, address)

    assert reply.title == "That is more than is left to you today"


def press_submit(services, actor, address):
    from bot.usecases import commands

    return commands.run(services, actor, f"/imagine {LARGE}", address)


def test_a_yes_is_screened_by_the_rules_of_the_day(services, ada, address, monkeypatch):
    """What the policy refuses by then is not begun."""
    from core.contracts.verdicts import Decision

    _, draft = ask(services, ada, address)
    verdict_of = services.gate.screen_rules

    def block(*args, **kwargs):
        return verdict_of(*args, **kwargs).model_copy(update={"decision": Decision.BLOCK})

    monkeypatch.setattr(type(services.gate), "screen_rules", lambda _gate, *a, **k: block(*a, **k))

    answer(services, ada, draft, address)

    states = {job.state for job in jobs_of(services, ada)}
    assert states == {JobState.DELIVERED, JobState.BLOCKED}
