"""What the chat shows of waiting, calling back and being asked about a price."""

import re

import pytest

from core.workflow import JobState
from tests.bot.road import draw
from tests.bot.web_app.pages import wait_for
from tests.bot.web_app.test_chat import actions, press, say, shown
from tests.core.storage.samples import a_job

LARGE = "/imagine a {red,blue} apple --n 2 --steps 100"


@pytest.fixture
def slow(services):
    """The model lately took a fifth of a second a step."""
    job = a_job(JobState.DELIVERED, created_at=services.clock())
    with services.store.unit() as unit:
        unit.jobs.add(job)
        unit.pictures.add(draw(services, job, 0).model_copy(update={"gpu_s": 4.0, "steps": 20}))


def draft_of(browser) -> str:
    """Find the question that stands on a page."""
    return re.search(r"/drafts/(\w+)/confirm", browser.get("/").text).group(1)


def test_a_request_called_back_by_its_button_says_so_in_its_place(browsers, stage, services):
    """For everybody, at once, and in one message."""
    anna, ben = browsers(), browsers()
    say(anna, "/imagine a red apple")
    job_id = stage.newest().job_id
    stage.begin(job_id)

    press(anna, job_id, "cancel").raise_for_status()

    assert stage.job(job_id).state is JobState.CANCELLED
    assert services.events.cancelled == [job_id]
    for browser in (anna, ben):
        said, answer = shown(browser)
        assert "/imagine a red apple" in said
        assert "This request was called back" in answer


def test_only_who_asked_is_offered_to_call_back(browsers):
    """And others who try are refused."""
    anna, ben = browsers(), browsers()
    say(anna, "/imagine a red apple")

    assert [focus.rpartition("-")[2] for focus in actions(anna)] == ["cancel"]
    assert actions(ben) == []


def test_calling_back_all_is_answered_privately(browsers, stage):
    """The requests' own messages tell everybody."""
    anna, ben = browsers(), browsers()
    for _ in range(2):
        say(anna, "/imagine a red apple")

    answer = say(anna, "/cancel all")[-1]

    assert "2 of your requests were called back." in answer
    wait_for(lambda: sum("called back before" in text for text in shown(ben)) == 2)
    assert not any("of your requests" in text for text in shown(ben))


def test_a_large_request_is_asked_about_and_takes_the_questions_place(browsers, stage, slow):
    """The question is its author's; the request is everybody's, with what was typed."""
    anna, ben = browsers(), browsers()
    question = say(anna, LARGE)[-1]
    assert "It takes about 80 GPU-seconds, while others wait." in question
    assert shown(ben) == []

    anna.post(f"/drafts/{draft_of(anna)}/confirm").raise_for_status()

    for browser in (anna, ben):
        said, answer = shown(browser)
        assert LARGE in said
        assert "Drawing for" in answer
        assert "About 80 GPU-seconds" in answer
    assert stage.newest().spec.steps == 100


def test_a_question_answered_with_no_leaves_a_note_in_its_place(browsers, stage, slow):
    """Which can be dismissed like any private answer."""
    anna, ben = browsers(), browsers()
    say(anna, LARGE)
    newest = stage.newest()

    anna.post(f"/drafts/{draft_of(anna)}/cancel").raise_for_status()

    assert "Not drawn" in shown(anna)[-1]
    assert "This is a large request" not in " ".join(shown(anna))
    assert shown(ben) == []
    assert stage.newest() == newest


def test_a_yes_that_cannot_be_followed_leaves_the_question(browser, stage, slow):
    """Its answer stands beside it, so that it can be given again."""
    say(browser, LARGE)
    draft = draft_of(browser)
    for _ in range(10):
        say(browser, "/imagine a red apple --draft")

    browser.post(f"/drafts/{draft}/confirm").raise_for_status()

    assert "Your queue is full" in shown(browser)[-1]
    assert draft_of(browser) == draft
