"""A safe rewrite opens as text, for its author alone, and passes the gate as any request."""

import pytest

from bot.grammar import parse
from bot.replies import Action, Form, ReplyKind
from bot.standing import read_standing, tell
from bot.usecases import actions, imagine
from core.contracts.generation import GenerationSpec
from core.workflow import JobState, NoticeKind

SPEC = GenerationSpec(prompt="a fully clothed woman on a beach", seed=7)


@pytest.fixture
def job_id(services, ada, address):
    job_id = imagine.submit(services, ada, "a naked woman on a beach --seed 7", address).job_id
    with services.store.unit() as unit:
        unit.rewrites.add(job_id, SPEC, now=services.clock())
    return job_id


def press(services, actor, job_id, address, **facts):
    return actions.press(services, actor, Action.REWRITE, job_id, address, **facts)


def test_the_refusal_offers_it_once_it_is_found(services, ada, address, job_id):
    with services.store.reading() as unit:
        standing = read_standing(unit, unit.jobs.get(job_id))

    reply = tell(services, standing, NoticeKind.REFUSED)

    assert [button.action for button in reply.buttons] == [Action.REWRITE, Action.APPEAL]
    assert reply.fields[0].value == SPEC.prompt


def test_it_opens_as_text_and_nothing_is_drawn(services, ada, address, job_id):
    form = press(services, ada, job_id, address)

    assert isinstance(form, Form)
    assert parse(form.fields[0].value) == SPEC
    with services.store.reading() as unit:
        assert len(unit.jobs.recent(ada.community_id, limit=9)) == 1


def test_what_is_submitted_is_a_request_of_its_own(services, ada, address, job_id):
    reply = press(services, ada, job_id, address, fields={"text": "a woman in a red dress"})

    with services.store.reading() as unit:
        job = unit.jobs.get(reply.job_id)
    assert (job.spec.prompt, job.parent_id, job.action) == (
        "a woman in a red dress",
        job_id,
        "rewrite",
    )
    assert job.state is JobState.SCREENING


def test_what_is_submitted_is_screened_again(services, ada, address, job_id):
    reply = press(services, ada, job_id, address, fields={"text": "a naked woman"})

    assert reply.kind is ReplyKind.REFUSAL


def test_nobody_else_sees_it(services, bob, moderator, address, job_id):
    for actor in (bob, moderator):
        reply = press(services, actor, job_id, address)

        assert reply.kind is ReplyKind.ERROR
        assert "clothed" not in reply.model_dump_json()


def test_without_one_it_says_so(services, ada, address):
    job_id = imagine.submit(services, ada, "a naked man", address).job_id

    reply = press(services, ada, job_id, address)

    assert reply.title == "There is no safe rewrite"
