"""The words that people type."""

import pytest

from bot.replies import ReplyKind, Visibility
from bot.usecases import commands
from bot.usecases import help as cards
from core.errors import UserError
from core.workflow import JobState


def code_of(text):
    with pytest.raises(UserError) as caught:
        commands._split(text)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("/imagine a red apple", id="plain"),
        pytest.param("  /Imagine \t a red apple", id="capital and blanks"),
        pytest.param("/imagine\na red apple", id="line break"),
    ],
)
def test_imagine_submits_what_follows(services, ada, address, text):
    """However it is spaced."""
    reply = commands.run(services, ada, text, address)

    with services.store.reading() as unit:
        job = unit.jobs.get(reply.job_id)
    assert job.state is JobState.SCREENING
    assert job.spec.prompt == "a red apple"


def test_show_takes_an_id_as_people_copy_it(services, ada, address):
    """Upper case is the same id."""
    job_id = commands.run(services, ada, "/imagine a cat", address).job_id

    reply = commands.run(services, ada, f"/show {job_id.upper()} please", address)

    assert reply.job_id == job_id


@pytest.mark.parametrize("text", ["/help", "/policy"])
def test_cards_answer_privately(services, ada, address, text):
    """Asking what is allowed is nobody else's business."""
    reply = commands.run(services, ada, text, address)

    assert (reply.kind, reply.visibility) == (ReplyKind.CARD, Visibility.PRIVATE)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        pytest.param("/help", 1, id="none"),
        pytest.param("/help 2", 2, id="second"),
        pytest.param("/help 0", 1, id="before the first"),
        pytest.param("/help me", 1, id="a word"),
        pytest.param("/help 9999", 9999, id="past the last"),
        pytest.param("/help 99999999999", 1, id="no page's number"),
        pytest.param("/help ²", 1, id="no plain digit"),
    ],
)
def test_help_opens_at_the_page_that_is_asked_for(services, ada, address, text, page):
    """And answers whatever stands there instead."""
    reply = commands.run(services, ada, text, address)

    assert reply == cards.help_card(services, page)


@pytest.mark.parametrize(
    ("text", "code", "suggestion"),
    [
        pytest.param("a red apple", "command_missing", None, id="no slash"),
        pytest.param("", "command_missing", None, id="nothing"),
        pytest.param("/ imagine", "command_missing", None, id="lonely slash"),
        pytest.param("/imagin a cat", "command_unknown", "/imagine", id="slip"),
        pytest.param("/xyzzy", "command_unknown", None, id="unknown"),
    ],
)
def test_a_line_that_is_no_command_is_told_what_is(text, code, suggestion):
    """With the nearest command for a slip."""
    error = code_of(text)

    assert error.code == code
    assert error.facts.get("suggestion") == suggestion
    assert "/imagine" in error.facts["allowed"]


@pytest.mark.parametrize("text", ["/show", "/xyzzy", "hello", "/imagine", "/imagine a --sead 1"])
def test_a_mistake_is_answered_privately_and_never_raised(services, ada, address, text):
    """A front-end need not know what can go wrong."""
    reply = commands.run(services, ada, text, address)

    assert (reply.kind, reply.visibility) == (ReplyKind.ERROR, Visibility.PRIVATE)
    assert reply.lines or reply.title
